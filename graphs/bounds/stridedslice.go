package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// readStridedSlice is the rule of StridedSlice with positive strides, without
// new axes: a slice, of which the first value of each cell of stride values is
// cut out, and a reshape where axes are dropped.
func readStridedSlice(k *walk, o *tf.Operation, in []value) (*node, error) {
	x := in[0].node
	var given [3][]int64
	for i := range given {
		var err error
		if given[i], err = k.integers(in[i+1]); err != nil {
			return nil, err
		}
	}
	s := stride{begin: given[0], end: given[1], step: given[2]}
	for i, name := range []string{"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"} {
		s.masks[i], _ = attr[int64](o, name)
	}
	if s.masks[2] != 0 || s.masks[3] != 0 || len(s.begin) > len(x.dims)+1 {
		return nil, refuse("a slice with an ellipsis or a new axis")
	}
	if !s.keepsRows() {
		return nil, refuse("a slice of images")
	}
	begin, count, step, err := s.resolve(x.dims)
	if err != nil {
		return nil, err
	}
	x = k.addStrides(o.Name(), x, begin, count, step)
	dims := k.dims(o.Output(0))
	if slices.Equal(dims, x.dims) {
		return x, nil
	}
	return k.addReshape(o.Name(), x, dims, o.Output(0).Shape().Size(0))
}

// stride are the arguments of a strided slice; masks are those of begin, end,
// ellipsis, new axis and shrunk axis.
type stride struct {
	begin, end, step []int64
	masks            [5]int64
}

func (s stride) has(mask, axis int) bool { return s.masks[mask]>>axis&1 == 1 }

// keepsRows reports whether all images are kept.
func (s stride) keepsRows() bool {
	if len(s.begin) == 0 {
		return true
	}
	return !s.has(4, 0) && s.step[0] == 1 && (s.has(0, 0) || s.begin[0] == 0) && s.has(1, 0)
}

// resolve is where the slice begins, how many values it takes and how far they
// are apart, for each of the dims.
func (s stride) resolve(dims []int64) (begin, count, step []int64, err error) {
	for i, side := range dims {
		from, to, by, axis := int64(0), side, int64(1), i+1
		if axis < len(s.begin) {
			by = s.step[axis]
			if by < 1 {
				return nil, nil, nil, refuse("a slice backwards")
			}
			if !s.has(0, axis) {
				from = clampIndex(s.begin[axis], side)
			}
			if !s.has(1, axis) {
				to = clampIndex(s.end[axis], side)
			}
			if s.has(4, axis) {
				to, by = from+1, 1
			}
		}
		if to <= from {
			return nil, nil, nil, refuse("an empty slice")
		}
		begin, count, step = append(begin, from), append(count, (to-from+by-1)/by), append(step, by)
	}
	return begin, count, step, nil
}

func clampIndex(i, side int64) int64 {
	if i < 0 {
		i += side
	}
	return min(max(i, 0), side)
}

// addStrides cuts count values of x, step apart, from begin on.
func (k *walk) addStrides(name string, x *node, begin, count, step []int64) *node {
	span, edges := make([]int64, len(count)), make([][2]int64, len(count))
	padded := false
	for i := range count {
		whole := count[i] * step[i]
		span[i] = min(whole, x.dims[i]-begin[i])
		edges[i] = [2]int64{0, whole - span[i]}
		padded = padded || whole > span[i]
	}
	x = k.addCut(name, x, begin, span)
	if slices.Equal(span, count) {
		return x
	}
	if padded {
		x = k.addPad(name, x, edges, 0)
	}
	var cells, first []int64
	for i := range count {
		cells, first = append(cells, count[i]), append(first, count[i])
		if step[i] > 1 {
			cells, first = append(cells, step[i]), append(first, 1)
		}
	}
	x = k.net.add(name, reshape{x.dims, cells}, cells, x)
	x = k.addCut(name, x, make([]int64, len(first)), first)
	return k.net.add(name, reshape{x.dims, count}, count, x)
}
