package attacks

import (
	"slices"
	"testing"
)

// route100 is an ascent of 100 steps at one grey value, and how to tell it a
// loss; it returns the size of the next step.
func route100(norm Norm) (*ascent, func(loss float32) float32) {
	c := &Case{Image: []float32{.5, .5}, Threat: box(norm), Eps: .25}
	a := newAscent(c, []float32{.5, .5}, 100, .75)
	return a, func(loss float32) float32 {
		a.saw(Slope{Loss: loss, Gradient: []float32{loss, 1}})
		return a.size
	}
}

// Losses that fall halve the step at each of the paper's checkpoints (Croce and
// Hein 2020, section 3.2), and every time the best point and its gradient come back.
func TestAPGDCheckpoints(t *testing.T) {
	a, tell := route100(Linf)
	size := tell(0)
	if size != .5 {
		t.Errorf("want a first step of 2 eps, got %g", size)
	}
	var at []int
	for k := 1; k <= 100; k++ {
		a.step()
		if next := tell(-float32(k)); next < size {
			at = append(at, k)
			if next != size/2 || !slices.Equal(a.x, []float32{.5, .5}) || a.gradient[0] != 0 {
				t.Errorf("step %d: want half of %g and the first point back, got %g at %v", k, size, next, a.x)
			}
			size = next
		}
	}
	if want := []int{22, 41, 57, 70, 80, 87, 93, 99}; !slices.Equal(at, want) {
		t.Errorf("want halvings at %v, got %v", want, at)
	}
}

// Losses that rise never halve it. Losses that rise below the best halve it
// where the checkpoint before did not.
func TestAPGDHalving(t *testing.T) {
	_, tell := route100(L2)
	for k := range 101 {
		if size := tell(float32(k)); size != .5 {
			t.Fatalf("rising, step %d: want a step of 2 eps, got %g", k, size)
		}
	}
	_, tell = route100(L2)
	var at []int
	for k := range 101 {
		loss, before := float32(k), float32(.5)
		if k == 0 {
			loss = 1000
		}
		if len(at) > 0 {
			before /= float32(int(1) << len(at))
		}
		if tell(loss) < before {
			at = append(at, k)
		}
	}
	if want := []int{41, 70, 87, 99}; !slices.Equal(at, want) {
		t.Errorf("rising below the best: want halvings at %v, got %v", want, at)
	}
	// 16 rises of 22 are .727 of them, 17 are .773.
	for rises, want := range map[int]float32{16: .25, 17: .5} {
		_, tell = route100(L2)
		loss, size := float32(100), float32(0)
		tell(loss)
		for k := range 22 {
			if k <= 22-rises && k > 0 {
				loss--
			} else {
				loss++
			}
			size = tell(loss)
		}
		if size != want {
			t.Errorf("%d rises of 22: want a step of %g, got %g", rises, want, size)
		}
	}
}

func TestAPGDTargets(t *testing.T) {
	c := &Case{Clean: []float32{1, 5, 3, 2, 4, 0, -1, 6}, Label: 1, Target: -1, Threat: box(Linf)}
	for _, row := range []struct {
		text string
		norm Norm
		aim  int
		want []int
	}{
		{"apgd-t", Linf, -1, []int{7, 4, 2, 3, 0, 5, 6}},
		{"apgd-t", L1, -1, []int{7, 4, 2, 3, 0}},
		{"apgd-t(targets=3)", L1, -1, []int{7, 4, 2}},
		{"apgd-t", Linf, 5, []int{5}},
	} {
		c.Threat.Norm, c.Target = row.norm, row.aim
		if got := parse(t, row.text)[0].(*APGDT).targets(c); !slices.Equal(got, row.want) {
			t.Errorf("%s in %s: want %v, got %v", row.text, row.norm, row.want, got)
		}
	}
}

func TestAPGDStarts(t *testing.T) {
	for _, row := range []struct {
		given int
		norm  Norm
		want  int
	}{{0, Linf, 1}, {0, L2, 1}, {0, L1, 5}, {1, L1, 1}, {3, L2, 3}} {
		if got := starts(row.given, &Case{Threat: box(row.norm)}); got != row.want {
			t.Errorf("%d given in %s: want %d starts, got %d", row.given, row.norm, row.want, got)
		}
	}
}

func TestFits(t *testing.T) {
	for text, least := range map[string]int{
		"apgd": 2, "pgd(loss=margin)": 2, "apgd(loss=dlr)": 3, "pgd(loss=dlr)": 3, "fgsm(loss=dlr)": 3, "bim(loss=dlr)": 3,
		"rfgsm(loss=dlr)": 3, "mifgsm(loss=dlr)": 3, "apgd-t": 4,
	} {
		f := parse(t, text)[0].(Fitter)
		for k := 2; k < 6; k++ {
			if err := f.Fits(k); (err == nil) != (k >= least) {
				t.Errorf("%s: want it to need %d classes, got %v for %d", text, least, err, k)
			}
		}
	}
	const want = `loss dlr-targeted: want a victim of at least 4 classes, got 3: use loss=margin`
	if err := new(APGDT).Fits(3); err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}

// Starts lie on the ball's surface, or at the box.
func TestAPGDStart(t *testing.T) {
	for _, norm := range Threats {
		c := newLockstep(t, "b", norm, .7, parse(t, "apgd")...).cases[0]
		c.Rand = (&search{attack: new(APGD), about: About(new(APGD)), c: c}).random(1)
		for i := range c.Image {
			c.Image[i] = .5
		}
		if norm == Linf {
			c.Eps = .25
		}
		if d := distance(norm, ascents{steps: 10}.start(c), c.Image); d < .999*float64(c.Eps) || d > 1.001*float64(c.Eps) {
			t.Errorf("%s: want a start at distance %g, got %g", norm, c.Eps, d)
		}
		first, last := ascents{steps: 10}.stages(c.Eps)[0], ascents{steps: 10}.stages(c.Eps)[2]
		if first != (stage{3 * c.Eps, 3}) || last != (stage{c.Eps, 4}) {
			t.Errorf("want 3 steps at 3 eps and 4 at eps, got %v and %v", first, last)
		}
	}
}
