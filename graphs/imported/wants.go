package imported

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// passing are operations that move values and do not change them.
var passing = map[string]bool{"Identity": true, "Transpose": true, "Reshape": true, "Cast": true, "EnsureShape": true, "Squeeze": true, "ExpandDims": true}

// rangeWanted looks at the operations that the network begins with: a division by 255,
// or a mean and a deviation that are subtracted and divided by.
func (m *measurer) rangeWanted() graphs.Range {
	scale, shift, steps := 1., 0., 0
	x := m.prepared
	const most = 20
	for range most {
		next := x.Consumers()
		if len(next) != 1 {
			break
		}
		o := next[0].Op
		if passing[o.Type()] && next[0].Index == 0 {
			x = o.Output(0)
			continue
		}
		if o.NumInputs() != 2 {
			break
		}
		v, ok := m.meanOf(tf.Consumer{Op: o, Index: 1 - next[0].Index}.Producer())
		if !ok || !applyStep(o.Type(), next[0].Index, v, &scale, &shift) {
			break
		}
		steps++
		x = o.Output(0)
	}
	if steps == 0 || scale == 0 {
		return ""
	}
	return rangeOf(-shift/scale, 1/scale)
}

// applyStep takes in an operation on a value and the number v; at is the place of the
// value among its inputs.
func applyStep(kind string, at int, v float64, scale, shift *float64) bool {
	switch kind {
	case "Mul":
		*scale, *shift = *scale*v, *shift*v
	case "RealDiv", "Div":
		if at != 0 || v == 0 {
			return false
		}
		*scale, *shift = *scale/v, *shift/v
	case "Add", "AddV2", "BiasAdd":
		*shift += v
	case "Sub":
		if at != 0 {
			return false
		}
		*shift -= v
	default:
		return false
	}
	return true
}

// meanOf is the mean of a small value that does not depend on the images.
func (m *measurer) meanOf(x tf.Output) (float64, bool) {
	const most = 64
	if x.DataType() != tf.Float {
		return 0, false
	}
	values := int64(1)
	for i := range max(x.Shape().NumDimensions(), 0) {
		values *= x.Shape().Size(i)
	}
	if x.Shape().NumDimensions() < 0 || values < 1 || values > most {
		return 0, false
	}
	out, err := m.net.Run(nil, []tf.Output{x}) // fails where it depends on what is fed
	if err != nil {
		return 0, false
	}
	sum := 0.
	for _, v := range graphs.Floats(nil, out[0]) {
		sum += float64(v)
	}
	return sum / float64(values), true
}

// rangeOf is the range of pixels that belongs to a mean and a deviation, "" where none
// does. Both are 0 and 255, or 127.5 and 127.5, of layers that rescale.
func rangeOf(mean, deviation float64) graphs.Range {
	within := func(v, lo, hi float64) bool { return v >= lo && v <= hi }
	near := func(a, b float64) bool { return math.Abs(a-b) <= .02*b }
	switch {
	case mean == 0 && near(deviation, 255), near(mean, 127.5) && near(deviation, 127.5):
		return "0..255"
	case within(mean, 30, 200) && within(deviation, .9, 140):
		return "0..255"
	case within(mean, .1, .9) && within(deviation, .08, .6):
		return "0..1"
	}
	return ""
}
