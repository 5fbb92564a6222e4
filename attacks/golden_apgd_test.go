package attacks

import (
	"fmt"
	"math"
	"testing"
)

// apgdRecords are by net: loss and norm.
var apgdRecords = map[string][][2]string{
	"a": {{"ce", "linf"}, {"dlr", "linf"}, {"t", "linf"}, {"ce", "l2"}, {"dlr", "l2"}, {"t", "l2"}, {"ce", "l1"}},
	"b": {{"ce", "linf"}, {"dlr", "linf"}, {"t", "linf"}, {"ce", "l2"}, {"ce", "l1"}},
}

var apgdNames = map[string]string{"ce": "apgd", "dlr": "apgd(loss=dlr)", "t": "apgd-t"}

// From the recorded start, the loss at each iterate and the size of each step
// are those of pyautoattack, for as long as its course does not depend on
// rounding; and what it breaks, this breaks.
func TestGoldenAPGD(t *testing.T) {
	g := openGolden(t, "apgd")
	for net, records := range apgdRecords {
		for _, r := range records {
			t.Run(net+"/"+r[0]+"-"+r[1], func(t *testing.T) { compareAPGD(t, g, net, r[0], Norm(r[1])) })
		}
	}
}

func compareAPGD(t *testing.T, g golden, net, loss string, norm Norm) {
	record := fmt.Sprintf("%s/apgd-%s-%s", net, loss, norm)
	how := g.how(record)
	steps, rho := int(how["n_iter"].(float64)), how["rho"].(float64)
	a := parse(t, apgdNames[loss])
	l := newLockstep(t, net, norm, g.eps(record), a...)
	start := g.floats(net+"/start-"+string(norm)+"/start", goldenImages, -1, -1, -1)
	routes := make([]route, goldenImages)
	size := make([]*float32, goldenImages)
	for i, c := range l.cases {
		x := clone(image(start, i, l.n.Victim.pixels()))
		if norm == L1 {
			r := newSparseAscent(c, x, c.Eps, steps, false)
			routes[i], size[i] = r, &r.size
		} else {
			r := newAscent(c, x, steps, rho)
			routes[i], size[i] = r, &r.size
		}
	}
	var target []int32
	if loss == "t" {
		target = g.ints(record+"/target", goldenImages)
	}
	trace, sizes := g.floats(record+"/trace", steps+1, goldenImages), g.floats(record+"/step", steps, goldenImages)
	agree, success := g.ints(record+"/agree", goldenImages), g.bytes(record+"/success", goldenImages)
	followed, halvings, won := 0, 0, make([]bool, goldenImages)
	var ours []float32
	until := make([]int, goldenImages) // iterates to compare
	for i, n := range agree {
		if until[i] = int(n); until[i] <= steps {
			until[i] = until[i] * 2 / 3 // other roundings may leave float64 a little sooner
		}
	}
	for k := range steps + 1 {
		for i, s := range l.look(a[0].Needs(l.n.Victim)[0], func(i int) []float32 { return routes[i].at() }, target) {
			ours = append(ours, s.loss)
			won[i] = won[i] || l.cases[i].Success(s.logits)
			routes[i].saw(Slope{s.loss, s.logits, s.gradient})
			if k < until[i] {
				want := trace[k*goldenImages+i]
				if d := math.Abs(float64(s.loss - want)); d > 1e-4*max(1, math.Abs(float64(want))) {
					t.Errorf("image %d, iterate %d of %d: want a loss of %g, got %g", i, k, agree[i], want, s.loss)
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
					if norm == Linf || !undecided(trace, ours, i, k) {
						t.Errorf("image %d, iterate %d: want a step of %g after %g, got %g", i, k, want, before, *size[i])
					}
					until[i] = 0
				}
			}
			if k < steps {
				routes[i].step()
			}
		}
	}
	broken, theirs := 0, 0
	for i := range won {
		theirs += int(success[i])
		if won[i] {
			broken++
		}
		if success[i] == 1 && !won[i] {
			t.Errorf("image %d: broken by pyautoattack, not by this", i)
		}
	}
	t.Logf("%s: %d losses of %d and %d smaller steps alike; broken: %d, by pyautoattack %d", record, followed, len(trace), halvings, broken, theirs)
}

// undecided tells whether, before a checkpoint, a loss grew or fell by so
// little that ours, being a rounding away, may have done the other.
func undecided(theirs, ours []float32, image, checkpoint int) bool {
	for k := max(checkpoint-22, 0); k < checkpoint; k++ {
		i, j := k*goldenImages+image, (k+1)*goldenImages+image
		if (theirs[j] > theirs[i]) != (ours[j] > ours[i]) {
			return true
		}
	}
	return false
}

// In L1, where pyautoattack counts rounding errors as no changes, the whole
// course is the same, at eps alone and from 3 eps down.
func TestGoldenSparseAPGD(t *testing.T) {
	g := openGolden(t, "sparse")
	for _, net := range []string{"a", "b"} {
		for _, narrow := range []string{"", "-narrow"} {
			record := net + "/apgd-ce-l1" + narrow
			l := newLockstep(t, net, L1, g.eps(record), parse(t, "apgd")...)
			p := ascents{steps: 100}
			stages := []stage{{g.eps(record), p.steps}}
			if narrow != "" {
				stages = p.stages(g.eps(record))
			}
			routes := make([]*sparseAscent, goldenImages)
			x := make([][]float32, goldenImages)
			for i, c := range l.cases {
				x[i] = clone(image(g.floats(net+"/noise/noise", goldenImages, -1, -1, -1), i, l.n.Victim.pixels()))
				axpy(x[i], c.Image, 1, x[i])
			}
			var trace []float32
			won := make([]bool, goldenImages)
			for _, stage := range stages {
				for i, c := range l.cases {
					if routes[i] = stage.from(c, x[i]); narrow == "" {
						routes[i] = newSparseAscent(c, x[i], c.Eps, p.steps, false)
					}
				}
				for k := range stage.steps + 1 {
					for i, s := range l.look(Classification, func(i int) []float32 { return routes[i].at() }, nil) {
						trace = append(trace, s.loss)
						won[i] = won[i] || stage.eps == l.cases[i].Eps && l.cases[i].Success(s.logits)
						if routes[i].saw(Slope{s.loss, s.logits, s.gradient}); k < stage.steps {
							routes[i].step()
						}
					}
				}
				for i := range x {
					x[i] = routes[i].best
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
				if won[i] != (s == 1) {
					t.Errorf("%s: image %d: want success %d, got %t", record, i, s, won[i])
				}
			}
		}
	}
}

// The whole attack, from starts of its own, breaks what the recorded one does.
func TestGoldenAPGDBreaksAsMuch(t *testing.T) {
	g := openGolden(t, "apgd")
	for net, records := range map[string][][2]string{"a": {{"ce", "linf"}, {"t", "linf"}}, "b": {{"ce", "l2"}, {"ce", "l1"}}} {
		for _, r := range records {
			record, norm := fmt.Sprintf("%s/apgd-%s-%s", net, r[0], r[1]), Norm(r[1])
			n, a := openGoldenNet(t, net), parse(t, apgdNames[r[0]])
			ev := evaluate(t, newStage(t, n.Victim, box(norm), a...), n.set(), Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			theirs := 0
			for i, s := range g.bytes(record+"/success", goldenImages) {
				if ev.Right(i) {
					theirs += int(s)
				}
			}
			ours := ev.Broken(0, g.eps(record))
			t.Logf("%s: broken %d, by pyautoattack %d of %d", record, ours, theirs, ev.CleanRight)
			if ours < theirs-1 {
				t.Errorf("%s: want at least %d broken but one, got %d", record, theirs, ours)
			}
		}
	}
}

// pyautoattack's projection on the intersection of an L1 ball and the box.
func TestGoldenL1Projection(t *testing.T) {
	g := openGolden(t, "apgd")
	x, d, out := g.floats("l1-projection/x", 24, 30), g.floats("l1-projection/d", 24, 30), g.floats("l1-projection/out", 24, 30)
	for i := range 24 {
		got := clone(image(d, i, 30))
		axpy(got, image(x, i, 30), 1, got)
		shrink(got, image(x, i, 30), float64(g.eps("l1-projection")), 0, 1)
		if far := goldenApart(got, image(out, i, 30)); far > 2e-6 {
			t.Errorf("row %d: want at most 2e-6 from pyautoattack's, got %g", i, far)
		}
	}
}
