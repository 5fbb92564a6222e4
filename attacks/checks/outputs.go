package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// Checks of the victim's answers.

// probabilities is C12.
func probabilities(x *exam) (verdict, error) {
	lo, hi, off := math.Inf(1), math.Inf(-1), 0.
	for _, z := range x.pool {
		var sum float64
		for _, v := range z {
			lo, hi, sum = min(lo, float64(v)), max(hi, float64(v)), sum+float64(v)
		}
		off = max(off, math.Abs(sum-1))
	}
	v := verdict{status: Pass, value: fmt.Sprintf("values in [%.3g, %.3g], sums differ from 1 by up to %.3g", lo, hi, off)}
	if lo >= 0 && hi <= 1 && off <= 1e-5 {
		v.status = Fail
		v.advice = "these are probabilities: attack what comes before the softmax, or their logarithms, whose gradient does not vanish"
	}
	return v, nil
}

// passes of C13.
const passes = 5

// deterministic is C13.
func deterministic(x *exam) (verdict, error) {
	v := verdict{status: Pass, images: x.changed, value: fmt.Sprintf("logits differ by up to %.2g of their norm, %d of %d images change class", x.wobble, len(x.changed), x.set.Len())}
	if x.random() {
		v.status = Fail
		v.advice = "the model is random, or dropout is on: average gradients (eot=20 or more) and judge each example by several passes"
		if x.ev != nil && averaged(x.ev) {
			v.status = Warn
			v.advice = "the model is random: gradients were averaged, but an example still counts as soon as one pass errs"
		}
	}
	return v, nil
}

// repeat measures how much answers differ from pass to pass.
func (x *exam) repeat() error {
	images := x.first(x.set.Len())
	for range passes - 1 {
		z, err := x.judge.Logits(images...)
		if err != nil {
			return err
		}
		for i := range z {
			x.wobble = max(x.wobble, apart(x.logits[i], z[i]))
			if top(x.logits[i]) != top(z[i]) && !slices.Contains(x.changed, x.set.Index[i]) {
				x.changed = append(x.changed, x.set.Index[i])
			}
		}
	}
	return nil
}

// random tells whether some checks would fail for that reason alone.
func (x *exam) random() bool { return x.wobble > 1e-4 || len(x.changed) > 0 }

// averaged tells whether every white-box attack averages passes.
func averaged(ev *attacks.Evaluation) bool {
	w := which(ev, white)
	return len(w) > 0 && !slices.ContainsFunc(w, func(s int) bool { return whole(ev.Series[s], "eot") < 2 })
}

const noisyWhy = "the model's answers differ from pass to pass (C13)"

// together is C14.
func together(x *exam) (verdict, error) {
	if x.random() {
		return skip(noisyWhy)
	}
	images := x.first(x.set.Len())
	batch, err := x.judge.Logits(images...)
	if err != nil {
		return verdict{}, err
	}
	single := attacks.NewProbe(x.Judge, 1)
	v, most := verdict{status: Pass}, 0.
	for i, img := range images {
		if err := x.ctx.Err(); err != nil {
			return v, err
		}
		z, err := single.Logits(img)
		if err != nil {
			return v, err
		}
		d := 0.
		for k := range z[0] {
			d = max(d, math.Abs(float64(z[0][k])-float64(batch[i][k])))
		}
		// Of large logits rounding alone is more than 1e-4.
		d /= max(1, largest(batch[i]))
		most = max(most, d)
		if d > 1e-4 {
			v.images = append(v.images, x.set.Index[i])
		}
	}
	v.value = fmt.Sprintf("logits alone and in a batch differ by up to %.2g (relative where they exceed 1)", most)
	if len(v.images) > 0 {
		v.status = Fail
		v.advice = "batch norm or something like it is in training mode: images of a batch influence each other, and gradients mix"
	}
	return v, nil
}

// batches is C29: the attack under test, run on a few images one by one and
// together.
func batches(x *exam) (verdict, error) {
	if x.random() {
		return skip(noisyWhy)
	}
	p := x.plan()
	p.steps = min(p.steps, 10)
	list := []attacks.Attack{}
	for _, text := range []string{"fgsm", p.text()} {
		if a, err := x.admit(text); err == nil {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return skip("no gradient was declared in the graph")
	}
	n := min(8, x.set.Len())
	set := attacks.Set{Pixels: x.set.Pixels[:n*len(x.image(0))], Labels: x.set.Labels[:n], Index: x.set.Index[:n]}
	var runs []*attacks.Evaluation
	for _, size := range []int{1, 64} {
		e, err := attacks.NewEngine(x.Judge, x.Guide, attacks.Options{Attacks: list, Eps: []float32{x.Eps}, Batch: size, Exhaustive: true})
		if err != nil {
			return verdict{}, err
		}
		ev, err := e.Run(x.ctx, set, nil, nil)
		if err != nil {
			return verdict{}, err
		}
		runs = append(runs, ev)
	}
	v := verdict{status: Pass}
	for i := range n {
		for s := range list {
			if a, b := runs[0].Series[s].Attempts[i], runs[1].Series[s].Attempts[i]; a.Tried != b.Tried || far(float64(a.Distance), float64(b.Distance)) {
				v.images = append(v.images, x.set.Index[i])
				break
			}
		}
	}
	v.value = fmt.Sprintf("%d of %d images differ", len(v.images), n)
	if v.status = above(len(v.images), n, 0); v.status == Fail && len(v.images) == 1 {
		v.status = Warn // rounding depends on the batch, and can decide one
	}
	if v.status != Pass {
		v.advice = "images of a batch influence each other: look at C14"
	}
	return v, nil
}

func far(a, b float64) bool {
	return a != b && !(math.Abs(a-b) <= 1e-4*max(1e-2, math.Abs(a)))
}
