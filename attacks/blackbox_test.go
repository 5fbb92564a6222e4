package attacks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// canvas is a case without an engine, for what asks nothing.
func canvas(n Norm, h, w, c int, eps float32) *Case {
	r := rand.New(rand.NewPCG(3, 4))
	k := &Case{H: h, W: w, C: c, Threat: box(n), Norm: n, Eps: eps, Rand: r, Target: -1, Image: make([]float32, h*w*c)}
	for i := range k.Image {
		k.Image[i] = .3 + .4*r.Float32()
	}
	return k
}

// changedRect is the smallest rectangle that holds all changed pixels.
func changedRect(k *Case, x, before []float32) (r rect, values int) {
	y0, x0, y1, x1 := k.H, k.W, -1, -1
	for i := range x {
		if x[i] != before[i] {
			y, u := i/k.C/k.W, i/k.C%k.W
			y0, x0, y1, x1 = min(y0, y), min(x0, u), max(y1, y), max(x1, u)
			values++
		}
	}
	return rect{y0, x0, y1 - y0 + 1, x1 - x0 + 1}, values
}

// TestSquareWindows: windows reach every pixel, the last row and column too,
// have the size of the schedule, and one sign for each channel.
func TestSquareWindows(t *testing.T) {
	for _, s := range [][3]int{{9, 9, 3}, {12, 5, 1}, {4, 11, 2}} {
		k := canvas(Linf, s[0], s[1], s[2], .1)
		m := signWindows{spots{c: k}}
		best, x := clone(k.Image), make([]float32, len(k.Image))
		m.start(best)
		for i := range best {
			if d := abs(best[i] - k.Image[i]); abs(d-.1) > 1e-6 || sign(best[i]-k.Image[i]) != sign(best[i%(k.W*k.C)]-k.Image[i%(k.W*k.C)]) {
				t.Fatalf("%v: want vertical stripes of ±eps, got %g at %d", s, best[i]-k.Image[i], i)
			}
		}
		hit := make([]bool, k.H*k.W)
		for range 2000 {
			side := 3
			if !m.move(x, best, 9.2/float64(k.H*k.W)) {
				if !slices.Equal(x, best) {
					t.Fatalf("%v: a change is called none", s)
				}
				continue
			}
			r, values := changedRect(k, x, best)
			if r.h > side || r.w > side || values > side*side*k.C {
				t.Fatalf("%v: want changes in a window of %d, got %+v with %d values", s, side, r, values)
			}
			for i := range x {
				if x[i] != best[i] {
					hit[i/k.C] = true
				}
				if d := abs(x[i] - k.Image[i]); abs(d-.1) > 1e-6 {
					t.Fatalf("%v: want every value at ±eps, got %g", s, d)
				}
			}
		}
		if i := slices.Index(hit, false); i >= 0 {
			t.Errorf("%v: no window reached pixel (%d,%d)", s, i/k.W, i%k.W)
		}
	}
}

// TestSquareMovesMass: in L2 and L1 each move stays at the surface of the
// ball, changes two windows only, and reaches every pixel.
func TestSquareMovesMass(t *testing.T) {
	for _, n := range []Norm{L2, L1} {
		for _, s := range [][3]int{{12, 12, 1}, {24, 10, 3}, {3, 4, 1}} {
			eps := map[Norm]float32{L2: .25, L1: .3}[n]
			k := canvas(n, s[0], s[1], s[2], eps)
			m := &pyramidWindows{spots: spots{c: k}}
			best, x := make([]float32, len(k.Image)), make([]float32, len(k.Image))
			hit, most := make([]bool, k.H*k.W), 0
			for i := range 2500 {
				if i%10 == 0 { // in L1 all mass ends in few pixels
					m.start(best)
				}
				if d := distance(n, best, k.Image); math.Abs(d-float64(eps)) > 1e-4*float64(eps) {
					t.Fatalf("%s %v, move %d: want distance %g, got %g", n, s, i, eps, d)
				}
				m.move(x, best, 9.2/float64(k.H*k.W))
				still, emptied := 0, 0
				for j := range k.H * k.W {
					a, b := float64(x[j*k.C]-k.Image[j*k.C]), float64(best[j*k.C]-k.Image[j*k.C])
					if math.Abs(a-b) < 1e-6 || math.Abs(a) < 1e-6 && math.Abs(b) < 1e-6 {
						still++
					} else {
						hit[j] = true
					}
					if math.Abs(a) < 1e-7 && math.Abs(b) > 1e-7 {
						emptied++
					}
				}
				most = max(most, emptied)
				// Scaling to the surface moves the rest a little, but in L2 only
				// where the box cut something off.
				if least := k.H*k.W - 18; n == L2 && still < least {
					t.Fatalf("%s %v, move %d: want %d pixels left alone, got %d", n, s, i, least, still)
				}
				copy(best, x)
			}
			if i := slices.Index(hit, false); i >= 0 {
				t.Errorf("%s %v: no window reached pixel (%d,%d)", n, s, i/k.W, i%k.W)
			}
			if want := 9; n == L2 && k.H > 3 && most < want {
				t.Errorf("%s %v: want a window of %d pixels emptied, got at most %d", n, s, want, most)
			}
		}
	}
}

// TestSquareSchedule is the table of the authors' code.
func TestSquareSchedule(t *testing.T) {
	for _, c := range []struct {
		i    int
		half int
	}{{0, 0}, {10, 0}, {11, 1}, {50, 1}, {51, 2}, {200, 2}, {201, 3}, {501, 4}, {1001, 5}, {2001, 6}, {4001, 7}, {6001, 8}, {8001, 9}} {
		a := &Square{P: .8, Queries: 5000}
		want := .8 / math.Pow(2, float64(c.half))
		if p := a.share(c.i); math.Abs(p-want) > 1e-6 {
			t.Errorf("candidate %d: want p %g, got %g", c.i, want, p)
		}
		a.Rescale = true
		if p := a.share((c.i + 1) / 2); c.i > 1000 && math.Abs(p-want) > 1e-6 {
			t.Errorf("rescaled, candidate %d: want p %g, got %g", (c.i+1)/2, want, p)
		}
	}
}

// spy is an attack that a test writes: it runs with the questions of a real
// case.
type spy struct {
	Common
	needs []Loss
	do    func(c *Case)
}

func (s *spy) Needs(Victim) []Loss { return s.needs }
func (s *spy) Attack(c *Case)      { s.do(c) }

// onCases runs do on each image of set that is classified right.
func onCases(t *testing.T, v Victim, n Norm, set Set, needs []Loss, do func(c *Case)) *Evaluation {
	t.Helper()
	s := &spy{Common{EOT: 1}, needs, do}
	eps := map[Norm]float32{Linf: 1, L2: 1e3, L1: 1e3}[n] // all of the box
	return evaluate(t, newStage(t, v, box(n), s), set, Options{Attacks: []Attack{s}, Eps: []float32{eps}, Batch: 64, Exhaustive: true})
}

// TestEstimates compares gradients estimated from logits with the true one of
// a linear model.
func TestEstimates(t *testing.T) {
	l := newLinear(2, 4, 5, 1, 3)
	for _, gaussian := range []bool{false, true} {
		onCases(t, l.victim(), Linf, l.labelled(1, 4, .2, .8), nil, func(c *Case) {
			const pairs = 600
			g, z := c.antithetic(c.Image, pairs, .01, func(v []float32) {
				for i := range v {
					v[i] = float32(2*c.Rand.IntN(2) - 1)
					if gaussian {
						v[i] = float32(c.Rand.NormFloat64())
					}
				}
			}, func(z []float32) float64 { return -float64(c.margin(z)) })
			want := l.gradient(Margin, c.Image, int32(c.Label))
			var ab, aa, bb float64
			for i := range g {
				ab -= float64(g[i]) * want[i]
				aa += float64(g[i]) * float64(g[i])
				bb += want[i] * want[i]
			}
			// n pairs in d dimensions: the noise is sqrt(d/n) of the gradient.
			if cos := ab / math.Sqrt(aa*bb); cos < .97 || math.Abs(aa/bb-1) > .15 {
				t.Errorf("gaussian %v, image %d: cosine %g, squared length %g of the true gradient's", gaussian, c.Index, cos, aa/bb)
			}
			if zz := l.logits(c.Image); math.Abs(float64(z[0])-zz[0]) > 1e-4 {
				t.Errorf("logits %v, want %v", z, zz)
			}
			if c.Spent.Forward != 2*pairs+1 {
				t.Errorf("want %d passes, got %d", 2*pairs+1, c.Spent.Forward)
			}
		})
	}
}

// TestDecisionsOnPlanes: on a linear classifier the boundary's distance is
// known; decision attacks must come near it, and score attacks succeed just
// beyond it.
func TestDecisionsOnPlanes(t *testing.T) {
	l := newLinear(4, 4, 4, 1, 2)
	for k := range l.bias {
		l.bias[k] = 0
		for i := range l.weights[k] {
			l.weights[k][i] *= .3
			l.bias[k] -= .5 * l.weights[k][i] // the boundary goes through grey: it is far from the box
		}
	}
	set := l.labelled(1, 8, .4, .6)
	for _, c := range []struct {
		attack string
		norm   Norm
		ratio  float64
	}{
		{"boundary(steps=5000)", L2, 1.15},
		{"hopskipjump(steps=12,start=noise)", L2, 1.05},
		{"hopskipjump(steps=12)", Linf, 1.25},
	} {
		list := parse(t, c.attack)
		ev := evaluate(t, newStage(t, l.victim(), box(c.norm), list...), set, Options{Attacks: list, Eps: []float32{.9}, Batch: 16, Exhaustive: true})
		for i, at := range ev.Series[0].Attempts {
			if !at.Done {
				continue
			}
			x := image(set.Pixels, i, 16)
			z := l.logits(x)
			var size float64
			for j := range x {
				d := math.Abs(float64(l.weights[0][j]) - float64(l.weights[1][j]))
				if c.norm == L2 {
					d *= d
				}
				size += d
			}
			if c.norm == L2 {
				size = math.Sqrt(size)
			}
			best := math.Abs(z[0]-z[1]) / size
			if ratio := float64(at.Distance) / best; !(ratio >= .999 && ratio <= c.ratio) {
				t.Errorf("%s, image %d: distance %g is %g times the smallest, %g; want at most %g", c.attack, i, at.Distance, ratio, best, c.ratio)
			}
		}
	}
}

// TestNormal: the direction that HopSkipJump estimates on a plane is the
// plane's; where all points are on one side it is still a direction.
func TestNormal(t *testing.T) {
	l := newLinear(4, 4, 4, 1, 2)
	onCases(t, l.victim(), L2, l.labelled(1, 4, .3, .7), nil, func(c *Case) {
		a := &HopSkipJump{}
		far := c.outset("noise")
		if far == nil {
			t.Fatalf("image %d: no start", c.Index)
		}
		x := c.homeward(far, L2, 1e-6)
		g := a.normal(c, x, 800, .1)
		want := l.gradient(Margin, x, int32(c.Label))
		var ab, bb float64
		for i := range g {
			ab += float64(g[i]) * want[i]
			bb += want[i] * want[i]
		}
		if cos := ab / math.Sqrt(bb); cos < .95 {
			t.Errorf("image %d: cosine %g with the plane's normal", c.Index, cos)
		}
		if size := norm(L2, a.normal(c, far, 20, 1e-6)); abs(size-1) > 1e-3 {
			t.Errorf("image %d: far from the boundary want a direction of length 1, got %g", c.Index, size)
		}
	})
}

// TestWalkProposals: a move on the sphere keeps the distance and has its size,
// the step towards the image shortens it by its part.
func TestWalkProposals(t *testing.T) {
	k := canvas(L2, 8, 8, 1, 1)
	x := clone(k.Image)
	for i := range x {
		x[i] += .05 * float32(k.Rand.NormFloat64())
	}
	w := &walk{c: k, x: x, spherical: .2, inward: .1}
	for range 50 {
		near, on, radius := w.propose()
		if d := distance(L2, on, k.Image); math.Abs(d/radius-1) > 1e-4 {
			t.Fatalf("want a move on the sphere of radius %g, got distance %g", radius, d)
		}
		if d := distance(L2, near, k.Image); math.Abs(d/radius-.9) > 1e-4 {
			t.Fatalf("want a step to %g, got distance %g", .9*radius, d)
		}
		// The tangent has length .2 radius: the chord back on the sphere is shorter.
		if d, want := distance(L2, on, x), 2*radius*math.Sin(math.Atan(.2)/2); math.Abs(d/want-1) > 1e-3 {
			t.Fatalf("want a move of %g, got %g", want, d)
		}
	}
}

// TestTally: sizes change where enough of the latest outcomes agree.
func TestTally(t *testing.T) {
	c := tally{of: 10, low: .2, high: .5}
	var got []float64
	for i := range 35 {
		if f := c.count(i < 10 || i >= 20 && i%3 == 0, 2); f != 1 {
			got = append(got, float64(i), f)
		}
	}
	// Ten successes; ten failures; then a third, which is between.
	if want := []float64{9, 2, 19, .5}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

// TestNoise: uniform noise fills the ball, Gaussian noise has the size it
// should have after the box has cut it.
func TestNoise(t *testing.T) {
	for _, n := range []Norm{L2, L1} {
		k := canvas(n, 5, 5, 2, 3)
		d, x := make([]float32, len(k.Image)), make([]float32, len(k.Image))
		for range 20 {
			for i := range d {
				d[i] = float32(k.Rand.NormFloat64())
			}
			axpy(x, k.Image, k.stretch(x, d), d)
			k.Threat.Clip(x)
			if got := distance(n, x, k.Image); math.Abs(got-3) > 1e-3 {
				t.Fatalf("%s: want distance 3 after the cut, got %g", n, got)
			}
		}
	}
	k := canvas(Linf, 20, 20, 1, .1)
	x := make([]float32, 400)
	for _, share := range []float64{.1, .5, 1} {
		(&SaltPepper{}).draw(k, x, share)
		black, white := 0., 0.
		for _, v := range x {
			switch v {
			case 0:
				black++
			case 1:
				white++
			}
		}
		if math.Abs(black/400-share/2) > .06 || math.Abs(white/400-share/2) > .06 {
			t.Errorf("salt and pepper, share %g: %g black, %g white of 400", share, black, white)
		}
	}
}
