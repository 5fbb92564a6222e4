package library

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// apgdRecords are loss and norm of the records of each net.
var apgdRecords = map[string][][2]string{
	"a": {{"ce", "linf"}, {"dlr", "linf"}, {"t", "linf"}, {"ce", "l2"}, {"dlr", "l2"}, {"t", "l2"}, {"ce", "l1"}},
	"b": {{"ce", "linf"}, {"dlr", "linf"}, {"t", "linf"}, {"ce", "l2"}, {"ce", "l1"}},
}

var apgdNames = map[string]string{"ce": "apgd", "dlr": "apgd(loss=dlr)", "t": "apgd-t"}

// From the recorded start, the loss at each iterate and the size of each step
// are those of pyautoattack, as long as they do not depend on
// rounding; and where pyautoattack succeeds, so does this.
func TestGoldenAPGD(t *testing.T) {
	g := openGolden(t, "apgd")
	for net, records := range apgdRecords {
		for _, r := range records {
			t.Run(net+"/"+r[0]+"-"+r[1], func(t *testing.T) { compareAPGD(t, g, net, r[0], attacks.Norm(r[1])) })
		}
	}
}

func compareAPGD(t *testing.T, g golden, net, loss string, norm attacks.Norm) {
	record := fmt.Sprintf("%s/apgd-%s-%s", net, loss, norm)
	how := g.how(record)
	steps, rho := int(how["n_iter"].(float64)), how["rho"].(float64)
	a := attacktest.Parse(t, apgdNames[loss])
	l := newLockstep(t, net, norm, g.eps(record), a...)
	start := g.floats(net+"/start-"+string(norm)+"/start", goldenImages, -1, -1, -1)
	ascents := make([]stepper, goldenImages)
	size := make([]*float32, goldenImages)
	for i, o := range l.oracles {
		x := slices.Clone(attacktest.Row(start, i, l.n.Victim.Size()))
		if norm == attacks.L1 {
			r := newAPGDL1Ascent(o, x, o.Eps, steps, false)
			ascents[i], size[i] = r, &r.stepSize
		} else {
			r := newAPGDAscent(o, x, steps, rho)
			ascents[i], size[i] = r, &r.stepSize
		}
	}
	var target []int32
	if loss == "t" {
		target = g.ints(record+"/target", goldenImages)
	}
	trace, sizes := g.floats(record+"/trace", steps+1, goldenImages), g.floats(record+"/step", steps, goldenImages)
	agree, success := g.ints(record+"/agree", goldenImages), g.bytes(record+"/success", goldenImages)
	followed, halvings, succeeded := 0, 0, make([]bool, goldenImages)
	var ours []float32
	until := make([]int, goldenImages) // iterates to compare
	for i, n := range agree {
		if until[i] = int(n); until[i] <= steps {
			until[i] = until[i] * 2 / 3 // other roundings may leave float64 a little sooner
		}
	}
	for k := range steps + 1 {
		for i, s := range l.lossGradients(a[0].Losses(l.n.Victim)[0], func(i int) []float32 { return ascents[i].point() }, target) {
			ours = append(ours, s.Loss)
			succeeded[i] = succeeded[i] || l.oracles[i].Success(s.Logits)
			ascents[i].observe(s)
			if k < until[i] {
				want := trace[k*goldenImages+i]
				if d := math.Abs(float64(s.Loss - want)); d > 1e-4*max(1, math.Abs(float64(want))) {
					t.Errorf("image %d, iterate %d of %d: want a loss of %g, got %g", i, k, agree[i], want, s.Loss)
					until[i] = 0
				}
				followed++
			}
			if k > 0 && k < min(steps, until[i]) {
				want, before := sizes[k*goldenImages+i], sizes[(k-1)*goldenImages+i]
				if want < before {
					halvings++
				}
				if math.Abs(float64(*size[i]/want-1)) > 1e-5 {
					if norm == attacks.Linf || !undecided(trace, ours, i, k) {
						t.Errorf("image %d, iterate %d: want a step of %g after %g, got %g", i, k, want, before, *size[i])
					}
					until[i] = 0
				}
			}
			if k < steps {
				ascents[i].step()
			}
		}
	}
	successes, theirs := 0, 0
	for i := range succeeded {
		theirs += int(success[i])
		if succeeded[i] {
			successes++
		}
		if success[i] == 1 && !succeeded[i] {
			t.Errorf("image %d: pyautoattack succeeds, this does not", i)
		}
	}
	t.Logf("%s: %d losses of %d and %d smaller steps alike; successes: %d, of pyautoattack %d", record, followed, len(trace), halvings, successes, theirs)
}

// undecided reports whether, before a checkpoint, a loss changed by so little that
// rounding has turned an increase into a decrease, or the other way round.
func undecided(theirs, ours []float32, image, checkpoint int) bool {
	for k := max(checkpoint-22, 0); k < checkpoint; k++ {
		i, j := k*goldenImages+image, (k+1)*goldenImages+image
		if (theirs[j] > theirs[i]) != (ours[j] > ours[i]) {
			return true
		}
	}
	return false
}

// In L1 with rounding errors not counted as changes (a changed pyautoattack), all
// losses are the same, at eps alone and from 3 eps on.
func TestGoldenSparseAPGD(t *testing.T) {
	g := openGolden(t, "sparse")
	for _, net := range []string{"a", "b"} {
		for _, narrow := range []string{"", "-narrow"} {
			record := net + "/apgd-ce-l1" + narrow
			l := newLockstep(t, net, attacks.L1, g.eps(record), attacktest.Parse(t, "apgd")...)
			p := apgdSettings{steps: 100}
			phases := []apgdPhase{{g.eps(record), p.steps}}
			if narrow != "" {
				phases = p.phases(g.eps(record))
			}
			ascents := make([]*apgdL1Ascent, goldenImages)
			x := make([][]float32, goldenImages)
			for i, o := range l.oracles {
				x[i] = slices.Clone(attacktest.Row(g.floats(net+"/noise/noise", goldenImages, -1, -1, -1), i, l.n.Victim.Size()))
				vector.AXPY(x[i], o.Image, 1, x[i])
			}
			var trace []float32
			succeeded := make([]bool, goldenImages)
			for _, phase := range phases {
				for i, o := range l.oracles {
					if ascents[i] = phase.start(o, x[i]); narrow == "" {
						ascents[i] = newAPGDL1Ascent(o, x[i], o.Eps, p.steps, false)
					}
				}
				for k := range phase.steps + 1 {
					for i, s := range l.lossGradients(attacks.Classification, func(i int) []float32 { return ascents[i].point() }, nil) {
						trace = append(trace, s.Loss)
						succeeded[i] = succeeded[i] || phase.eps == l.oracles[i].Eps && l.oracles[i].Success(s.Logits)
						if ascents[i].observe(s); k < phase.steps {
							ascents[i].step()
						}
					}
				}
				for i := range x {
					x[i] = ascents[i].best
				}
			}
			want, success := g.floats(record+"/trace", -1, goldenImages), g.bytes(record+"/success", goldenImages)
			if len(trace) != len(want) {
				t.Fatalf("%s: want %d losses, got %d", record, len(want), len(trace))
			}
			for i, v := range want {
				if d := math.Abs(float64(trace[i] - v)); d > 1e-4*max(1, float64(v)) {
					t.Errorf("%s: image %d, iterate %d: want a loss of %g, got %g", record, i%goldenImages, i/goldenImages, v, trace[i])
					break
				}
			}
			for i, s := range success {
				if succeeded[i] != (s == 1) {
					t.Errorf("%s: image %d: want success %d, got %t", record, i, s, succeeded[i])
				}
			}
		}
	}
}

// The whole attack, from starts of its own, succeeds where the recorded one does.
func TestGoldenAPGDSuccesses(t *testing.T) {
	g := openGolden(t, "apgd")
	for net, records := range map[string][][2]string{"a": {{"ce", "linf"}, {"t", "linf"}}, "b": {{"ce", "l2"}, {"ce", "l1"}}} {
		for _, r := range records {
			record, norm := fmt.Sprintf("%s/apgd-%s-%s", net, r[0], r[1]), attacks.Norm(r[1])
			n, a := openGoldenNet(t, net), attacktest.Parse(t, apgdNames[r[0]])
			ev := attacktest.Evaluate(t, attacktest.NewSession(t, n.Victim, attacktest.UnitBox(norm), a...), n.allImages(), engine.Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			theirs := 0
			for i, s := range g.bytes(record+"/success", goldenImages) {
				if ev.Correct(i) {
					theirs += int(s)
				}
			}
			ours := ev.MisclassifiedCount(0, g.eps(record))
			t.Logf("%s: %d successes, of pyautoattack %d, of %d images", record, ours, theirs, ev.CleanCorrect)
			if ours < theirs-1 {
				t.Errorf("%s: want at least %d successes less one, got %d", record, theirs, ours)
			}
		}
	}
}

// pyautoattack's projection on the intersection of an L1 ball and the box.
func TestGoldenL1Projection(t *testing.T) {
	g := openGolden(t, "apgd")
	x, d, out := g.floats("l1-projection/x", 24, 30), g.floats("l1-projection/d", 24, 30), g.floats("l1-projection/out", 24, 30)
	for i := range 24 {
		got := slices.Clone(attacktest.Row(d, i, 30))
		vector.AXPY(got, attacktest.Row(x, i, 30), 1, got)
		vector.ProjectL1(got, attacktest.Row(x, i, 30), float64(g.eps("l1-projection")), 0, 1)
		if d := maxDifference(got, attacktest.Row(out, i, 30)); d > 2e-6 {
			t.Errorf("row %d: want at most 2e-6 from pyautoattack's, got %g", i, d)
		}
	}
}
