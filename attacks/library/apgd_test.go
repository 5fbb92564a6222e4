package library

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// newAscent100 is an ascent of 100 steps from one grey value, and a function that
// lets it observe a loss and returns its step size.
func newAscent100(norm attacks.Norm) (*apgdAscent, func(loss float32) float32) {
	o := &attacks.Oracle{Problem: attacks.Problem{Image: []float32{.5, .5}, Threat: attacktest.UnitBox(norm), Eps: .25}}
	a := newAPGDAscent(o, []float32{.5, .5}, 100, .75)
	return a, func(loss float32) float32 {
		a.observe(attacks.LossGradient{Loss: loss, Gradient: []float32{loss, 1}})
		return a.stepSize
	}
}

// Decreasing losses halve the step size at each of the paper's checkpoints (Croce
// and Hein 2020, section 3.2), and each time return to the best point and its
// gradient.
func TestAPGDCheckpoints(t *testing.T) {
	a, observe := newAscent100(attacks.Linf)
	size := observe(0)
	if size != .5 {
		t.Errorf("want a first step of 2 eps, got %g", size)
	}
	var at []int
	for k := 1; k <= 100; k++ {
		a.step()
		if next := observe(-float32(k)); next < size {
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

// Increasing losses never halve it. Losses that increase, but stay below the best,
// halve it where the checkpoint before did not.
func TestAPGDHalving(t *testing.T) {
	_, observe := newAscent100(attacks.L2)
	for k := range 101 {
		if size := observe(float32(k)); size != .5 {
			t.Fatalf("rising, step %d: want a step of 2 eps, got %g", k, size)
		}
	}
	_, observe = newAscent100(attacks.L2)
	var at []int
	for k := range 101 {
		loss, before := float32(k), float32(.5)
		if k == 0 {
			loss = 1000
		}
		if len(at) > 0 {
			before /= float32(int(1) << len(at))
		}
		if observe(loss) < before {
			at = append(at, k)
		}
	}
	if want := []int{41, 70, 87, 99}; !slices.Equal(at, want) {
		t.Errorf("rising below the best: want halvings at %v, got %v", want, at)
	}
	// 16 rises of 22 are .727 of them, 17 are .773.
	for rises, want := range map[int]float32{16: .25, 17: .5} {
		_, observe = newAscent100(attacks.L2)
		loss, size := float32(100), float32(0)
		observe(loss)
		for k := range 22 {
			if k <= 22-rises && k > 0 {
				loss--
			} else {
				loss++
			}
			size = observe(loss)
		}
		if size != want {
			t.Errorf("%d rises of 22: want a step of %g, got %g", rises, want, size)
		}
	}
}

func TestAPGDTargets(t *testing.T) {
	o := &attacks.Oracle{Problem: attacks.Problem{Clean: []float32{1, 5, 3, 2, 4, 0, -1, 6}, Label: 1, Target: -1, Threat: attacktest.UnitBox(attacks.Linf)}}
	for _, row := range []struct {
		text string
		norm attacks.Norm
		aim  int
		want []int
	}{
		{"apgd-t", attacks.Linf, -1, []int{7, 4, 2, 3, 0, 5, 6}},
		{"apgd-t", attacks.L1, -1, []int{7, 4, 2, 3, 0}},
		{"apgd-t(targets=3)", attacks.L1, -1, []int{7, 4, 2}},
		{"apgd-t", attacks.Linf, 5, []int{5}},
	} {
		o.Threat.Norm, o.Target = row.norm, row.aim
		a := attacktest.Parse(t, row.text)[0].(*APGDT)
		if got := targetClasses(o, a.targetsIn(row.norm)); !slices.Equal(got, row.want) {
			t.Errorf("%s in %s: want %v, got %v", row.text, row.norm, row.want, got)
		}
	}
}

func TestAPGDStarts(t *testing.T) {
	for _, row := range []struct {
		given int
		norm  attacks.Norm
		want  int
	}{{0, attacks.Linf, 1}, {0, attacks.L2, 1}, {0, attacks.L1, 5}, {1, attacks.L1, 1}, {3, attacks.L2, 3}} {
		if got := restartsIn(row.norm, row.given); got != row.want {
			t.Errorf("%d given in %s: want %d starts, got %d", row.given, row.norm, row.want, got)
		}
	}
}

func TestCheckClasses(t *testing.T) {
	for text, least := range map[string]int{
		"apgd": 2, "pgd(loss=margin)": 2, "apgd(loss=dlr)": 3, "pgd(loss=dlr)": 3, "fgsm(loss=dlr)": 3, "bim(loss=dlr)": 3,
		"rfgsm(loss=dlr)": 3, "mifgsm(loss=dlr)": 3, "apgd-t": 4,
	} {
		f := attacktest.Parse(t, text)[0].(attacks.ClassChecker)
		for k := 2; k < 6; k++ {
			if err := f.CheckClasses(k); (err == nil) != (k >= least) {
				t.Errorf("%s: want it to need %d classes, got %v for %d", text, least, err, k)
			}
		}
	}
	const want = `loss dlr-targeted: want a victim of at least 4 classes, got 3: use loss=margin`
	if err := new(APGDT).CheckClasses(3); err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}

// Starts lie on the ball's surface, or at the box.
func TestAPGDStart(t *testing.T) {
	for _, norm := range attacks.Threats {
		o := newLockstep(t, "b", norm, .7, attacktest.Parse(t, "apgd")...).oracles[0]
		o.Rand = rand.New(rand.NewPCG(1, 1))
		for i := range o.Image {
			o.Image[i] = .5
		}
		if norm == attacks.Linf {
			o.Eps = .25
		}
		if d := norm.Distance(apgdSettings{steps: 10}.startingPoint(o), o.Image); d < .999*float64(o.Eps) || d > 1.001*float64(o.Eps) {
			t.Errorf("%s: want a start at distance %g, got %g", norm, o.Eps, d)
		}
		first, last := apgdSettings{steps: 10}.phases(o.Eps)[0], apgdSettings{steps: 10}.phases(o.Eps)[2]
		if first != (apgdPhase{3 * o.Eps, 3}) || last != (apgdPhase{o.Eps, 4}) {
			t.Errorf("want 3 steps at 3 eps and 4 at eps, got %v and %v", first, last)
		}
	}
}
