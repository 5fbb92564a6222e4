package attacks

import (
	"fmt"
	"math"
	"testing"
)

// lockstep are the images of a golden net as cases without an engine, so that
// what an attack does at each iterate can be compared with a record: the
// libraries go on where ours has won.
type lockstep struct {
	n     goldenNet
	p     *player
	cases []*Case
}

func newLockstep(t testing.TB, net string, norm Norm, eps float32, attacks ...Attack) lockstep {
	t.Helper()
	n := openGoldenNet(t, net)
	l := lockstep{n: n, p: newPlayer(newStage(t, n.Victim, box(norm), attacks...), goldenImages)}
	for i := range goldenImages {
		l.cases = append(l.cases, &Case{
			Image: image(n.Images, i, n.Victim.pixels()), Label: int(n.Labels[i]), Target: -1,
			Classes: n.Victim.Classes, Threat: box(norm), Norm: norm, Eps: eps,
		})
	}
	return l
}

// look is the gradient pass at x of each image.
func (l lockstep) look(loss Loss, x func(i int) []float32, target []int32) []answer {
	l.n.t.Helper()
	rows := make([]Question, goldenImages)
	for i, c := range l.cases {
		rows[i] = Question{Image: x(i), Label: c.Label, Temperature: 1}
		if target != nil {
			rows[i].Target = int(target[i])
		}
	}
	out, err := l.p.run(loss, rows)
	if err != nil {
		l.n.t.Fatal(err)
	}
	return out
}

// climb takes all steps of each image's climber, from x, which is overwritten.
func (l lockstep) climb(x [][]float32, of func(c *Case) climber) {
	var all []climber
	for _, c := range l.cases {
		all = append(all, of(c))
	}
	for range all[0].steps {
		for i, a := range l.look(all[0].loss, func(i int) []float32 { return x[i] }, nil) {
			all[i].step(l.cases[i], x[i], a.gradient)
		}
	}
}

// recorded compares images with the record's adv: within 1e-5 in 99 % of the
// pixels of those images that float64 confirms.
func (l lockstep) recorded(g golden, record string, x [][]float32) {
	t, v := l.n.t, l.n.Victim
	t.Helper()
	adv := g.floats(record+"/adv", goldenImages, v.H, v.W, v.C)
	agree := g.arrays[record+"/agree"].bytes // some records have it
	near, all := 0, 0
	for i := range x {
		if agree != nil && agree[i] == 0 {
			continue
		}
		for k, v := range image(adv, i, v.pixels()) {
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
		norm                 Norm
		share                float32 // of eps in one step; 0: the attack's default
	}{
		{"gradient", "bim-linf", "bim", Linf, 0},
		{"gradient", "bim-l2", "bim", L2, 0},
		{"gradient", "pgd-linf", "pgd(start=clean)", Linf, 0},
		{"gradient", "pgd-l2", "pgd(start=clean)", L2, 0},
		{"gradient", "mifgsm-linf", "mifgsm", Linf, .2},
		{"gradient", "rfgsm-linf", "rfgsm", Linf, 0},
		{"sparse", "pgd-sparse-l1", "pgd(start=clean,steps=8,quantile=.97)", L1, .2},
	} {
		g := openGolden(t, r.file)
		for _, net := range []string{"a", "b"} {
			t.Run(net+"/"+r.record, func(t *testing.T) {
				record := net + "/" + r.record
				a := parse(t, r.attack)[0]
				l := newLockstep(t, net, r.norm, g.eps(record), a)
				x := make([][]float32, goldenImages)
				for i, c := range l.cases {
					x[i] = clone(c.Image)
					if f, ok := a.(*RFGSM); ok {
						px := l.n.Victim.pixels()
						x[i] = f.start(c, clone(image(g.floats(record+"/noise", -1, -1, -1, -1), i, px)))
					}
				}
				l.climb(x, func(c *Case) climber {
					k := climberOf(a, c)
					if r.share > 0 {
						k.alpha = r.share * c.Eps
					}
					return k
				})
				l.recorded(g, record, x)
			})
		}
	}
}

func climberOf(a Attack, c *Case) climber {
	switch a := a.(type) {
	case *BIM:
		return a.climber(c.Eps)
	case *PGD:
		return a.climber(c)
	case *MIFGSM:
		return a.climber(c)
	case *RFGSM:
		return a.climber(c.Eps)
	}
	panic(fmt.Sprintf("%T does not climb", a))
}

// goldenSet are the images of a golden net.
func (n goldenNet) set() Set {
	s := Set{Pixels: n.Images, Labels: n.Labels}
	for i := range n.Labels {
		s.Index = append(s.Index, i)
	}
	return s
}

// FGSM at five radii breaks the images that foolbox's breaks, and the engine
// keeps the very image.
func TestGoldenFGSM(t *testing.T) {
	g := openGolden(t, "gradient")
	for _, net := range []string{"a", "b"} {
		for _, norm := range []Norm{Linf, L2} {
			n, record := openGoldenNet(t, net), net+"/fgsm-"+string(norm)
			a := parse(t, "fgsm")
			st := newStage(t, n.Victim, box(norm), a...)
			sizes, success := g.floats(record+"/sizes", 5), g.bytes(record+"/sizes_success", 5, goldenImages)
			ev := evaluate(t, st, n.set(), Options{Attacks: a, Eps: sizes, Batch: 32, Exhaustive: true})
			for i, at := range ev.Series[0].Attempts[:goldenImages-1] {
				for k := range sizes {
					if want := success[k*goldenImages+i]; at.Tried[k] != '0'+want {
						t.Errorf("%s, image %d at %g: want success %d, got %q", record, i, sizes[k], want, at.Tried[k])
					}
				}
			}
			ev = evaluate(t, st, n.set(), Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			adv := g.floats(record+"/adv", goldenImages, -1, -1, -1)
			for i, at := range ev.Series[0].Attempts {
				if at.Image != nil && goldenApart(at.Image, image(adv, i, n.Victim.pixels())) > 1e-5 {
					t.Errorf("%s, image %d: want the image that foolbox makes, got one %g away", record, i, goldenApart(at.Image, image(adv, i, n.Victim.pixels())))
				}
			}
		}
	}
}

// Whatever another library breaks by PGD, ours breaks at the same eps: it
// counts every iterate, and in L1 its steps are better.
func TestGoldenPGDBreaksAsMuch(t *testing.T) {
	g := openGolden(t, "gradient")
	for _, net := range []string{"a", "b"} {
		for _, norm := range Threats {
			n, record := openGoldenNet(t, net), net+"/pgd-"+string(norm)
			a := parse(t, "pgd(start=clean)")
			ev := evaluate(t, newStage(t, n.Victim, box(norm), a...), n.set(), Options{Attacks: a, Eps: []float32{g.eps(record)}, Batch: 32})
			theirs := 0
			for i, s := range g.bytes(record+"/success", goldenImages) {
				if s == 1 && ev.Right(i) {
					theirs++
				}
				if s == 1 && ev.Right(i) && !ev.Breaks(0, i, g.eps(record)) {
					t.Errorf("%s: foolbox breaks image %d, ours does not", record, i)
				}
			}
			t.Logf("%s: foolbox breaks %d, ours %d of %d", record, theirs, ev.Broken(0, g.eps(record)), ev.CleanRight)
		}
	}
}

// Both DLR losses and their gradients; the target is the best other class.
func TestGoldenDLR(t *testing.T) {
	for _, net := range []string{"a", "b"} {
		l := newLockstep(t, net, Linf, .1, parse(t, "apgd-t", "apgd(loss=dlr)")...)
		var target []int32
		for i, c := range l.cases {
			k := l.n.Victim.Classes
			target = append(target, int32(rival(l.n.floats("logits", -1, -1)[i*k:][:k], c.Label)))
		}
		for key, loss := range map[string]Loss{"dlr": DLR, "dlr_targeted": TargetedDLR} {
			want, gradients := l.n.floats(key, goldenImages), l.n.floats(key+"_gradient", 8, -1, -1, -1)
			for i, a := range l.look(loss, func(i int) []float32 { return l.cases[i].Image }, target) {
				if math.Abs(float64(a.loss-want[i])) > 1e-5 {
					t.Errorf("net %s, image %d: want a %s of %g, got %g", net, i, key, want[i], a.loss)
				}
				if i < 24 {
					continue // gradients of the last 8 were recorded
				}
				if d := goldenApart(a.gradient, image(gradients, i-24, l.n.Victim.pixels())); d > 1e-5 {
					t.Errorf("net %s, image %d: gradient of %s %g away from PyTorch's", net, i, key, d)
				}
			}
		}
	}
}
