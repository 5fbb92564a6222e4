package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// A path is taken through the whole network: of each value it is known that it
// lies within a radius of a linear function of the parameters. For few parameters
// that costs few forward passes, and keeps what intervals lose, that neurons
// change together (as zonotopes do, whose further generators are boxes here; see
// DeepZ, Singh et al. 2018, "Fast and Effective Robustness Certification").

// hasPath tells whether all of in are known as paths.
func hasPath(in []interval) bool {
	for _, i := range in {
		if len(i.slopes) == 0 {
			return false
		}
	}
	return len(in) > 0
}

// pathSize bounds the absolute values of a path, and of the terms that make it.
func (w *writer) pathSize(i interval) tf.Output {
	size := w.add(w.abs(i.point), i.reach)
	for _, x := range i.slopes {
		size = w.add(size, w.abs(x))
	}
	return size
}

// pathBounds are the ends of a path.
func (w *writer) pathBounds(i interval) (l, u tf.Output) {
	r := i.reach
	for _, x := range i.slopes {
		r = w.add(r, w.abs(x))
	}
	r = w.widen(r, w.pathSize(i), int64(len(i.slopes)))
	return w.sub(i.point, r), w.add(i.point, r)
}

// withPath is box with the path of the same values, cut by it.
func (w *writer) withPath(box, path interval) interval {
	l, u := w.bounds(box)
	pl, pu := w.pathBounds(path)
	out := w.fromBounds(w.max(l, pl), w.min(u, pu))
	out.point, out.reach, out.slopes = path.point, path.reach, path.slopes
	return out
}

// propagatePath takes paths through o; box is the result as an interval.
func (w *writer) propagatePath(o linear, in []interval, box interval) interval {
	terms, _ := o.terms()
	apply := func(m weights, of func(interval) tf.Output) tf.Output {
		var xs []tf.Output
		for _, i := range in {
			xs = append(xs, of(i))
		}
		return o.apply(w, xs, m)
	}
	path := interval{
		point: apply(signed, func(i interval) tf.Output { return i.point }),
		reach: apply(absolute, func(i interval) tf.Output {
			if terms == 0 {
				return i.reach
			}
			return w.widen(i.reach, w.pathSize(i), terms)
		}),
	}
	for p := range in[0].slopes {
		path.slopes = append(path.slopes, apply(signed, func(i interval) tf.Output { return i.slopes[p] }))
	}
	return w.withPath(box, path)
}

// along is an activation that takes paths.
type along interface {
	// along is the path of the output, given that of the input and bounds l and u
	// of it.
	along(w *writer, in interval, l, u tf.Output) interval
}

// alongBand is slope·x + [0,band] for a path x; slope is not negative.
func (w *writer) alongBand(x interval, slope, band tf.Output) interval {
	half := w.times(.5, band)
	out := interval{point: w.add(w.mul(slope, x.point), half), reach: w.add(w.mul(slope, x.reach), half)}
	for _, g := range x.slopes {
		out.slopes = append(out.slopes, w.mul(slope, g))
	}
	out.reach = w.widen(out.reach, w.add(w.mul(slope, w.pathSize(x)), half), 0)
	return out
}

// along of a ReLU lies between two parallel lines, that of its chord and one
// through 0.
func (relu) along(w *writer, in interval, l, u tf.Output) interval {
	chord, intercept := w.chord(w.positive(u), w.negative(l))
	return w.alongBand(in, chord, intercept)
}

// along of a maximum is one of the values, that with the largest middle, and by
// how much another can be larger.
func (o maxpool) along(w *writer, in interval, l, u tf.Output) interval {
	unfold := func(x tf.Output, outside float64) tf.Output { return o.unfold(w, x, outside) }
	middle := unfold(in.point, far)
	mark := o.first(w, middle)
	one := func(x tf.Output) tf.Output { return w.sumKeep(w.mul(mark, x), 2) } // the others are 0: exact
	pick := interval{point: one(middle), reach: one(unfold(in.reach, 0))}
	ahead := w.add(w.sub(middle, pick.point), w.add(unfold(in.reach, 0), pick.reach))
	size := w.add(w.add(w.abs(middle), w.abs(pick.point)), w.add(unfold(in.reach, 0), pick.reach))
	for _, x := range in.slopes {
		g := unfold(x, 0)
		pick.slopes = append(pick.slopes, one(g))
		d := w.abs(w.sub(g, one(g)))
		ahead, size = w.add(ahead, d), w.add(size, d)
	}
	ahead = w.widen(ahead, size, int64(len(in.slopes)))
	ahead = w.min(ahead, w.sub(unfold(u, far), one(unfold(l, far))))
	ahead = w.mul(w.sub(w.scalar(1), mark), w.positive(ahead))
	out := w.alongBand(pick, w.scalar(1), op.Max(w.s.Op("ahead"), ahead, w.constant([]int32{2}), op.MaxKeepDims(true)))
	shape := append([]int64{-1}, o.out...)
	out.point, out.reach = w.reshape(out.point, shape...), w.reshape(out.reach, shape...)
	for i, x := range out.slopes {
		out.slopes[i] = w.reshape(x, shape...)
	}
	return out
}
