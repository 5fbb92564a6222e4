package attacks

import "strconv"

// Effort is what an attack did on an image at a radius at which it found
// nothing, or while it looked for the smallest perturbation. Of several such
// radii it is the least of each.
type Effort struct {
	Passes int `json:"passes"` // forward and backward
	// Moved is how far the iterates of one start moved in all, as a share of the
	// radius: the length of the path through the points whose gradient was asked,
	// or, of an attack without gradients, through those that raised the margin. Of
	// several starts it is the longest. 0 of minimum-norm attacks.
	Moved Measure `json:"moved"`
	// Rise is by how much the margin of the best other class over the label rose
	// from the first point of a start to its best; of several starts the largest.
	Rise Measure `json:"rise"`
	// First is the distance of the first verified example, in the attack's norm;
	// 0 for none.
	First Measure `json:"first,omitempty"`
}

// Measure is a measured value; two digits of it are written.
type Measure float64

// MarshalJSON writes two significant digits.
func (m Measure) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m), 'g', 2, 64), nil
}

// Rounded is m to the digits that are written.
func (m Measure) Rounded() Measure {
	v, err := strconv.ParseFloat(strconv.FormatFloat(float64(m), 'g', 2, 64), 64)
	if err != nil {
		return m
	}
	return Measure(v)
}

// Least is the least of each of two efforts; e may be nil.
func (e *Effort) Least(f Effort) *Effort {
	if e == nil {
		return &f
	}
	return &Effort{min(e.Passes, f.Passes), min(e.Moved, f.Moved), min(e.Rise, f.Rise), min(e.First, f.First)}
}
