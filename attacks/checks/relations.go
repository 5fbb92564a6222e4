package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

// Checks that compare the attacks of a finished evaluation with each other.

// gradient attacks that must not be beaten by what knows less.
func white(s attacks.Series) bool {
	return s.Family == attacks.WhiteBox || s.Family == attacks.Adaptive
}

func single(s attacks.Series) bool {
	return s.Family == attacks.WhiteBox && s.Schedule == attacks.Ascending
}

func stepwise(s attacks.Series) bool {
	return s.Family == attacks.WhiteBox && s.Schedule == attacks.PerRadius
}

func black(s attacks.Series) bool {
	return slices.Contains([]attacks.Family{attacks.Score, attacks.Decision, attacks.Transfer, attacks.Baseline}, s.Family)
}

// which are the series of a kind. Those towards one class are left out: they
// are made to find less.
func which(ev *attacks.Evaluation, kind func(attacks.Series) bool) []int {
	var out []int
	for i, s := range ev.Series {
		if kind(s) && setting(s, "target") == "" {
			out = append(out, i)
		}
	}
	return out
}

// missed tells whether series s was run on image i at eps, or at any distance,
// and found nothing within it. An attack that later ones of a cascade were
// spared is not among them, and neither is a radius that no search was run at:
// where a larger one failed, the comparison is made there.
func missed(ev *attacks.Evaluation, s, i int, eps float32) bool {
	series := &ev.Series[s]
	at := series.Attempts[i]
	if !at.Done || at.Skipped || ev.Breaks(s, i, eps) {
		return false
	}
	if series.Schedule == attacks.Whole {
		// It was told only of the radii at which the image still stood.
		return ev.Exhaustive || !fallen(ev, seq(s), i, eps)
	}
	k := slices.Index(series.Radii, eps)
	return k >= 0 && k < len(at.Tried) && at.Tried[k] == '0'
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// fallen tells whether one of the series broke image i within eps.
func fallen(ev *attacks.Evaluation, series []int, i int, eps float32) bool {
	return slices.ContainsFunc(series, func(s int) bool { return ev.Breaks(s, i, eps) })
}

// contest is what two groups of series came to at one radius, on the images on
// which the second was run.
type contest struct {
	eps          float32
	onlyA, onlyB int
	compared     int
	images       []int // places of those that only the first broke
}

func compete(ev *attacks.Evaluation, a, b []int, eps float32) contest {
	c := contest{eps: eps}
	for i := range ev.Images {
		if !ev.Right(i) {
			continue
		}
		first, second := fallen(ev, a, i, eps), fallen(ev, b, i, eps)
		tried := second || slices.ContainsFunc(b, func(s int) bool { return missed(ev, s, i, eps) })
		if !tried {
			continue
		}
		c.compared++
		switch {
		case first && !second:
			c.onlyA++
			c.images = append(c.images, ev.Index[i])
		case second && !first:
			c.onlyB++
		}
	}
	return c
}

// hardest is the contest in which the first group is ahead by most.
func hardest(ev *attacks.Evaluation, a, b []int) (contest, bool) {
	var out contest
	found := false
	for _, eps := range ev.Radii {
		c := compete(ev, a, b, eps)
		if c.compared > 0 && (!found || c.onlyA > out.onlyA) {
			out, found = c, true
		}
	}
	return out, found
}

func names(ev *attacks.Evaluation, series []int) string {
	var out []string
	for _, s := range series {
		out = append(out, ev.Series[s].Attack)
	}
	return strings.Join(out, ", ")
}

// iterative is C01.
func iterative(x *exam) (verdict, error) {
	one, many := which(x.ev, single), which(x.ev, stepwise)
	if len(one) == 0 || len(many) == 0 {
		return skip("the evaluation lacks a single-step or an iterative attack")
	}
	v := verdict{status: Pass}
	c, ok := hardest(x.ev, one, many)
	if ok {
		v.value = fmt.Sprintf("at eps %g single steps alone break %s, iterative attacks alone %d", c.eps, rate(c.onlyA, x.ev.CleanRight), c.onlyB)
		v.status, v.images = above(c.onlyA, x.ev.CleanRight, .005), c.images
		for _, eps := range x.ev.Radii {
			d := compete(x.ev, one, many, eps)
			v.status = worst(v.status, beats(d.onlyA, d.onlyB))
		}
	} else {
		v.value = "no image was given to both"
	}
	if v.status != Pass {
		v.advice = "the iterative attack follows a gradient that does not lead to errors, or its steps are too large: follow the classification or margin loss (loss=classification), more steps, smaller alpha"
		return v, nil
	}
	if text := fifth(x.ev, one, many); text != "" {
		v.status, v.value = Warn, v.value+"; "+text
		v.advice = "BIM with a fifth of eps should not do better than a single step with all of it: look at what the single step follows"
	}
	return v, nil
}

// fifth says where an iterative attack within eps/5 breaks more than the single
// steps do within eps. A cascade may have spared the iterative attack images,
// so that its count is a lower bound; single steps must have seen all.
func fifth(ev *attacks.Evaluation, one, many []int) string {
	for _, eps := range ev.Radii {
		for _, small := range ev.Radii {
			if r := float64(eps) / float64(small); r < 4.999 || r > 5.001 {
				continue
			}
			seen, single := 0, 0
			for i := range ev.Images {
				if fallen(ev, one, i, eps) {
					single++
					seen++
				} else if slices.ContainsFunc(one, func(s int) bool { return missed(ev, s, i, eps) }) {
					seen++
				}
			}
			if seen < ev.CleanRight {
				continue
			}
			for _, s := range many {
				if n := ev.Broken(s, small); n > single {
					return fmt.Sprintf("%s within %g breaks %d, single steps within %g break %d", ev.Series[s].Attack, small, n, eps, single)
				}
			}
		}
	}
	return ""
}

// monotone is C02.
func monotone(x *exam) (verdict, error) {
	ev := x.ev
	v := verdict{status: Pass}
	var drop float64
	where, compared := "", 0
	for s := range ev.Series {
		series := &ev.Series[s]
		for i, at := range series.Attempts {
			for k := range at.Tried {
				if at.Tried[k] == '1' && !ev.Breaks(s, i, series.Radii[k]) {
					v.status, v.images = Fail, append(v.images, ev.Index[i])
				}
			}
		}
		for k := range max(0, len(series.Radii)-1) {
			small, large := 0, 0
			for _, at := range series.Attempts {
				if k+1 < len(at.Tried) && at.Tried[k] != '.' && at.Tried[k+1] != '.' {
					compared++
					small += int(at.Tried[k] - '0')
					large += int(at.Tried[k+1] - '0')
				}
			}
			if d := share(small-large, ev.CleanRight); d > drop {
				drop, where = d, fmt.Sprintf(", of %s from eps %g to %g", series.Attack, series.Radii[k], series.Radii[k+1])
			}
		}
	}
	switch {
	case v.status == Fail:
		v.value = fmt.Sprintf("%d examples do not count at the radius at which they were found", len(v.images))
		v.advice = "the evaluation was altered or mixed from two: run it anew"
	case compared == 0:
		v.value = "the best so far never falls; no attack was run at two radii on one image"
		v.advice = "--exhaustive runs every attack at every radius"
	default:
		v.value = fmt.Sprintf("the best so far never falls; largest fall of single runs %.1f points%s", 100*drop, where)
		if drop > .003 {
			v.status = Warn
			v.advice = "at large eps the step leaves the region in which the gradient holds: more steps, or trust the best so far"
		}
	}
	return v, nil
}

// whiteBeatsBlack is C07.
func whiteBeatsBlack(x *exam) (verdict, error) {
	w, b := which(x.ev, white), which(x.ev, black)
	if len(w) == 0 || len(b) == 0 {
		return skip("the evaluation lacks a white-box attack, or one that uses no gradient")
	}
	c, ok := hardest(x.ev, b, w)
	if !ok {
		return skip("no image was given to both")
	}
	v := verdict{status: above(c.onlyA, x.ev.CleanRight, .002), images: c.images}
	v.value = fmt.Sprintf("at eps %g %s break without a gradient what white-box attacks miss: %s", c.eps, names(x.ev, b), rate(c.onlyA, x.ev.CleanRight))
	if c.onlyA == 0 {
		v.value = fmt.Sprintf("white-box attacks find everything that %s find", names(x.ev, b))
	}
	if v.status != Pass {
		v.advice = "the gradient is masked or of the wrong loss: attack the logits (loss=margin, loss=dlr), with more steps and restarts, and look at C10, C11 and C13"
	}
	return v, nil
}

// transfer is C09.
func transfer(x *exam) (verdict, error) {
	t := which(x.ev, func(s attacks.Series) bool { return s.Family == attacks.Transfer })
	w := which(x.ev, white)
	if len(t) == 0 || len(w) == 0 {
		return skip("the evaluation lacks an attack by transfer, or a direct one")
	}
	v := verdict{status: Pass}
	var cells []string
	for _, eps := range x.ev.Radii {
		c := compete(x.ev, t, w, eps)
		if c.compared == 0 {
			continue
		}
		cells = append(cells, fmt.Sprintf("eps %g: transfer alone %d, direct alone %d", eps, c.onlyA, c.onlyB))
		if s := beats(c.onlyA, c.onlyB); gravity[s] > gravity[v.status] {
			v.status, v.images = s, c.images
		}
	}
	if len(cells) == 0 {
		return skip("no image was given to both")
	}
	v.value = strings.Join(cells, "; ")
	if v.status != Pass {
		v.advice = "another model's gradient leads further than this model's own: its own is masked, or the direct attack is too weak"
	}
	return v, nil
}
