package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "fab", Title: "FAB", Paper: "Croce and Hein 2020", Family: attacks.WhiteBox, Search: attacks.MinimumNorm,
	Standard: []attacks.Variant{{Rank: 30, Text: "fab(targets=9)"}},
	Battery:  []attacks.Variant{{Rank: 120, Text: "fab(targets=9)"}},
	New:      func() attacks.Attack { return new(FAB) },
})

// FAB is the fast adaptive boundary attack of Croce and Hein 2020 (algorithm 1).
// Each step projects both the iterate and the clean image on the linearised
// boundary, inside the box, and moves to a convex combination of the two points
// that overshoots. After each success the iterate moves back towards the clean
// image.
//
// With Targets it is the targeted version FAB-T: one run for each of the other
// classes with the largest logits, in which only the boundary between the label
// and that class counts. A step then needs one gradient instead of one for each
// class. AutoAttack's default is fab(targets=9).
type FAB struct {
	attacks.Common
	Targets  int     `key:"targets" in:"[0,1e6]" default:"0" help:"FAB-T: number of other classes, a run for each; 0: the nearest boundary of all"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"100" help:"of each run"`
	Restarts int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts, all but the first at random, half as far away as the best so far or the largest radius"`
	AlphaMax float32 `key:"alpha_max" in:"[0,1]" default:"0.1" help:"largest share of the clean image's projection"`
	Eta      float32 `key:"eta" in:"[1,10]" default:"1.05" help:"overshoot"`
	Beta     float32 `key:"beta" in:"[0,1]" default:"0.9" help:"share of the distance that is left after moving back"`
}

// Losses implements [attacks.Attack]: the difference of two logits.
func (f *FAB) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Linear} }

// Run makes one run for each start and set of boundaries. It ends early if an
// example was found within the smallest radius.
func (f *FAB) Run(o *attacks.Oracle) {
	boundaries := [][]int{rivalClasses(o)}
	if f.Targets > 0 && o.Target < 0 {
		boundaries = nil
		for _, k := range targetClasses(o, f.Targets) {
			boundaries = append(boundaries, []int{k})
		}
	}
	eachStart(o, f.Restarts*len(boundaries), func(i int, o *attacks.Oracle) bool {
		r := newFabRun(f, o)
		copy(r.x, o.Image)
		if start := i / len(boundaries); start > 0 {
			r.randomRestart()
		}
		r.takeSteps(newLinearBoundaries(o, boundaries[i%len(boundaries)]))
		return reachedSmallestRadius(o)
	})
}

// fabRun is the state of one run.
type fabRun struct {
	f          *FAB
	o          *attacks.Oracle
	threat     attacks.Threat // in the norm that is minimised
	x          []float32      // the iterate
	delta      []float32      // from x to the hyperplane
	cleanDelta []float32      // from the clean image to the hyperplane
	scratch    []int32
	nearest    *nearestClaim
}

func newFabRun(f *FAB, o *attacks.Oracle) *fabRun {
	n := len(o.Image)
	r := &fabRun{
		f: f, o: o, threat: o.Threat, nearest: newNearestClaim(o),
		x: make([]float32, n), delta: make([]float32, n), cleanDelta: make([]float32, n), scratch: make([]int32, n),
	}
	r.threat.Norm = o.Norm
	return r
}

// randomRestart moves x to a random point half as far from the clean image as
// the best example, or the largest radius, whichever is less.
func (r *fabRun) randomRestart() {
	o := r.o
	fillNoise(o.Rand, o.Norm, r.delta)
	size := min(o.BestDistance(), float64(o.Radii[len(o.Radii)-1])) / 2
	vector.AXPY(r.x, o.Image, float32(size)/vector.AtLeastTiny(o.Norm.Of(r.delta)), r.delta)
	o.Threat.Clip(r.x)
}

// takeSteps makes the steps of one run. Where the last step after a success fell
// short of the boundary the next one mostly does too: then the pass that gives the
// gradient at its end, which is wanted next, shows that as well as a pass for the
// logits alone, unless gradients are rounded.
func (r *fabRun) takeSteps(boundaries *linearBoundaries) {
	o := r.o
	crossed, unknown, fallsShort := true, false, false
	for range r.f.Steps {
		if reachedSmallestRadius(o) {
			break
		}
		g, _ := boundaries.nearest(r.x, o.Norm)
		if unknown && g.Gradient != nil {
			if crossed = r.settle(g.Logits); crossed {
				fallsShort = false
				g, _ = boundaries.nearest(r.x, o.Norm)
			}
		}
		if g.Gradient == nil {
			return // no boundary has a gradient
		}
		o.RecordLoss(g.Loss)
		r.step(g, crossed || o.Target < 0)
		if unknown = crossed && fallsShort && !o.HasRounded(); unknown {
			continue
		}
		after := crossed
		if crossed = r.settle(o.Logits(r.x)[0]); after {
			fallsShort = !crossed
		}
	}
	if unknown {
		r.settle(o.Logits(r.x)[0])
	}
	r.nearest.flush()
}

// settle offers the iterate if its logits z are those of a success, and moves it
// back towards the clean image from beyond the boundary, and from the boundary
// itself: a step from there has length 0. It reports whether it has done so.
func (r *fabRun) settle(z []float32) bool {
	o := r.o
	if o.ClearSuccess(z) {
		r.nearest.offer(r.x)
	} else if o.SuccessLead(z) < -o.Rounding(z) {
		return false
	}
	for i, x0 := range o.Image {
		r.x[i] = x0 + r.f.Beta*(r.x[i]-x0)
	}
	return true
}

// step moves x to the combination of both projections (eq. 9 and 10); g is the
// difference of the two logits at x. Only a biased step is drawn to the
// projection of the clean image. Around the region of a target there are several
// boundaries; the bias, and the clean image's projection on one of them, could
// keep x outside for ever, so that there only the step after a success is biased.
func (r *fabRun) step(g attacks.LossGradient, biased bool) {
	o, eta := r.o, r.f.Eta
	gain := -float64(g.Loss)
	projectOnHyperplane(r.threat, r.delta, r.x, g.Gradient, gain, r.scratch)
	for i, w := range g.Gradient {
		gain += float64(w) * (float64(r.x[i]) - float64(o.Image[i]))
	}
	projectOnHyperplane(r.threat, r.cleanDelta, o.Image, g.Gradient, gain, r.scratch)
	const tiny = 1e-8
	a, b := max(float64(o.Norm.Of(r.delta)), tiny), max(float64(o.Norm.Of(r.cleanDelta)), tiny)
	alpha := float32(math.Min(a/(a+b), float64(r.f.AlphaMax)))
	if !biased {
		alpha = 0
	}
	for i, x0 := range o.Image {
		r.x[i] = (1-alpha)*(r.x[i]+eta*r.delta[i]) + alpha*(x0+eta*r.cleanDelta[i])
	}
	o.Threat.Clip(r.x)
}
