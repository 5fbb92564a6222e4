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

// lockstep is an oracle without an engine for each image of a golden net, so that
// every iterate of an attack can be compared with a record: other libraries make
// all steps, ours ends at the first success.
type lockstep struct {
	n       goldenNet
	p       *engine.BatchRunner
	oracles []*attacks.Oracle
}

func newLockstep(t testing.TB, net string, norm attacks.Norm, eps float32, list ...attacks.Attack) lockstep {
	t.Helper()
	n := openGoldenNet(t, net)
	l := lockstep{n: n, p: engine.NewBatchRunner(attacktest.NewSession(t, n.Victim, attacktest.UnitBox(norm), list...), goldenImages)}
	for i := range goldenImages {
		l.oracles = append(l.oracles, &attacks.Oracle{Problem: attacks.Problem{
			Image: attacktest.Row(n.Images, i, n.Victim.Size()), Label: int(n.Labels[i]), Target: -1,
			Classes: n.Victim.Classes, Threat: attacktest.UnitBox(norm), Norm: norm, Eps: eps,
		}})
	}
	return l
}

// lossGradients evaluates a loss at x of each image.
func (l lockstep) lossGradients(loss attacks.Loss, x func(i int) []float32, target []int32) []attacks.LossGradient {
	l.n.t.Helper()
	rows := make([]attacks.Request, goldenImages)
	for i, o := range l.oracles {
		rows[i] = attacks.Request{Image: x(i), Label: o.Label, Temperature: 1}
		if target != nil {
			rows[i].Target = int(target[i])
		}
	}
	out, err := l.p.LossGradients(loss, rows...)
	if err != nil {
		l.n.t.Fatal(err)
	}
	return out
}

// ascend makes all steps for each image from x, which is overwritten.
func (l lockstep) ascend(loss attacks.Loss, x [][]float32, of func(o *attacks.Oracle) gradientAscent) {
	var all []gradientAscent
	for _, o := range l.oracles {
		all = append(all, of(o))
	}
	for k := range all[0].steps {
		for i, a := range l.lossGradients(loss, func(i int) []float32 { return x[i] }, nil) {
			all[i].step(l.oracles[i], k, x[i], a.Gradient)
		}
	}
}

// compareImages compares images with the record's adv: within 1e-5 in 99 % of the
// pixels of those images that float64 confirms.
func (l lockstep) compareImages(g golden, record string, x [][]float32) {
	t, v := l.n.t, l.n.Victim
	t.Helper()
	adv := g.floats(record+"/adv", goldenImages, v.H, v.W, v.C)
	agree := g.arrays[record+"/agree"].Uint8s() // some records have it
	near, all := 0, 0
	for i := range x {
		if agree != nil && agree[i] == 0 {
			continue
		}
		for k, v := range attacktest.Row(adv, i, v.Size()) {
			all++
			if math.Abs(float64(v-x[i][k])) <= 1e-5 {
				near++
			}
		}
	}
	t.Logf("%s: %.2f %% of %d pixels within 1e-5 of %s's", record, 100*float64(near)/float64(all), all, g.how(record)["library"])
	if all == 0 || float64(near) < .99*float64(all) {
		t.Errorf("%s: want 99 %% of the pixels within 1e-5, got %d of %d", record, near, all)
	}
}

// eps of a record.
func (g golden) eps(record string) float32 {
	g.t.Helper()
	return float32(g.how(record)["eps"].(float64))
}

func TestGoldenGradientAttacks(t *testing.T) {
	for _, r := range []struct {
		file, record, attack string
		norm                 attacks.Norm
		share                float32 // of eps in one step; 0: the attack's default
	}{
		{"gradient", "bim-linf", "bim", attacks.Linf, 0},
		{"gradient", "bim-l2", "bim", attacks.L2, 0},
		{"gradient", "pgd-linf", "pgd(start=clean)", attacks.Linf, 0},
		{"gradient", "pgd-l2", "pgd(start=clean)", attacks.L2, 0},
		{"gradient", "mifgsm-linf", "mifgsm", attacks.Linf, .2},
		{"gradient", "rfgsm-linf", "rfgsm", attacks.Linf, 0},
		{"sparse", "pgd-sparse-l1", "pgd(start=clean,steps=8,quantile=.97)", attacks.L1, .2},
	} {
		g := openGolden(t, r.file)
		for _, net := range []string{"a", "b"} {
			t.Run(net+"/"+r.record, func(t *testing.T) {
				record := net + "/" + r.record
				a := attacktest.Parse(t, r.attack)[0]
				l := newLockstep(t, net, r.norm, g.eps(record), a)
				x := make([][]float32, goldenImages)
				for i, o := range l.oracles {
					x[i] = slices.Clone(o.Image)
					if f, ok := a.(*RFGSM); ok {
						px := l.n.Victim.Size()
						x[i] = f.startingPoint(o, slices.Clone(attacktest.Row(g.floats(record+"/noise", -1, -1, -1, -1), i, px)))
					}
				}
				l.ascend(a.Losses(l.n.Victim)[0], x, func(o *attacks.Oracle) gradientAscent {
					ascent := ascentOf(a, o)
					if r.share > 0 {
						ascent.alpha = r.share * o.Eps
					}
					return ascent
				})
				l.compareImages(g, record, x)
			})
		}
	}
}

func ascentOf(a attacks.Attack, o *attacks.Oracle) gradientAscent {
	switch a := a.(type) {
	case *BIM:
		return a.ascent(o)
	case *PGD:
		return a.ascent(o)
	case *MIFGSM:
		return a.ascent(o)
	case *RFGSM:
		return a.ascent(o)
	}
	panic(fmt.Sprintf("%T takes no steps of one size", a))
}

// allImages are the images of a golden net.
func (n goldenNet) allImages() attacks.Images {
	s := attacks.Images{Pixels: n.Images, Labels: n.Labels}
	for i := range n.Labels {
		s.Index = append(s.Index, i)
	}
	return s
}

// FGSM at five radii succeeds on the images on which foolbox's does, and the
// engine keeps the same image.
func TestGoldenFGSM(t *testing.T) {
	g := openGolden(t, "gradient")
	for _, net := range []string{"a", "b"} {
		for _, norm := range []attacks.Norm{attacks.Linf, attacks.L2} {
			n, record := openGoldenNet(t, net), net+"/fgsm-"+string(norm)
			a := attacktest.Parse(t, "fgsm")
			st := attacktest.NewSession(t, n.Victim, attacktest.UnitBox(norm), a...)
			sizes, success := g.floats(record+"/sizes", 5), g.bytes(record+"/sizes_success", 5, goldenImages)
			ev := attacktest.Evaluate(t, st, n.allImages(), engine.Options{Attacks: a, Eps: sizes, Batch: 32, Exhaustive: true})
			for i, at := range ev.Attacks[0].Results[:goldenImages-1] {
				for k := range sizes {
					if want := success[k*goldenImages+i]; at.Tried[k] != '0'+want {
						t.Errorf("%s, image %d at %g: want success %d, got %q", record, i, sizes[k], want, at.Tried[k])
					}
				}
			}
			ev = attacktest.Evaluate(t, st, n.allImages(), engine.Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			adv := g.floats(record+"/adv", goldenImages, -1, -1, -1)
			for i, at := range ev.Attacks[0].Results {
				if at.Image != nil && maxDifference(at.Image, attacktest.Row(adv, i, n.Victim.Size())) > 1e-5 {
					t.Errorf("%s, image %d: want the image that foolbox makes, got one %g away", record, i, maxDifference(at.Image, attacktest.Row(adv, i, n.Victim.Size())))
				}
			}
		}
	}
}

// Where PGD of another library succeeds, ours does at the same eps: it counts every
// iterate, and in L1 its steps are better.
func TestGoldenPGDSuccesses(t *testing.T) {
	g := openGolden(t, "gradient")
	for _, net := range []string{"a", "b"} {
		for _, norm := range attacks.Threats {
			n, record := openGoldenNet(t, net), net+"/pgd-"+string(norm)
			a := attacktest.Parse(t, "pgd(start=clean)")
			ev := attacktest.Evaluate(t, attacktest.NewSession(t, n.Victim, attacktest.UnitBox(norm), a...), n.allImages(), engine.Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			theirs := 0
			for i, s := range g.bytes(record+"/success", goldenImages) {
				if s == 1 && ev.Correct(i) {
					theirs++
				}
				if s == 1 && ev.Correct(i) && !ev.Misclassified(0, i, g.eps(record)) {
					t.Errorf("%s, image %d: foolbox succeeds, this does not", record, i)
				}
			}
			t.Logf("%s: %d successes of foolbox, %d of ours, of %d images", record, theirs, ev.MisclassifiedCount(0, g.eps(record)), ev.CleanCorrect)
		}
	}
}

// Both DLR losses and their gradients; the target is the best other class.
func TestGoldenDLR(t *testing.T) {
	for _, net := range []string{"a", "b"} {
		l := newLockstep(t, net, attacks.Linf, .1, attacktest.Parse(t, "apgd-t", "apgd(loss=dlr)")...)
		var target []int32
		for i, o := range l.oracles {
			k := l.n.Victim.Classes
			target = append(target, int32(vector.ArgmaxExcept(l.n.floats("logits", -1, -1)[i*k:][:k], o.Label)))
		}
		for key, loss := range map[string]attacks.Loss{"dlr": attacks.DLR, "dlr_targeted": attacks.TargetedDLR} {
			want, gradients := l.n.floats(key, goldenImages), l.n.floats(key+"_gradient", 8, -1, -1, -1)
			for i, a := range l.lossGradients(loss, func(i int) []float32 { return l.oracles[i].Image }, target) {
				if math.Abs(float64(a.Loss-want[i])) > 1e-5 {
					t.Errorf("net %s, image %d: want a %s of %g, got %g", net, i, key, want[i], a.Loss)
				}
				if i < 24 {
					continue // gradients of the last 8 were recorded
				}
				if d := maxDifference(a.Gradient, attacktest.Row(gradients, i-24, l.n.Victim.Size())); d > 1e-5 {
					t.Errorf("net %s, image %d: gradient of %s %g away from PyTorch's", net, i, key, d)
				}
			}
		}
	}
}
