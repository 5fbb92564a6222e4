package geometry

import "math"

// FitField moves a field [H,W,2] into the fields of t, in place: displacements
// are cut to the limit, those of neighbours that differ by too much are drawn
// together, both by half of the excess, in a number of sweeps; what is still too
// much after them goes by shrinking the whole field. The result is contained in
// t, near the field but not always the nearest to it.
func (t Threat) FitField(field []float32, h, w int) {
	most := float32(t.Field)
	clip := func() {
		for i, v := range field {
			field[i] = min(max(v, -most), most)
		}
	}
	clip()
	if t.Smooth <= 0 {
		return
	}
	const sweeps = 20
	for range sweeps {
		if steepest(field, h, w) <= t.Smooth {
			return
		}
		drawTogether(field, h, w, float32(t.Smooth))
	}
	clip()
	if d := steepest(field, h, w); d > t.Smooth {
		shrink := float32(t.Smooth / d * (1 - 0x1p-20))
		for i := range field {
			field[i] *= shrink
		}
	}
}

// drawTogether halves, once for each pair of neighbours, what exceeds the limit
// of their difference.
func drawTogether(field []float32, h, w int, limit float32) {
	pair := func(i, j int) {
		d := field[i] - field[j]
		over := max(d-limit, 0) + min(d+limit, 0)
		field[i] -= over / 2
		field[j] += over / 2
	}
	for y := range h {
		for x := range w {
			for k := range 2 {
				i := 2*(y*w+x) + k
				if x+1 < w {
					pair(i, i+2)
				}
				if y+1 < h {
					pair(i, i+2*w)
				}
			}
		}
	}
}

// steepest is the largest difference between displacements of neighbours along a
// side.
func steepest(field []float32, h, w int) float64 {
	most := 0.
	for y := range h {
		for x := range w {
			for k := range 2 {
				i := 2*(y*w+x) + k
				if x+1 < w {
					most = max(most, math.Abs(float64(field[i])-float64(field[i+2])))
				}
				if y+1 < h {
					most = max(most, math.Abs(float64(field[i])-float64(field[i+2*w])))
				}
			}
		}
	}
	return most
}
