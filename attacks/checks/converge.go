package checks

import (
	"fmt"
	"math"
	"strings"

	"unwarp/attacks"
)

// Checks that run the attack again with other settings.

// wide are the radii of C03 and how many steps of which size reach them: ART's
// flag has 100 steps of eps/50.
func (x *exam) wide() (grey, whole float32) {
	px := float64(x.v.H * x.v.W * x.v.C)
	span := x.threat.Hi - x.threat.Lo
	switch x.threat.Norm {
	case attacks.Linf:
		return span / 2, span
	case attacks.L2:
		return 9 * float32(math.Sqrt(px/784)) * span, float32(math.Sqrt(px)) * span
	}
	return 0, 0
}

func (x *exam) boundlessText(eps float32) string {
	return fmt.Sprintf("pgd(loss=%s,steps=100,alpha=%s,eps=%s)", x.plan().loss, format(eps/50), format(eps))
}

func boundless(x *exam) []string {
	grey, whole := x.wide()
	if grey == 0 {
		return nil
	}
	return []string{x.boundlessText(grey), x.boundlessText(whole)}
}

// unbounded is C03.
func unbounded(x *exam) (verdict, error) {
	grey, whole := x.wide()
	if grey == 0 {
		return skip("no threshold is known for " + string(x.threat.Norm))
	}
	half, why := x.broken(x.boundlessText(grey))
	all, why2 := x.broken(x.boundlessText(whole))
	if half == nil || all == nil {
		return skip(why + why2)
	}
	n := len(half)
	left := n - count(half)
	chance := .5 // a median below 9: half of the images
	if x.threat.Norm == attacks.Linf {
		p := 1 / float64(x.v.Classes)
		chance = p + 3*math.Sqrt(p*(1-p)/float64(n))
	}
	v := verdict{status: Pass, value: fmt.Sprintf("left at eps %g: %s, at most %.1f %% wanted; at eps %g: %s", grey, rate(left, n), 100*chance, whole, rate(n-count(all), n))}
	v.images = standing(x.set.Index, all)
	if share(left, n) > chance || len(v.images) > 0 {
		v.status = Fail
		v.advice = "with this much freedom every image can become any other: the attack fails for a reason of its own, such as a masked gradient or the wrong loss"
	}
	return v, nil
}

// standing are the places of what was not broken.
func standing(index []int, broken []bool) []int {
	var out []int
	for i, b := range broken {
		if !b {
			out = append(out, index[i])
		}
	}
	return out
}

func longer(x *exam) []string {
	p := x.plan()
	q := p
	q.steps *= 2
	return []string{p.text(), q.text()}
}

// converged is C04.
func converged(x *exam) (verdict, error) {
	texts := longer(x)
	a, why := x.broken(texts[0])
	b, why2 := x.broken(texts[1])
	if a == nil || b == nil {
		return skip(why + why2)
	}
	p, n := x.plan(), len(a)
	gain := count(b) - count(a)
	_, _, images := x.only(b, a)
	la, lb, rose, stood := x.losses(texts[0], texts[1])
	change := 0.
	if la != 0 {
		change = (lb - la) / math.Abs(la)
	}
	v := verdict{status: above(gain, n, .005), images: images}
	v.value = fmt.Sprintf("%s at eps %g breaks %d of %d, with %d steps %d; mean loss of the rest %.4g and %.4g (%+.1f %%), higher by 1 %% on %d of %d", texts[0], x.Eps, count(a), n, 2*p.steps, count(b), la, lb, 100*change, rose, stood)
	if change > .01 {
		v.status = worst(v.status, Warn)
		// Steps of one size jump between two summits on some images, and a loss
		// that creeps up without an error more takes nothing from the figures:
		// it fails where it grows by much, and on many.
		if change > .1 {
			v.status = worst(v.status, above(rose, stood, .1))
		}
	}
	if v.status != Pass {
		v.advice = "not converged: more steps"
	}
	return v, nil
}

// losses are the means of the best losses that two attacks saw, on the images
// that neither broke, and on how many of them it rose by more than 1 %.
func (x *exam) losses(a, b string) (ma, mb float64, rose, n int) {
	s, _ := x.ran(a)
	t, _ := x.ran(b)
	for i := range x.trial.Images {
		p, q := x.trial.Series[s].Attempts[i], x.trial.Series[t].Attempts[i]
		if x.trial.Breaks(s, i, x.Eps) || x.trial.Breaks(t, i, x.Eps) || len(p.Trace) == 0 || len(q.Trace) == 0 {
			continue
		}
		la, lb := highest(p.Trace), highest(q.Trace)
		ma, mb, n = ma+la, mb+lb, n+1
		if lb-la > .01*math.Abs(la) {
			rose++
		}
	}
	f := 1 / float64(max(1, n))
	return f * ma, f * mb, rose, n
}

func highest(trace []float32) float64 {
	h := math.Inf(-1)
	for _, l := range trace {
		h = max(h, float64(l))
	}
	return h
}

func again(x *exam) []string {
	p := x.plan()
	return []string{p.started(1).text(), p.started(5).text()}
}

// restarted is C05.
func restarted(x *exam) (verdict, error) {
	texts := again(x)
	a, why := x.broken(texts[0])
	b, why2 := x.broken(texts[1])
	if a == nil || b == nil {
		return skip(why + why2)
	}
	_, _, images := x.only(b, a)
	v := verdict{status: above(count(b)-count(a), len(a), .01), images: images}
	v.value = fmt.Sprintf("%s at eps %g breaks %d of %d, with 5 starts %d", texts[0], x.Eps, count(a), len(a), count(b))
	if v.status != Pass {
		v.advice = "use restarts=5 or more"
	}
	return v, nil
}

func strides(x *exam) []string {
	p := x.plan()
	if p.alpha == 0 {
		return nil
	}
	var out []string
	for _, f := range []float32{.5, 1, 2} {
		q := p
		q.alpha *= f
		out = append(out, q.text())
	}
	return out
}

// strided is C06. It fails only where another step does better than the
// attack's own; where its own is best, the others merely warn.
func strided(x *exam) (verdict, error) {
	texts := strides(x)
	if texts == nil {
		return skip("the attack adapts its step size")
	}
	var n, lo, hi, mine int
	best := ""
	var parts []string
	for i, text := range texts {
		b, why := x.broken(text)
		if b == nil {
			return skip(why)
		}
		k := count(b)
		n = len(b)
		if i == 0 || k < lo {
			lo = k
		}
		if i == 0 || k > hi {
			hi, best = k, text
		}
		if i == 1 {
			mine = k
		}
		parts = append(parts, fmt.Sprintf("%s %d", text, k))
	}
	v := verdict{status: Pass, value: fmt.Sprintf("broken of %d at eps %g: %s", n, x.Eps, strings.Join(parts, ", "))}
	if share(hi-lo, n) > .02 {
		v.status = worst(Warn, above(hi-mine, n, .02))
		v.advice = "the result hangs on the step size: use " + best + ", or apgd, which adapts it"
	}
	return v, nil
}

// fgsms are the single steps of the evaluation, or FGSM.
func (x *exam) fgsms() []string {
	var out []string
	if x.ev != nil {
		for _, s := range which(x.ev, single) {
			if text := x.ev.Series[s].Attack; setting(x.ev.Series[s], "eps") == "" && setting(x.ev.Series[s], "loss") != "" {
				out = append(out, text)
			}
		}
	}
	if out == nil {
		out = []string{"fgsm"}
	}
	return out
}

func draws(x *exam) []string {
	return append(x.fgsms(), fmt.Sprintf("uniform(draws=%d)", x.Draws))
}

// noise is C08.
func noise(x *exam) (verdict, error) {
	texts := draws(x)
	text := texts[len(texts)-1]
	random, why := x.broken(text)
	if random == nil {
		return skip(why)
	}
	step := make([]bool, len(random))
	for _, t := range texts[:len(texts)-1] {
		b, _ := x.broken(t)
		for i := range b {
			step[i] = step[i] || b[i]
		}
	}
	a, b, images := x.only(random, step)
	n := len(random)
	v := verdict{status: beats(a, b), images: images}
	v.value = fmt.Sprintf("at eps %g %s breaks %s, %s %d", x.Eps, text, rate(count(random), n), strings.Join(texts[:len(texts)-1], ", "), count(step))
	switch {
	case v.status != Pass:
		v.advice = "random points do what the gradient does not: it is masked, or of the wrong loss"
	case count(random) == count(step) && count(random) > 0 && count(step) < n:
		v.status, v.advice = Warn, "the gradient does no better than noise: look at a smaller eps, and at what the attack follows"
	case x.Draws < 10000:
		v.status, v.advice = Warn, fmt.Sprintf("%d draws are few: 10,000 or more say more", x.Draws)
	}
	return v, nil
}

// plain is PGD on cross-entropy with the plan's settings, C11's yardstick.
func (x *exam) plain() plan {
	p := x.plan()
	if p.name == "pgd" || p.name == "apgd" {
		p.loss = attacks.Classification
		return p
	}
	return plan{name: "pgd", loss: attacks.Classification, steps: p.steps, alpha: p.alpha, restarts: 1, eot: p.eot}
}

func losses(x *exam) []string {
	p := x.plain()
	out := []string{p.text()}
	for _, l := range []attacks.Loss{attacks.Margin, attacks.DLR} {
		q := p
		q.loss = l
		if l != attacks.DLR || x.v.Classes >= 3 {
			out = append(out, q.text())
		}
	}
	q := p
	if q.name != "pgd" {
		q = plan{name: "pgd", loss: attacks.Classification, steps: p.steps, alpha: x.Eps / 30, restarts: 1, eot: p.eot}
	}
	for _, t := range []string{"10", "100"} {
		out = append(out, strings.TrimSuffix(q.text(), ")")+",temperature="+t+")")
	}
	return out
}

// saturated is C11.
func saturated(x *exam) (verdict, error) {
	texts := losses(x)
	base, why := x.broken(texts[0])
	if base == nil {
		return skip(why)
	}
	n, gain, by := len(base), 0, ""
	var images []int
	for _, text := range texts[1:] {
		b, _ := x.broken(text)
		if b == nil {
			continue
		}
		if g := count(b) - count(base); g > gain {
			gain, by = g, text
			_, _, images = x.only(b, base)
		}
	}
	sure, margins := 0, make([]float64, 0, len(x.logits))
	for i, z := range x.logits {
		label := int(x.set.Labels[i])
		margins = append(margins, float64(z[label])-float64(z[rival(z, label)]))
		if doubt(z, label) < 1e-7 {
			sure++
		}
	}
	v := verdict{status: above(gain, n, .01), images: images}
	v.value = fmt.Sprintf("cross-entropy breaks %d of %d at eps %g", count(base), n, x.Eps)
	if gain > 0 {
		v.value += fmt.Sprintf(", %s %d", by, count(base)+gain)
	} else {
		v.value += ", no other loss more"
	}
	v.value += fmt.Sprintf("; median margin of the logits %.3g; %s surer than 1-1e-7", median(margins), rate(sure, n))
	if v.status != Pass {
		v.advice = "cross-entropy is masked: add loss=margin, apgd(loss=dlr) or apgd-t"
		if x.covered() {
			v.status = Warn
			v.advice = "cross-entropy alone would overrate the model; the evaluation has attacks on the margin too, which count"
		}
	}
	return v, nil
}

// covered tells whether the evaluation followed a loss that does not saturate.
func (x *exam) covered() bool {
	return x.ev != nil && len(which(x.ev, func(s attacks.Series) bool {
		for _, l := range s.Losses {
			if s.Family == attacks.WhiteBox && (l == attacks.Margin || l == attacks.DLR || l == attacks.TargetedDLR) {
				return true
			}
		}
		return false
	})) > 0
}
