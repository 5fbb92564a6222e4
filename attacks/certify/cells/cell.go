package cells

// cell is a box of parameters.
type cell struct {
	center, width []float64 // of each parameter: center ± width
	bound         float64   // of the margins over its parent: what is known of it so far
	blame         int       // the parameter to split by
}

// LeastMargin implements [bounds.Part].
func (c cell) LeastMargin() float64 { return c.bound }

// halves are the two parts of c, cut across parameter p. They meet up to the
// rounding of float64, which the slack of positions covers.
func (c cell) halves(p int) [2]cell {
	var out [2]cell
	for i, side := range []float64{-1, 1} {
		h := cell{append([]float64{}, c.center...), append([]float64{}, c.width...), c.bound, 0}
		h.width[p] /= 2
		h.center[p] += side * h.width[p]
		out[i] = h
	}
	return out
}

// parts are the n^P equal parts of c.
func (c cell) parts(n int) []cell {
	out := []cell{c}
	for p := range c.center {
		var next []cell
		for _, whole := range out {
			for i := range n {
				h := cell{append([]float64{}, whole.center...), append([]float64{}, whole.width...), c.bound, 0}
				h.width[p] /= float64(n)
				h.center[p] += (2*float64(i) + 1 - float64(n)) * h.width[p]
				next = append(next, h)
			}
		}
		out = next
	}
	return out
}

// corners are the 2^P corners of c.
func (c cell) corners() [][]float64 {
	out := [][]float64{nil}
	for p := range c.center {
		var next [][]float64
		for _, head := range out {
			for _, side := range []float64{-1, 1} {
				next = append(next, append(append([]float64{}, head...), c.center[p]+side*c.width[p]))
			}
		}
		out = next
	}
	return out
}

// face is the middle of a face of c.
func (c cell) face(p int, side float64) []float64 {
	at := append([]float64{}, c.center...)
	at[p] += side * c.width[p]
	return at
}
