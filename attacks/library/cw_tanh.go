package library

import (
	"math"

	"unwarp/attacks"
)

// tanhSpace writes an image x as middle + half·tanh(w), so that x is in the box
// for any w (Carlini and Wagner 2017, section V B).
type tanhSpace struct {
	clean        []float32
	middle, half float64   // of the box, and half its width
	w0, w, g     []float64 // of the clean image; of x; gradient with respect to w
	x            []float32
	tanh         []float64 // of w
}

func newTanhSpace(t attacks.Threat, clean []float32) *tanhSpace {
	n := len(clean)
	r := &tanhSpace{
		clean: clean, middle: (float64(t.Hi) + float64(t.Lo)) / 2, half: (float64(t.Hi) - float64(t.Lo)) / 2,
		w0: make([]float64, n), w: make([]float64, n), g: make([]float64, n), tanh: make([]float64, n), x: make([]float32, n),
	}
	for i, v := range clean {
		// The faces of the box are at infinity: stay 1e-6 of its half-width away.
		r.w0[i] = math.Atanh((1 - 1e-6) * (float64(v) - r.middle) / r.half)
	}
	r.reset()
	return r
}

// reset makes w that of the clean image.
func (r *tanhSpace) reset() {
	copy(r.w, r.w0)
	r.update()
}

// update sets x to the image of w.
func (r *tanhSpace) update() {
	lo, hi := float32(r.middle-r.half), float32(r.middle+r.half)
	for i, w := range r.w {
		r.tanh[i] = math.Tanh(w)
		r.x[i] = min(max(float32(r.middle+r.half*r.tanh[i]), lo), hi)
	}
}

// gradient is that of |x-clean|² - weight·margin(x) with respect to w; margin is
// the gradient of the margin with respect to x.
func (r *tanhSpace) gradient(margin []float32, weight float64) []float64 {
	for i, v := range r.tanh {
		r.g[i] = (2*(float64(r.x[i])-float64(r.clean[i])) - weight*float64(margin[i])) * r.half * (1 - v*v)
	}
	return r.g
}
