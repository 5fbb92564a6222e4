package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
)

// Checks of which attacks were run at all.

// adaptive is C33. A victim without codes is a plain classifier, which needs no
// attack of its own.
func adaptive(x *exam) (verdict, error) {
	if len(x.v.CodeNames) == 0 && x.v.TrainingLoss == nil {
		return skip("a classifier without codes or a training loss of its own: there is nothing to adapt to")
	}
	code := func(s attacks.Series) bool { return slices.ContainsFunc(s.Losses, attacks.Loss.IsCode) }
	parts := []struct {
		name   string
		wanted bool
		is     func(attacks.Series) bool
		add    string
	}{
		{"through the classifier", true, func(s attacks.Series) bool {
			return s.Family == attacks.WhiteBox && slices.ContainsFunc(s.Losses, ofLogits)
		}, "pgd"},
		{"through classifier and training loss together", x.v.TrainingLoss != nil, func(s attacks.Series) bool {
			return slices.Contains(s.Losses, attacks.Training) && (s.Family == attacks.Adaptive || s.Family == attacks.WhiteBox)
		}, "mixed"},
		{"away from the image's code", len(x.v.CodeNames) > 0, func(s attacks.Series) bool { return code(s) && setting(s, "towards") == "away" }, "codes(towards=away)"},
		{"towards another class's code", len(x.v.CodeNames) > 0, func(s attacks.Series) bool { return code(s) && setting(s, "towards") != "away" }, "codes"},
	}
	var have, lack, add []string
	wanted := 0
	for _, p := range parts {
		if !p.wanted {
			continue
		}
		wanted++
		if slices.ContainsFunc(x.ev.Series, p.is) {
			have = append(have, p.name)
		} else {
			lack, add = append(lack, p.name), append(add, p.add)
		}
	}
	if len(lack) == 0 {
		return verdict{status: Pass, value: strings.Join(have, ", ")}, nil
	}
	v := verdict{status: Warn, value: "missing: " + strings.Join(lack, ", "), advice: "add " + strings.Join(add, ", ")}
	// With the embedding alone it may be no defence at all.
	split := slices.Contains(x.v.CodeNames, attacks.Appearance) || slices.Contains(x.v.CodeNames, attacks.Geometry)
	if split && !slices.ContainsFunc(x.ev.Series, func(s attacks.Series) bool { return s.Family == attacks.Adaptive }) {
		v.status = Fail
	}
	return v, nil
}

// ofLogits tells losses of the logits alone.
func ofLogits(l attacks.Loss) bool {
	return slices.Contains([]attacks.Loss{attacks.Classification, attacks.Margin, attacks.DLR, attacks.TargetedDLR, attacks.Linear}, l)
}

// broader is C34.
func broader(x *exam) (verdict, error) {
	var seen []string
	for _, a := range x.ev.Series {
		if a.Family != attacks.Natural {
			continue
		}
		broken := 0
		for _, at := range a.Attempts {
			if at.Done && !math.IsInf(float64(at.Distance), 1) { // however far
				broken++
			}
		}
		seen = append(seen, fmt.Sprintf("%s breaks %s", a.Attack, rate(broken, x.ev.CleanRight)))
	}
	if len(seen) == 0 {
		return verdict{status: Warn, value: "none was run", advice: "add spatial, gaussian or corruption: small changes in a norm are not the only ones that matter"}, nil
	}
	return verdict{status: Pass, value: strings.Join(seen, "; ")}, nil
}

// complete is C35.
func complete(x *exam) (verdict, error) {
	ev := x.ev
	parts := []struct {
		is   func(attacks.Series) bool
		name string
		add  string
	}{
		{func(s attacks.Series) bool { return thorough(s, ev.Norm) }, "PGD or APGD of at least 100 steps with at least 2 starts, or APGD-T, on a loss of the logits", "pgd(steps=100,restarts=5) or apgd-t"},
		{func(s attacks.Series) bool { return s.Family == attacks.Score }, "a gradient-free attack on scores", "square"},
		{func(s attacks.Series) bool { return s.Family == attacks.Decision }, "an attack on decisions", "hopskipjump or boundary"},
	}
	v := verdict{status: Pass}
	var have, lack, add []string
	for _, p := range parts {
		series := which(ev, p.is)
		var open []int
		done := false
		for _, s := range series {
			left := unfinished(ev, []int{s})
			if len(left) == 0 && ev.Images > 0 {
				done = true
				have = append(have, ev.Series[s].Attack)
				break
			}
			open = left
		}
		switch {
		case done:
		case len(series) > 0:
			lack = append(lack, fmt.Sprintf("%s on all images (%s has not ended on %d)", p.name, ev.Series[series[len(series)-1]].Attack, len(open)))
			add = append(add, "resume the evaluation")
			v.images = open
		default:
			lack, add = append(lack, p.name), append(add, "add "+p.add)
		}
	}
	if len(lack) == 0 {
		v.value = "ran on all images: " + strings.Join(have, ", ")
		return v, nil
	}
	v.status, v.value = Fail, "missing: "+strings.Join(lack, "; ")
	slices.Sort(add)
	v.advice = strings.Join(slices.Compact(add), "; ") + "; until then nothing here shows that the model is robust"
	return v, nil
}

// thorough tells an attack that follows the logits' gradient long enough and
// from several points, or towards several classes.
func thorough(s attacks.Series, n attacks.Norm) bool {
	// A step is a forward and a backward pass.
	if b := whole(s, "budget"); b > 0 && b < 2*2*100 || whole(s, "steps") < 100 || !slices.ContainsFunc(s.Losses, ofLogits) {
		return false
	}
	starts := whole(s, "restarts")
	if s.Name == "apgd" && n == attacks.L1 && starts == 0 {
		starts = 5 // its default there
	}
	switch s.Name {
	case "apgd-t":
		return true
	case "pgd", "apgd":
		return starts >= 2
	}
	return false
}
