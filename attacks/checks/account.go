package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
)

// Checks of how an evaluation counts and what it covers.

// worstCase is C27.
func worstCase(x *exam) (verdict, error) {
	ev := x.ev
	eps := ev.Radii[len(ev.Radii)-1]
	alone := make([]int, len(ev.Series))
	for i := range ev.Images {
		var by []int
		for s := range ev.Series {
			if ev.Breaks(s, i, eps) {
				by = append(by, s)
			}
		}
		if len(by) == 1 {
			alone[by[0]]++
		}
	}
	var finds []string
	for s, n := range alone {
		if n > 0 {
			finds = append(finds, fmt.Sprintf("%s %d", ev.Series[s].Attack, n))
		}
	}
	v := verdict{status: Pass, value: fmt.Sprintf("at eps %g left standing by the worst case per image: %s", eps, rate(ev.Left(eps), ev.Images))}
	if ev.Exhaustive {
		best := ev.Images
		for s := range ev.Series {
			best = min(best, ev.Left(eps, s))
		}
		v.value += fmt.Sprintf(", by the best single attack %d", best)
	}
	if len(finds) > 0 {
		v.value += "; broken by one attack alone"
		if !ev.Exhaustive {
			v.value += " (later ones were spared what earlier ones broke)"
		}
		v.value += ": " + strings.Join(finds, ", ")
	}
	if open := unfinished(ev, seq(len(ev.Series))); len(open) > 0 {
		v.status, v.images = Fail, open
		v.value += fmt.Sprintf("; %d images were not given to every attack", len(open))
		v.advice = "resume the evaluation"
		if ev.Stopped != "" {
			v.advice = "it stopped because " + ev.Stopped + ": resume it with a larger budget"
		}
	}
	return v, nil
}

// unfinished are the places of the images classified right that one of the
// series has not ended on.
func unfinished(ev *attacks.Evaluation, series []int) []int {
	var out []int
	for i := range ev.Images {
		if ev.Right(i) && slices.ContainsFunc(series, func(s int) bool { return !ev.Series[s].Attempts[i].Done }) {
			out = append(out, ev.Index[i])
		}
	}
	return out
}

// classes of the model: of the arena, or as many as labels and answers show.
func (x *exam) classes() int {
	if x.Judge.Arena != nil {
		return x.v.Classes
	}
	k := int32(0)
	for i, l := range x.ev.Labels {
		k = max(k, l+1, x.ev.Clean[i]+1)
	}
	return int(k)
}

// fitting is C28.
func fitting(x *exam) (verdict, error) {
	k := x.classes()
	v := verdict{status: Pass, value: fmt.Sprintf("%d classes", k)}
	say := func(s Status, text string) {
		v.status, v.value = worst(v.status, s), v.value+"; "+text
	}
	for _, s := range x.ev.Series {
		switch {
		case slices.Contains(s.Losses, attacks.DLR) && k < 3:
			say(Fail, s.Attack+" follows DLR, which needs 3")
		case slices.Contains(s.Losses, attacks.TargetedDLR) && k < 4:
			say(Fail, s.Attack+" follows targeted DLR, which needs 4")
		}
		t := setting(s, "targets")
		if t == "" || t == "0" { // as many as there are
			continue
		}
		if n := whole(s, "targets"); n > k-1 {
			say(Warn, fmt.Sprintf("%s goes towards %d classes, but there are %d others", s.Attack, n, k-1))
		} else if n < min(9, k-1) {
			say(Warn, fmt.Sprintf("%s goes towards %d of %d other classes", s.Attack, n, k-1))
		}
	}
	if v.status != Pass {
		v.advice = "use loss=margin where DLR is not defined, and targets=0 for all other classes up to 9"
	}
	return v, nil
}

// sample is C31.
func sample(x *exam) (verdict, error) {
	ev := x.ev
	v := verdict{status: Pass, value: fmt.Sprintf("%d images; right without attack %s", ev.Images, rate(ev.CleanRight, ev.Images))}
	for _, eps := range ev.Radii {
		v.value += fmt.Sprintf("; left at eps %g %s", eps, rate(ev.Left(eps), ev.Images))
	}
	if ev.Images < 1000 {
		v.status, v.advice = Warn, "quote the intervals, or evaluate at least 1,000 images"
	}
	return v, nil
}

// labels is C32.
func labels(x *exam) (verdict, error) {
	v := verdict{status: Pass}
	var towards []string
	for _, s := range x.ev.Series {
		if setting(s, "target") != "" || slices.Contains(s.Losses, attacks.TargetedDLR) || s.Name == "fab" && whole(s, "targets") > 0 {
			towards = append(towards, s.Attack)
		}
		for i, at := range s.Attempts {
			if at.Done && !x.ev.Right(i) && !slices.Contains(v.images, x.ev.Index[i]) {
				v.images = append(v.images, x.ev.Index[i])
			}
		}
	}
	v.value = "true labels, on images classified right"
	switch {
	case len(v.images) > 0:
		v.status = Fail
		v.value = fmt.Sprintf("%d images were attacked that are wrong without attack", len(v.images))
		v.advice = "what was counted as success there is none: run the evaluation anew"
	case len(towards) == 0:
		v.status, v.value = Warn, v.value+"; no attack goes towards a class"
		v.advice = "add apgd-t, or an attack with target=least or target=random"
	default:
		v.value += "; towards a class: " + strings.Join(towards, ", ")
	}
	return v, nil
}

// undefended is C23.
func undefended(x *exam) (verdict, error) {
	ev, base := x.ev, x.Baseline
	best, at := -1, 0
	var eps float32
	// The largest radius that both know at which the same attack was run.
	for s, a := range ev.Series {
		if !white(a) {
			continue
		}
		for t, b := range base.Series {
			if b.Attack != a.Attack {
				continue
			}
			for _, r := range a.Radii {
				if slices.Contains(b.Radii, r) && (r > eps || r == eps && base.Broken(t, r) > at) {
					best, eps, at = s, r, base.Broken(t, r)
				}
			}
		}
	}
	if best < 0 {
		return skip("no white-box attack was run on both models at one eps")
	}
	n := base.CleanRight
	// What earlier attacks of a cascade broke, this one was spared.
	if !base.Exhaustive {
		at = n - base.Left(eps)
	}
	v := verdict{status: Pass, value: fmt.Sprintf("at eps %g the undefended model falls on %s", eps, rate(at, n))}
	if _, hi := Wilson(at, n); hi < .95 {
		v.status = Fail
	} else if share(at, n) < .95 {
		v.status = Warn
	}
	if v.status != Pass {
		v.advice = "an attack that does not break a model without a defence says nothing about one with it: a larger eps, or a stronger attack"
	}
	return v, nil
}

// cleanLoss is C30.
func cleanLoss(x *exam) (verdict, error) {
	a, b := x.ev.Share(x.ev.CleanRight), x.Baseline.Share(x.Baseline.CleanRight)
	v := verdict{status: Pass, value: fmt.Sprintf("%s, baseline %s: %+.1f points", rate(x.ev.CleanRight, x.ev.Images), rate(x.Baseline.CleanRight, x.Baseline.Images), 100*(a-b))}
	if b-a > .02+1e-9 {
		v.status, v.advice = Warn, "say what the defence costs beside what it gives"
	}
	return v, nil
}

// incomplete is C18. Images are those that no attack broke at its largest
// radius and whose losses were recorded; one is done if one of its attacks is.
func incomplete(x *exam) (verdict, error) {
	ev := x.ev
	v := verdict{status: Pass}
	looked := 0
	for i := range ev.Images {
		recorded, done := false, false
		for s, a := range ev.Series {
			at := a.Attempts[i]
			if !stepwise(a) || len(at.Trace) < 2 || fallen(ev, seq(s+1), i, a.Radii[len(a.Radii)-1]) {
				continue
			}
			recorded = true
			done = done || rise(at.Trace) <= .05
		}
		if recorded {
			looked++
			if !done {
				v.images = append(v.images, ev.Index[i])
			}
		}
	}
	if looked == 0 {
		return skip("no losses of an iterative attack are recorded of an image that stands")
	}
	v.status = above(len(v.images), looked, .05)
	v.value = "still rising: " + rate(len(v.images), looked)
	if v.status != Pass {
		v.advice = "more steps, or larger ones"
	}
	return v, nil
}

// rise is by how much the best loss so far rises in the last 10 steps, with all
// losses brought to [0,1].
func rise(trace []float32) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, l := range trace {
		lo, hi = min(lo, float64(l)), max(hi, float64(l))
	}
	if !(hi > lo) {
		return 0
	}
	before := lo
	for _, l := range trace[:max(1, len(trace)-10)] {
		before = max(before, float64(l))
	}
	return (hi - before) / (hi - lo)
}
