package pipelines

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines/npz"
)

// read reads a part into memory.
func (a *arraySet) read(ctx context.Context, pair arrayPair) (*memorySource, error) {
	fail := func(name string, err error) error {
		return fmt.Errorf("pipelines: %s: %s: %w", displayPath(a.data.Path), filepath.Base(name), err)
	}
	images, err := a.open(pair.images)
	if err != nil {
		return nil, fail(pair.images, err)
	}
	defer images.Close()
	layout, err := layoutOf(images.Shape())
	if err != nil {
		return nil, fail(pair.images, err)
	}
	part := pair.part
	if part == "" {
		part = "test"
	}
	m, err := a.room.allocate(part, layout.n, layout.shape, nil)
	if err != nil {
		return nil, err
	}
	scale, err := a.scaleOf(ctx, pair.images, images, layout)
	if err == nil {
		err = a.fill(ctx, m, images, layout, scale, pair.images, nil)
	}
	if err != nil {
		return nil, fail(pair.images, err)
	}
	if err := a.readLabels(m, pair.labels); err != nil {
		return nil, fail(pair.labels, err)
	}
	return m, nil
}

// open opens an array of the set.
func (a *arraySet) open(name string) (*npz.Numbers, error) {
	if strings.HasSuffix(name, ".npy") && strings.ToLower(filepath.Ext(a.data.Path)) != ".npz" {
		return npz.OpenNumbers(name, "")
	}
	return npz.OpenNumbers(a.data.Path, name)
}

// arrayLayout is how images lie in an array.
type arrayLayout struct {
	n             int
	shape         Shape
	channelsFirst bool
}

// layoutOf recognises [N,H,W], [N,H,W,C] and [N,C,H,W], C being 1 to 4.
func layoutOf(shape []int) (l arrayLayout, err error) {
	few := func(c int) bool { return c >= 1 && c <= 4 }
	switch {
	case len(shape) == 3:
		l = arrayLayout{shape[0], Shape{shape[1], shape[2], 1}, false}
	case len(shape) == 4 && few(shape[3]):
		l = arrayLayout{shape[0], Shape{shape[1], shape[2], shape[3]}, false}
	case len(shape) == 4 && few(shape[1]):
		l = arrayLayout{shape[0], Shape{shape[2], shape[3], shape[1]}, true}
	default:
		return l, fmt.Errorf("want images [N,H,W,C] or [N,C,H,W] with 1 to 4 channels, or [N,H,W], got the shape %v", shape)
	}
	const most = 1 << 16
	if l.n < 1 || l.shape.H < 1 || l.shape.W < 1 || l.shape.H > most || l.shape.W > most {
		return l, fmt.Errorf("want at least one image, of at most %d pixels a side, got the shape %v", most, shape)
	}
	return l, nil
}

// scaleOf is by what values are multiplied to become bytes: 1 of whole numbers and of
// floats from 0 to 255, 255 of those from 0 to 1. Floats are read once to tell.
func (a *arraySet) scaleOf(ctx context.Context, name string, images *npz.Numbers, l arrayLayout) (float64, error) {
	if !images.IsFloat() {
		return 1, nil
	}
	again, err := a.open(name)
	if err != nil {
		return 0, err
	}
	defer again.Close()
	least, most := math.Inf(1), math.Inf(-1)
	row := make([]float64, l.shape.Len())
	for range l.n {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := again.Read(row); err != nil {
			return 0, err
		}
		least, most = min(least, slices.Min(row)), max(most, slices.Max(row)) // NaN stays
	}
	const rounding = 1e-3
	switch {
	case least >= -rounding && most <= 1+rounding:
		return 255, nil
	case least >= -rounding && most <= 255+rounding:
		return 1, nil
	}
	return 0, fmt.Errorf("want values from 0 to 1 or from 0 to 255, got %.3g to %.3g: save the images before they are normalised", least, most)
}

// fill reads the images as bytes, of all or of the given rows, which rise.
func (a *arraySet) fill(ctx context.Context, m *memorySource, images *npz.Numbers, l arrayLayout, scale float64, name string, rows []int) error {
	row, planes := make([]float64, l.shape.Len()), make([]uint8, l.shape.Len())
	rounded, to := false, 0
	for i := range l.n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if rows != nil && to == len(rows) {
			break
		}
		if rows != nil && rows[to] != i {
			if err := images.Skip(len(row)); err != nil {
				return err
			}
			continue
		}
		if err := images.Read(row); err != nil {
			return err
		}
		for k, v := range row {
			v *= scale
			byteOf := math.Round(v)
			if !(byteOf >= 0 && byteOf <= 255) {
				return fmt.Errorf("want bytes, got the value %v in image %d", row[k], i)
			}
			rounded = rounded || math.Abs(v-byteOf) > .02
			planes[k] = uint8(byteOf)
		}
		if l.channelsFirst {
			m.storePlanar(to, planes, 0)
		} else {
			copy(m.pixels[to*len(planes):], planes)
		}
		to++
	}
	if rounded {
		a.remarks = append(a.remarks, fmt.Sprintf("%s: the values of %s are rounded to bytes", displayPath(a.data.Path), filepath.Base(name)))
	}
	return nil
}

// readLabels reads whole numbers [N] or [N,1]; of CIFAR-10-C there may be a label for
// each image of one severity alone.
func (a *arraySet) readLabels(m *memorySource, name string) error {
	labels, err := a.open(name)
	if err != nil {
		return err
	}
	defer labels.Close()
	shape, n := labels.Shape(), m.Len()
	if len(shape) == 2 && shape[1] == 1 {
		shape = shape[:1]
	}
	if len(shape) != 1 || shape[0] < 1 || shape[0] != n && (n%shape[0] != 0 || n/shape[0] != cifarSeverities) {
		return fmt.Errorf("want %d labels [N], one for each image, got the shape %v", n, labels.Shape())
	}
	values := make([]float64, shape[0])
	if err := labels.Read(values); err != nil {
		return err
	}
	const most = 1 << 16
	for i := range m.labels {
		v := values[i%len(values)]
		if v != math.Trunc(v) || !(v >= 0 && v < most) {
			return fmt.Errorf("want class numbers of 0..%d, got %v for image %d", most-1, v, i)
		}
		m.labels[i] = int32(v)
	}
	return nil
}

// cifarSeverities is how many severities a file of CIFAR-10-C holds, one after the
// other.
const cifarSeverities = 5
