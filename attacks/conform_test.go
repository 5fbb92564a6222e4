package attacks

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// table holds every attack once for each way in which it can work: a new
// attack adds its rows here and inherits every check below.
func table(t *testing.T) []Attack {
	t.Helper()
	var out []Attack
	for _, text := range []string{
		"random",
		"random(seed=5)",
		"fgsm(loss=classification)",
		"fgsm(loss=training)",
		"fgsm(loss=margin)",
		"bim(loss=classification,steps=3)",
		"bim(loss=training,steps=3,preset=split)",
		"bim(loss=margin,steps=3,preset=paper)",
		"bim(loss=classification,alpha=.01,steps=2,eps=1e-5 .5)",
	} {
		a, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	for _, name := range Names {
		if !slices.ContainsFunc(out, func(a Attack) bool { return startsWith(a.String(), name) }) {
			t.Errorf("attack %q has no row", name)
		}
	}
	return out
}

func startsWith(text, name string) bool { return len(text) >= len(name) && text[:len(name)] == name }

var tableEps = []float32{1e-6, 8. / 255, .3, 1}

// TestConforms checks what every attack owes, on a victim whose logits are
// recomputed in Go.
func TestConforms(t *testing.T) {
	const n = 50
	for _, k := range []int{2, 5, 10} {
		for _, norm := range []Norm{Linf, L2} {
			t.Run(fmt.Sprint(norm, k), func(t *testing.T) {
				l := newLinear(uint64(20+k), 4, 3, 2, k)
				set := l.labelled(uint64(k), n, 0, 1)
				o := Options{Attacks: table(t), Eps: tableEps}
				var all []Options
				for _, batch := range []int{1, 7, 64} {
					o.Batch = batch
					all = append(all, o)
				}
				st := newStage(t, l.victim(), box(norm), all...)
				reports := st.run(t, set)
				rep := reports[0]
				if want := (len(o.Attacks)-1)*len(tableEps) + 2; len(rep.Outcomes) != want {
					t.Fatalf("want %d outcomes, got %d", want, len(rep.Outcomes))
				}
				for _, o := range rep.Outcomes {
					inside(t, norm, set, o)
					l.recount(t, set, rep, o)
					l.neverHelps(t, set, o)
				}
				again := st.run(t, set)
				for i, r := range again {
					sameReport(t, fmt.Sprint("second run, engine ", i), rep, r)
				}
				for i, r := range reports {
					sameReport(t, fmt.Sprint("engine ", i), rep, r)
				}
			})
		}
	}
}

// inside checks ball and box with sums of its own.
func inside(t *testing.T, norm Norm, set Set, o Outcome) {
	t.Helper()
	px := len(set.Pixels) / set.Len()
	for i := range set.Len() {
		most, squares := 0., 0.
		for j, v := range image(o.Adversarial, i, px) {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%s at %g, image %d: value %g is outside the box", o.Attack, o.Eps, i, v)
			}
			d := float64(v) - float64(set.Pixels[i*px+j])
			most, squares = math.Max(most, math.Abs(d)), squares+d*d
		}
		size := most
		if norm == L2 {
			size = math.Sqrt(squares)
		}
		if size > float64(o.Eps)+1e-6 {
			t.Errorf("%s at %g, image %d: moved by %g", o.Attack, o.Eps, i, size)
		}
		if size == 0 && o.Eps > 1e-5 {
			t.Errorf("%s at %g, image %d: not moved at all", o.Attack, o.Eps, i)
		}
	}
	if o.Invalid != 0 {
		t.Errorf("%s at %g: %d proposals are invalid", o.Attack, o.Eps, o.Invalid)
	}
}

// recount classifies the kept images afresh and compares the referee's counts.
func (l linear) recount(t *testing.T, set Set, rep Report, o Outcome) {
	t.Helper()
	px := l.h * l.w * l.c
	var cleanRight, right, broken, changed int
	for i, label := range set.Labels {
		before, after := int32(largest(l.logits(image(set.Pixels, i, px)))), int32(largest(l.logits(image(o.Adversarial, i, px))))
		if rep.Clean[i] != before || o.Classes[i] != after {
			t.Errorf("%s at %g, image %d: want classes %d and %d, got %d and %d", o.Attack, o.Eps, i, before, after, rep.Clean[i], o.Classes[i])
		}
		if before == label {
			cleanRight++
			if after != label {
				broken++
			}
		}
		if after == label {
			right++
		}
		if after != before {
			changed++
		}
	}
	got := fmt.Sprint(o.Images, o.CleanRight, o.Right, o.Broken, o.Changed, rep.CleanRight)
	if want := fmt.Sprint(set.Len(), cleanRight, right, broken, changed, cleanRight); got != want {
		t.Errorf("%s at %g: want images, right before, right, broken, changed, right before = %s, got %s", o.Attack, o.Eps, want, got)
	}
	n := float64(set.Len())
	rates := fmt.Sprintf("%.6f %.6f %.6f %.6f", o.Accuracy(), o.Error(), o.Success(), o.Change())
	if want := fmt.Sprintf("%.6f %.6f %.6f %.6f", float64(right)/n, 1-float64(right)/n, float64(broken)/float64(cleanRight), float64(changed)/n); rates != want {
		t.Errorf("%s at %g: want accuracy, error, success, change = %s, got %s", o.Attack, o.Eps, want, rates)
	}
}

// neverHelps: every loss of linear logits is convex, so a step along its
// gradient, cut at the box, cannot lower it. Random signs may.
func (l linear) neverHelps(t *testing.T, set Set, o Outcome) {
	t.Helper()
	if o.Loss == "" {
		return
	}
	px := l.h * l.w * l.c
	for i, label := range set.Labels {
		before, after := l.loss(o.Loss, image(set.Pixels, i, px), label), l.loss(o.Loss, image(o.Adversarial, i, px), label)
		if after < before-1e-5 || (o.Eps >= .03 && after < before+1e-4 && o.Loss != Training) {
			t.Errorf("%s at %g, image %d: the loss went from %g to %g", o.Attack, o.Eps, i, before, after)
		}
	}
}

// sameReport compares everything but the number of passes.
func sameReport(t *testing.T, what string, a, b Report) {
	t.Helper()
	if !slices.Equal(a.Clean, b.Clean) || len(a.Outcomes) != len(b.Outcomes) {
		t.Errorf("%s: other clean classes or outcomes", what)
		return
	}
	for k, x := range a.Outcomes {
		y := b.Outcomes[k]
		if x.Right != y.Right || x.Broken != y.Broken || x.Changed != y.Changed || x.Invalid != y.Invalid || x.Weak != y.Weak || !slices.Equal(x.Classes, y.Classes) {
			t.Errorf("%s: %s at %g: other counts or classes", what, x.Attack, x.Eps)
		}
		for i, v := range x.Adversarial {
			if w := y.Adversarial[i]; math.Abs(float64(v-w)) > 1e-6 {
				t.Errorf("%s: %s at %g: value %d: %g and %g", what, x.Attack, x.Eps, i, v, w)
				break
			}
		}
	}
}

// A network with a convolution, whose kernels TensorFlow may choose by batch
// size, must give the same verdicts and, but for signs of gradients next to
// zero, the same images.
func TestBatchSizeDoesNotMatter(t *testing.T) {
	const n = 30
	v := smooth(6, 6, 1, 10)
	set := newLinear(3, 6, 6, 1, 10).labelled(8, n, 0, 1)
	o := Options{Attacks: table(t), Eps: []float32{.02, .2}}
	var all []Options
	for _, batch := range []int{1, 7, 64} {
		o.Batch = batch
		all = append(all, o)
	}
	st := newStage(t, v, box(Linf), all...)
	copy(set.Labels, st.run(t, set)[0].Clean)
	set.Labels[3] = (set.Labels[3] + 1) % 10 // wrong from the start
	reports := st.run(t, set)
	broken := 0
	for k, a := range reports[0].Outcomes {
		broken += a.Broken
		for _, r := range reports[1:] {
			b := r.Outcomes[k]
			if a.Right != b.Right || a.Broken != b.Broken || a.Changed != b.Changed || !slices.Equal(a.Classes, b.Classes) {
				t.Errorf("%s at %g: other counts or classes", a.Attack, a.Eps)
			}
			differ := 0
			for i := range a.Adversarial {
				if math.Abs(float64(a.Adversarial[i]-b.Adversarial[i])) > 1e-6 {
					differ++
				}
			}
			if differ > len(a.Adversarial)/1000 {
				t.Errorf("%s at %g: %d of %d values differ", a.Attack, a.Eps, differ, len(a.Adversarial))
			}
		}
	}
	if reports[0].CleanRight != n-1 || broken == 0 {
		t.Errorf("want %d right before and something to break, got %d and %d broken", n-1, reports[0].CleanRight, broken)
	}
}
