package library

import (
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// linearBoundaries are the boundaries between the label and other classes, or
// between the target and all others, linearised at an image.
type linearBoundaries struct {
	o        *attacks.Oracle
	requests []attacks.Request // one for each boundary: the difference of two logits
}

// rivalClasses are the classes other than the label, or than the target if there
// is one, by their logits on the clean image, largest first.
func rivalClasses(o *attacks.Oracle) []int {
	own := o.Label
	if o.Target >= 0 {
		own = o.Target
	}
	return slices.DeleteFunc(vector.Descending(o.Clean), func(k int) bool { return k == own })
}

// targetClasses are the classes towards which an attack makes a search each: the
// target, or without one the n classes but the label with the largest logits on
// the clean image.
func targetClasses(o *attacks.Oracle, n int) []int {
	if o.Target >= 0 {
		return []int{o.Target}
	}
	rivals := rivalClasses(o)
	return rivals[:min(n, len(rivals))]
}

// newLinearBoundaries are those between the label and each of classes, or between
// each of classes and the target.
func newLinearBoundaries(o *attacks.Oracle, classes []int) *linearBoundaries {
	b := &linearBoundaries{o, make([]attacks.Request, len(classes))}
	for i, k := range classes {
		w := make([]float32, o.Classes)
		if o.Target >= 0 {
			w[o.Target], w[k] = 1, -1
		} else {
			w[k], w[o.Label] = 1, -1
		}
		b.requests[i].Cotangent = w
	}
	return b
}

// nearest linearises all boundaries at x and returns the one to cross: Loss is
// the difference of its two logits, which increases along Gradient and is
// positive beyond the boundary; distance is that of the linearised boundary in
// norm n, +Inf and a nil Gradient if no boundary has a gradient. Without a target
// it is the nearest boundary. For a target all have to be crossed: it is the
// farthest not yet crossed, or else the nearest crossed.
func (b *linearBoundaries) nearest(x []float32, n attacks.Norm) (g attacks.LossGradient, distance float64) {
	for i := range b.requests {
		b.requests[i].Image = x
	}
	distance = math.Inf(1)
	best := math.Inf(1)
	for _, boundary := range b.o.LossGradients(attacks.Linear, b.requests...) {
		slope := float64(n.Dual().Of(boundary.Gradient))
		if !(slope > 0) {
			continue
		}
		d := float64(boundary.Loss) / slope // negative before the boundary
		key := d
		if b.o.Target < 0 {
			key = math.Abs(d)
		}
		if key < best {
			g, best, distance = boundary, key, math.Abs(d)
		}
	}
	return g, distance
}
