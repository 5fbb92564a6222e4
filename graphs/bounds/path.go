package bounds

import (
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Boxes is the norm of a [Verifier] whose queries give a [Set] for each image
// in place of a radius.
const Boxes Norm = "box"

// Path holds the images between lower and upper that lie within radius of
// center + Σ θ_p·slopes_p, for parameters θ_p in [-1,1]: all [B,H,W,C]. A box
// forgets that pixels change together; a path knows it of a change that a few
// parameters make, such as a rotation by a small range of angles.
func Path(lower, upper, center, radius tf.Output, slopes ...tf.Output) Region {
	return Region{lower: lower, upper: upper, center: center, radius: radius, slopes: slopes}
}

// minimumOnPath is a lower bound of a·x over a path, for rows a [B,K,n], and
// what its rounding may come to.
func (w *writer) minimumOnPath(a tf.Output, r region) (least, rounding tf.Output) {
	n := a.Shape().Size(2)
	flat := func(x tf.Output) tf.Output { return w.reshape(x, -1, 1, n) }
	least = w.sub(w.dot(a, flat(r.point)), w.dot(w.abs(a), flat(r.reach)))
	size := w.add(w.abs(flat(r.point)), flat(r.reach))
	for _, x := range r.slopes {
		least = w.sub(least, w.abs(w.dot(a, flat(x))))
		size = w.add(size, w.abs(flat(x)))
	}
	if w.on() {
		rounding = w.times(w.rounding.factor(n+2*int64(len(r.slopes))), w.dot(w.abs(a), size))
	}
	return least, rounding
}

// Set is the set of images of one query to a [Verifier] of norm [Boxes]: those
// between Lower and Upper. Where the settings say Parameters, it is the [Path]
// of the same names; Slopes has an image for each parameter.
type Set struct{ Lower, Upper, Center, Radius, Slopes []float32 }

// check refuses sets of other sizes, and what is no set.
func (s Set) check(i, size, parameters int) error {
	path := 0
	if parameters > 0 {
		path = size
	}
	if len(s.Lower) != size || len(s.Upper) != size || len(s.Center) != path || len(s.Radius) != path || len(s.Slopes) != parameters*size {
		return fmt.Errorf("bounds: set %d: want %d values between two bounds, %d in the middle and as radii, and %d slopes for each, got %d, %d, %d, %d and %d", i, size, path, parameters, len(s.Lower), len(s.Upper), len(s.Center), len(s.Radius), len(s.Slopes))
	}
	for at, l := range s.Lower {
		if !(l <= s.Upper[at]) {
			return fmt.Errorf("bounds: set %d: want lower bounds up to the upper ones, got %g and %g at %d", i, l, s.Upper[at], at)
		}
	}
	if at := slices.IndexFunc(s.Radius, func(r float32) bool { return r < 0 }); at >= 0 {
		return fmt.Errorf("bounds: set %d: want radii of 0 or more, got %g at %d", i, s.Radius[at], at)
	}
	for _, all := range [][]float32{s.Lower, s.Upper, s.Center, s.Radius, s.Slopes} {
		if at := slices.IndexFunc(all, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) }); at >= 0 {
			return fmt.Errorf("bounds: set %d: want finite values, got %g", i, all[at])
		}
	}
	return nil
}

// giveSet gives a subject set i of a query, where sets are asked for.
func (v *Verifier) giveSet(s *subject, q Query, i int) error {
	if v.set.Norm != Boxes {
		return nil
	}
	if len(q.Sets) != len(q.Labels) {
		return fmt.Errorf("bounds: want a set for each of %d labels, got %d", len(q.Labels), len(q.Sets))
	}
	s.set = &q.Sets[i]
	return s.set.check(i, len(s.image), v.set.Parameters)
}

// fedSet are the inputs of sets.
type fedSet struct {
	lower, upper, center, radius graphs.Input
	slopes                       []graphs.Input
}

// region declares the inputs of the region that the settings ask for.
func (v *Verifier) region(b *graphs.Builder, name string) Region {
	if v.set.Norm != Boxes {
		return Ball(v.set.Norm, v.image.Value, v.eps.Value)
	}
	input := func(of string) graphs.Input {
		return b.Input(name+"_"+of, tf.Float, append([]int64{-1}, v.shape...)...)
	}
	f := &v.sets
	f.lower, f.upper = input("box_lower"), input("box_upper")
	if v.set.Parameters == 0 {
		return Box(f.lower.Value, f.upper.Value)
	}
	f.center, f.radius = input("path_center"), input("path_radius")
	var slopes []tf.Output
	for i := range v.set.Parameters {
		f.slopes = append(f.slopes, input(fmt.Sprintf("path_slope%d", i)))
		slopes = append(slopes, f.slopes[i].Value)
	}
	return Path(f.lower.Value, f.upper.Value, f.center.Value, f.radius.Value, slopes...)
}

// feedSets writes the sets of subjects where there are some.
func (r *run) feedSets(f *feeding, subjects []*subject) {
	if r.v.set.Norm != Boxes {
		return
	}
	feed := func(in graphs.Input, of func(*Set) []float32) {
		to := f.floats(in)
		for i, s := range subjects {
			one := of(s.set)
			copy(to[i*len(one):], one)
		}
	}
	in := r.v.sets
	feed(in.lower, func(s *Set) []float32 { return s.Lower })
	feed(in.upper, func(s *Set) []float32 { return s.Upper })
	if r.v.set.Parameters == 0 {
		return
	}
	feed(in.center, func(s *Set) []float32 { return s.Center })
	feed(in.radius, func(s *Set) []float32 { return s.Radius })
	for p, x := range in.slopes {
		feed(x, func(s *Set) []float32 { n := len(s.Center); return s.Slopes[p*n : (p+1)*n] })
	}
}

// tighterOf is the larger of a bound over a box and that over the path in it.
func (w *writer) tighterOf(box, rounding, a tf.Output, r region) (least, ofLeast tf.Output) {
	path, ofPath := w.minimumOnPath(a, r)
	if !w.on() {
		return w.max(box, path), rounding
	}
	// Each is taken with its own error, so that none is left; the factor is for
	// the rounding of the errors themselves.
	return w.max(w.sub(box, w.times(1.02, rounding)), w.sub(path, w.times(1.02, ofPath))), tf.Output{}
}
