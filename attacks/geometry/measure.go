package geometry

import "math"

// Measure is the least size, in t's unit, at which t contains parameters; +Inf
// where t contains them at none.
func (t Threat) Measure(p []float64) float64 {
	all := t.Parameters()
	if len(p) != len(all) {
		return math.Inf(1)
	}
	size, sum := 0., t.Unit() == Share
	for i, v := range p {
		d := math.Abs(v)
		if sum {
			d /= all[i].Limit
		}
		if !(d <= size) { // NaN too
			size = d
		}
	}
	if math.IsNaN(size) || t.Whole && !wholeNumbers(p) {
		return math.Inf(1)
	}
	return size
}

func wholeNumbers(p []float64) bool {
	for _, v := range p {
		if v != math.Trunc(v) {
			return false
		}
	}
	return true
}

// MeasureField is the largest displacement of a field along a side, in pixels.
func MeasureField(field []float32) float64 {
	size := 0.
	for _, v := range field {
		if d := math.Abs(float64(v)); !(d <= size) {
			size = d
		}
	}
	return size
}
