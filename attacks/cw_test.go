package attacks

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAdam compares the running averages with their closed form: sums of past
// gradients with powers of the decay.
func TestAdam(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	a := newAdam(1, .01)
	for run := range 2 { // the second after a reset
		a.reset()
		w, want := []float64{.3}, .3
		var past []float64
		for range 50 {
			g := r.NormFloat64() + 1
			past = append(past, g)
			a.step(w, []float64{g})
			var m, v, mass1, mass2 float64
			for i, g := range past {
				age := float64(len(past) - 1 - i)
				m, v = m+math.Pow(.9, age)*g, v+math.Pow(.999, age)*g*g
				mass1, mass2 = mass1+math.Pow(.9, age), mass2+math.Pow(.999, age)
			}
			want -= float64(float32(.01)) * (m / mass1) / (math.Sqrt(v/mass2) + 1e-8)
			if math.Abs(w[0]-want) > 1e-12 {
				t.Fatalf("run %d, step %d: want %g, got %g", run, len(past), want, w[0])
			}
		}
	}
}

// TestTanhSpace: it starts at the clean image, no w leaves the box, and its
// gradient is that of finite differences.
func TestTanhSpace(t *testing.T) {
	threat := Threat{Norm: L2, Lo: -1, Hi: 3}
	clean := []float32{-1, 3, .25, 1, -.9999, 2.7}
	s := newTanhSpace(threat, clean)
	if d := goldenApart(s.x, clean); d > 4e-6 {
		t.Errorf("want the clean image within 4e-6, got %g", d)
	}
	slope := []float32{.3, -2, 1, .5, -.1, 4} // of the margin by x
	const weight = 1.7
	loss := func(w []float64) (sum float64) {
		for i, v := range w {
			x := 1 + 2*math.Tanh(v)
			sum += (x-float64(clean[i]))*(x-float64(clean[i])) - weight*float64(slope[i])*x
		}
		return sum
	}
	w := []float64{-1.2, .7, .1, -.4, 2, -.8}
	copy(s.w, w)
	s.move()
	for i, got := range s.gradient(slope, weight) {
		const h = 1e-5
		a, b := append([]float64(nil), w...), append([]float64(nil), w...)
		a[i], b[i] = a[i]+h, b[i]-h
		if want := (loss(a) - loss(b)) / (2 * h); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("gradient %d: want %g, got %g", i, want, got)
		}
	}
	for _, far := range []float64{-1e9, 1e9, 25, -25} {
		for i := range s.w {
			s.w[i] = far
		}
		s.move()
		for _, v := range s.x {
			if !(v >= -1 && v <= 3) {
				t.Errorf("w %g: %g is outside the box", far, v)
			}
		}
	}
	if s.reset(); goldenApart(s.x, clean) > 4e-6 {
		t.Error("reset: want the clean image again")
	}
}

// TestWeights: weights grow tenfold until one succeeds, then halve the bracket;
// the last of ten is the smallest that did.
func TestWeights(t *testing.T) {
	const needed = .7
	for _, c := range []struct {
		tries int
		want  []float64
	}{
		{6, []float64{.1, 1, .55, .775, .6625, .71875}},
		{10, []float64{.1, 1, .55, .775, .6625, .71875, .690625, .7046875, .69765625, .7046875}},
	} {
		w := newWeights(.1, c.tries)
		for i, want := range c.want {
			if math.Abs(w.at-want) > 1e-6 {
				t.Errorf("%d tries: want weight %g at %d, got %g", c.tries, want, i, w.at)
			}
			w.next(w.at >= needed)
		}
	}
}

// TestStall: stuck where a tenth of the steps brought less than a ten-thousandth.
func TestStall(t *testing.T) {
	s := newStall(true, 100)
	for i := range 100 {
		loss := math.Max(1-.002*float64(i), .93) // falls until step 35
		if i%10 != 0 {
			loss = 5 // not looked at
		}
		if got, want := s.stuck(i, loss), i == 50; got != want {
			t.Fatalf("step %d: want stuck %v, got %v", i, want, got)
		} else if got {
			break
		}
	}
	if s := newStall(true, 100); s.stuck(0, 1) || !s.stuck(10, math.NaN()) {
		t.Error("want a loss that is no number stuck")
	}
	if s := newStall(false, 100); s.stuck(0, 1) || s.stuck(10, 1) {
		t.Error("switched off: want never stuck")
	}
}
