package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// Checks of the adversarial examples that an evaluation has kept.

// example is one of them, with the clean image.
type example struct {
	attack       string
	place        int // in the data
	label, class int
	image, clean []float32
	reach        float64 // its distance as it was reported
	exact        bool    // reach is this example's own, not a closer one's
	closest      bool    // the attack looks for the boundary
}

// kept are the examples in the evaluation; without any, those of the trial.
func (x *exam) kept() []example {
	out := gather(x.ev, x.Set)
	if len(out) == 0 && x.trial != nil {
		out = gather(x.trial, x.set)
	}
	return out
}

func gather(ev *attacks.Evaluation, set attacks.Set) []example {
	if !slices.Equal(ev.Index, set.Index) {
		return nil
	}
	px := len(set.Pixels) / max(1, set.Len())
	var out []example
	for _, s := range ev.Series {
		for i, at := range s.Attempts {
			if at.Image != nil {
				out = append(out, example{
					s.Attack, ev.Index[i], int(ev.Labels[i]), at.Class, at.Image, set.Pixels[i*px : (i+1)*px],
					float64(at.Reach), s.Norm == ev.Norm, s.Schedule == attacks.Whole,
				})
			}
		}
	}
	return out
}

// answers classifies examples anew.
func (x *exam) answers(all []example, change func([]float32) []float32) ([][]float32, error) {
	var out [][]float32
	for from := 0; from < len(all); from += x.Batch {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		var rows [][]float32
		for _, e := range all[from:min(len(all), from+x.Batch)] {
			rows = append(rows, change(e.image))
		}
		z, err := x.judge.Logits(rows...)
		if err != nil {
			return nil, err
		}
		out = append(out, z...)
	}
	return out, nil
}

// stored is C15.
func stored(x *exam) (verdict, error) {
	v := verdict{status: Pass}
	refused := 0
	for _, s := range x.ev.Series {
		for _, at := range s.Attempts {
			refused += at.Invalid
		}
	}
	all := x.kept()
	if len(all) == 0 {
		return skip("no examples are kept")
	}
	z, err := x.answers(all, func(y []float32) []float32 { return y })
	if err != nil {
		return v, err
	}
	outside, right := 0, 0
	for n, e := range all {
		bad := !x.inside(e)
		if bad {
			outside++
		}
		if top(z[n]) == e.label || top(z[n]) != e.class || !finite(z[n]) {
			right++
			bad = true
		}
		if bad && !slices.Contains(v.images, e.place) {
			v.images = append(v.images, e.place)
		}
	}
	v.value = fmt.Sprintf("%d examples: %d outside ball or box, %d not classified as claimed; %d claims were refused", len(all), outside, right, refused)
	switch {
	case outside > 0 || right > 0 && !x.random():
		v.status, v.advice = Fail, "these are no adversarial examples: do not count them"
	case right > 0:
		v.status, v.advice = Warn, noisyWhy
	case refused > 0:
		v.status, v.advice = Warn, "an attack proposes images outside ball or box; they are not counted, but its figures may be too low"
	}
	return v, nil
}

// inside measures an example by arithmetic of its own.
func (x *exam) inside(e example) bool {
	if len(e.image) != len(e.clean) {
		return false
	}
	var linf, l2, l1 float64
	for k, y := range e.image {
		if !(y >= x.threat.Lo && y <= x.threat.Hi) { // NaN too
			return false
		}
		d := math.Abs(float64(y) - float64(e.clean[k]))
		linf, l2, l1 = max(linf, d), l2+d*d, l1+d
	}
	size := map[attacks.Norm]float64{attacks.Linf: linf, attacks.L2: math.Sqrt(l2), attacks.L1: l1}[x.threat.Norm]
	// In another norm the smallest example need not be the one that reaches
	// closest in the threat's.
	return !e.exact || size <= e.reach+1e-6*max(1, e.reach)
}

// rounded is C16.
func rounded(x *exam) (verdict, error) {
	all := x.kept()
	if len(all) == 0 {
		return skip("no examples are kept")
	}
	z, err := x.answers(all, func(y []float32) []float32 {
		out := make([]float32, len(y))
		for k, v := range y {
			out[k] = float32(math.Round(float64(v)*255) / 255)
		}
		return out
	})
	if err != nil {
		return verdict{}, err
	}
	v := verdict{status: Pass}
	var gone, of [2]int
	for n, e := range all {
		kind := 0
		if e.closest {
			kind = 1
		}
		of[kind]++
		if top(z[n]) == e.label {
			gone[kind]++
			if kind == 0 && !slices.Contains(v.images, e.place) {
				v.images = append(v.images, e.place)
			}
		}
	}
	v.value = "lost by rounding to k/255: " + rate(gone[0], of[0])
	if of[1] > 0 { // as was to be expected
		v.value += ", of attacks that look for the boundary itself " + rate(gone[1], of[1])
	}
	if above(gone[0], of[0], .05) == Fail {
		v.status = Warn
		v.advice = "store examples as .npz, not as 8-bit images"
	} else {
		v.images = nil
	}
	return v, nil
}
