package evidence

import (
	"context"
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// verifyExamples asks of each example whether it is what its result says: within
// the threat at its distance, in [0,1], and misclassified.
func (v *verification) verifyExamples(ctx context.Context) error {
	var f faults
	ev := &v.Record.Evaluation
	close := 0
	err := v.eachLogits(ctx, len(v.Examples), func(k int) []float32 { return v.Examples[k].Pixels }, func(k int, z []float32) {
		e := v.Examples[k]
		amiss := v.amiss(e)
		lead := attacks.Lead(z, int(ev.Labels[e.Image]))
		switch {
		case amiss != "":
		case !isFinite(z):
			amiss = "have logits that are no numbers"
		case lead < -rounding(z):
			amiss = "are classified correctly"
		case lead < rounding(z):
			close++
		case attacks.Lead(z, e.Class) > rounding(z):
			amiss = "are classified otherwise than the bundle says"
		}
		if amiss != "" {
			f.add(ev.Index[e.Image], amiss)
			return
		}
		v.backed[[2]int{e.Attack, e.Image}] = true
	})
	v.findUnbacked(&f)
	detail := fmt.Sprintf("%d are within their distance, in [0,1], and misclassified", len(v.Examples))
	if close > 0 {
		detail += fmt.Sprintf("; rounding decides on %d", close)
	}
	v.claim("examples", detail, f)
	return err
}

// findUnbacked finds results without an example.
func (v *verification) findUnbacked(f *faults) {
	there := map[[2]int]bool{}
	for _, e := range v.Examples {
		there[[2]int{e.Attack, e.Image}] = true
	}
	ev := &v.Record.Evaluation
	for a := range ev.Attacks {
		for i, r := range ev.Attacks[a].Results {
			if r.Found() && !there[[2]int{a, i}] {
				f.add(ev.Index[i], "are counted as misclassified and have no example")
			}
		}
	}
}

// amiss is what is wrong with an example before it is classified; "" for nothing.
func (v *verification) amiss(e Example) string {
	ev := &v.Record.Evaluation
	r := ev.Attacks[e.Attack].Results[e.Image]
	switch {
	case slices.ContainsFunc(e.Pixels, func(p float32) bool { return !(p >= 0 && p <= 1) }):
		return "have values outside [0,1]"
	case !r.Found() || !(r.Done || r.CutShort):
		return "are of results that found nothing"
	case e.Class != r.Class:
		return "are of another class than their result"
	case ev.Norm == "":
		return v.amissTransform(e, r)
	}
	if !v.isOnLattice(e.Pixels) {
		return fmt.Sprintf("have other values than k/%d", v.known.Attack.Lattice)
	}
	d := ev.Norm.Distance(e.Pixels, v.original(e.Image))
	if !(d <= float64(r.ThreatDistance)+ev.Norm.Tolerance(ev.Pixels, float64(r.ThreatDistance))) {
		return "are farther from their original than their result says"
	}
	return ""
}

// isOnLattice tells whether all values of an example are k/levels, where they have
// to be.
func (v *verification) isOnLattice(x []float32) bool {
	levels := float64(v.known.Attack.Lattice)
	return levels == 0 || !slices.ContainsFunc(x, func(p float32) bool {
		return p != float32(math.Round(float64(p)*levels)/levels)
	})
}

// amissTransform is what is wrong with an example of a geometric threat: it must be
// the transform of its original by the parameters or the field.
func (v *verification) amissTransform(e Example, r attacks.ImageResult) string {
	ev, sh := &v.Record.Evaluation, v.Record.Shape
	p := attacks.Problem{Image: v.original(e.Image), H: sh[0], W: sh[1], C: sh[2], Threat: attacks.Threat{Geometry: ev.Threat, Lo: 0, Hi: 1}}
	p.Eps = float32(ev.Threat.Size())
	t := attacks.Transform{Parameters: r.Parameters, Field: e.Field}
	if !p.Allows(t) {
		return "are made by parameters that the threat does not have"
	}
	if size := p.Size(t); !(size <= float64(r.ThreatDistance)*(1+1e-6)) {
		return "are of a larger size than their result says"
	}
	x := make([]float32, len(p.Image))
	p.Apply(x, t)
	const rounded = 1e-5 // by other processors
	for k := range x {
		if !(math.Abs(float64(x[k])-float64(e.Pixels[k])) <= rounded) {
			return "are not what their parameters make of the original"
		}
	}
	return ""
}
