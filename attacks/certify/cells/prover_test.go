package cells

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

const side = 8

// linear is a model of two classes whose margin of class 0 is w·x + b.
type linear struct {
	w []float32
	b float32
}

func newLinear(r *rand.Rand) linear {
	m := linear{w: make([]float32, side*side)}
	for i := range m.w {
		m.w[i] = float32(r.NormFloat64())
	}
	return m
}

func (m linear) margin(x []float64) float64 {
	sum := float64(m.b)
	for i, v := range x {
		sum += float64(m.w[i]) * v
	}
	return sum
}

func (m linear) victim() attacks.Victim {
	return attacks.Victim{H: side, W: side, C: 1, Classes: 2, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		w := make([][]float32, len(m.w))
		for i, v := range m.w {
			w[i] = []float32{v, 0}
		}
		z := op.MatMul(s.Op("logits"), s.Flatten(x), op.Const(s.Op("w"), w))
		return op.BiasAdd(s.Op("bias"), z, op.Const(s.Op("b"), []float32{m.b, 0}))
	}}
}

// open is a prover of a victim.
func open(t *testing.T, v attacks.Victim, m Method, threat string) certify.Prover {
	t.Helper()
	if m.Batch == 0 {
		m.Batch = 16
	}
	m.Cells, m.Seconds, m.Tries = max(m.Cells, 1), max(m.Seconds, 1), max(m.Tries, 2)
	var found func(*graphs.Net) certify.Prover
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		found, err = m.Declare(b, v, threat)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return found(net)
}

func blocks(images ...[]float32) attacks.Images {
	var set attacks.Images
	for i, x := range images {
		set.Pixels, set.Labels, set.Index = append(set.Pixels, x...), append(set.Labels, 0), append(set.Index, i)
	}
	return set
}

func prove(t *testing.T, p certify.Prover, set attacks.Images, size float64) []certify.Result {
	t.Helper()
	out, err := p.Prove(t.Context(), set, size)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An example at the exact limit of a size counts, whatever the largest size is: shares of
// it are not exact.
func TestExamplesAtTheLimit(t *testing.T) {
	m := newLinear(rand.New(rand.NewPCG(1, 2)))
	v := m.victim()
	for _, c := range []struct {
		threat string
		at     []float64
		size   float64
	}{
		{"rotate(25)", []float64{-7}, 7}, {"rotate(45)", []float64{7}, 7}, {"shear(.3)", []float64{float64(float32(.1))}, float64(float32(.1))},
	} {
		p := open(t, v, Method{}, c.threat)
		threat, err := geometry.Parse(c.threat)
		if err != nil {
			t.Fatal(err)
		}
		image := noise(rand.New(rand.NewPCG(3, 4)), side*side)
		example := make([]float32, len(image))
		threat.Apply(example, image, c.at, v.H, v.W, v.C)
		if size, ok := p.(certify.Judge).SizeOf(image, example, c.at); !ok || size != c.size {
			t.Errorf("%s at %v: want size %v, got %v, %t", c.threat, c.at, c.size, size, ok)
		}
	}
}

// checkExample refutes an example that is none.
func checkExample(t *testing.T, m linear, p certify.Prover, image []float32, r certify.Result, size float64) {
	t.Helper()
	at, ok := p.(certify.Judge).SizeOf(image, r.Example, r.Parameters)
	var x []float64
	for _, v := range r.Example {
		x = append(x, float64(v))
	}
	if !ok || at > size*(1+1e-6) || len(x) == 0 || m.margin(x) > 1e-5 {
		t.Errorf("the example at %v is of size %g, %v, margin %g", r.Parameters, at, ok, m.margin(x))
	}
}

// TestLinearUnderRotation: the least margin over all angles is known from a fine
// grid. Images are proven where it is positive, broken where it is not, and no
// lower bound is above it.
func TestLinearUnderRotation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	m := newLinear(r)
	m.b = 1
	threat := mustParse(t, "rotate(30)")
	p := open(t, m.victim(), Method{Cells: 4000, Seconds: 60, Tries: 2}, "rotate(30)")
	seen := map[certify.Status]int{}
	for range 4 {
		image := noise(r, side*side)
		for _, size := range []float64{3, 30} {
			least := math.Inf(1)
			for i := range 2001 {
				angle := size * (float64(i)/1000 - 1)
				least = min(least, m.margin(transform(threat, image, map[string]float64{"rotate": angle}, side, side, 1)))
			}
			clean := m.margin(transform(threat, image, nil, side, side, 1))
			got := prove(t, p, blocks(image), size)[0]
			want := certify.Proven
			if least <= 0 {
				want = certify.Broken
			}
			if clean <= 0 {
				want = certify.Misclassified
			}
			seen[got.Status]++
			if got.Status != want {
				t.Errorf("±%g: least margin %g: want %s, got %s after %d cells", size, least, want, got.Status, got.Domains)
			}
			if got.Lower != nil && *got.Lower > least+1e-6 {
				t.Errorf("±%g: bound %g above the margin %g", size, *got.Lower, least)
			}
			if got.Status == certify.Broken {
				checkExample(t, m, p, image, got, size)
			}
		}
	}
	if seen[certify.Proven] == 0 || seen[certify.Broken] == 0 {
		t.Errorf("want proven and broken images, got %v", seen)
	}
}

// TestSumOfThreats: a sum of three parameters is settled, and agrees with random
// samples of it.
func TestSumOfThreats(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 9))
	m := newLinear(r)
	threat := mustParse(t, "rotate+translate(10,.5px)")
	image := noise(r, side*side)
	least := math.Inf(1)
	for range 4000 {
		q := map[string]float64{}
		for _, k := range threat.Parameters() {
			q[k.Name] = k.Limit * max(-1, min(1, 1.2*(2*r.Float64()-1)))
		}
		least = min(least, m.margin(transform(threat, image, q, side, side, 1)))
	}
	for _, c := range []struct {
		offset float64
		want   certify.Status
	}{{.3, certify.Proven}, {-.05, certify.Broken}} {
		m.b = float32(c.offset - least)
		p := open(t, m.victim(), Method{Cells: 20000, Seconds: 60, Tries: 27}, threat.String())
		got := prove(t, p, blocks(image), 1)[0]
		if got.Status != c.want {
			t.Errorf("margin %g: want %s, got %s after %d cells", c.offset, c.want, got.Status, got.Domains)
		}
		if got.Status == certify.Broken {
			checkExample(t, m, p, image, got, 1)
		}
	}
}

// TestWholeMoves: the verdict is that of all moves, one by one, also of a model with an
// operator that has no bounds.
func TestWholeMoves(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	m := newLinear(r)
	m.b = 2
	v := m.victim()
	logits := v.Logits
	v.Logits = func(s *graphs.Scope, x tf.Output) tf.Output { return op.Asinh(s.Op("monotone"), logits(s, x)) }
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		_, err := (&Method{Batch: 1, Cells: 1, Seconds: 1, Tries: 2}).Declare(b, v, "translate(2px)")
		return err
	})
	var unsupported *bounds.UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Fatalf("want an operator without bounds, got %v", err)
	}
	p := open(t, v, Method{}, "translate(2px,whole)")
	seen := map[certify.Status]int{}
	for range 12 {
		image := noise(r, side*side)
		for _, size := range []int{1, 2} {
			least := math.Inf(1)
			for dy := -size; dy <= size; dy++ {
				for dx := -size; dx <= size; dx++ {
					x := make([]float64, len(image))
					for i := range x { // pixel (x,y) comes from (x-dx,y-dy)
						if u, v := i%side-dx, i/side-dy; u >= 0 && v >= 0 && u < side && v < side {
							x[i] = float64(image[v*side+u])
						}
					}
					least = min(least, m.margin(x))
				}
			}
			got := prove(t, p, blocks(image), float64(size))[0]
			seen[got.Status]++
			if proven := got.Status == certify.Proven; proven != (least > 0) || got.Status == certify.Open {
				t.Errorf("%d px: least margin %g, got %s", size, least, got.Status)
			}
			if got.Status == certify.Broken {
				checkExample(t, m, p, image, got, float64(size))
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("want proven and broken images, got %v", seen)
	}
}

// TestLinearUnderField: a field of one channel makes any values within each
// pixel's range, so that the least margin is the sum of the least terms.
func TestLinearUnderField(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	m := newLinear(r)
	image := noise(r, side*side)
	const size, fine = .7, 14
	var least float64
	for i, w := range m.w {
		term := math.Inf(1)
		for a := -fine; a <= fine; a++ {
			for b := -fine; b <= fine; b++ {
				q := map[string]float64{"dx": size * float64(a) / fine, "dy": size * float64(b) / fine}
				v := sampleAt(image, float64(i%side)-q["dx"], float64(i/side)-q["dy"])
				term = min(term, float64(w)*v)
			}
		}
		least += term
	}
	for _, c := range []struct {
		offset float64
		want   certify.Status
	}{{.01, certify.Proven}, {-.01, certify.Broken}} {
		m.b = float32(c.offset - least)
		p := open(t, m.victim(), Method{Seconds: 20}, "field(1px)")
		got := prove(t, p, blocks(image), size)[0]
		if got.Status != c.want || got.Lower != nil && *got.Lower > c.offset {
			t.Errorf("least margin %g: want %s, got %s, bound %v", c.offset, c.want, got.Status, got.Lower)
		}
		if got.Status == certify.Broken {
			checkExample(t, m, p, image, got, size)
		}
	}
}

// sampleAt is the bilinear sample, zero outside.
func sampleAt(image []float32, u, v float64) (sum float64) {
	for i, x := range image {
		sum += float64(x) * max(0, 1-math.Abs(u-float64(i%side))) * max(0, 1-math.Abs(v-float64(i/side)))
	}
	return sum
}

// TestBudget: what is not settled in time is open, a proof that is interrupted
// says so, and nothing but the image itself is of size 0.
func TestBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	m := newLinear(r)
	m.b = 100
	image := noise(r, side*side)
	p := open(t, m.victim(), Method{Cells: 1, Seconds: 60, By: "ibp"}, "rotate+translate(180,30px)")
	if got := prove(t, p, blocks(image), 0)[0]; got.Status != certify.Proven {
		t.Errorf("size 0: got %s", got.Status)
	}
	m.b = 18
	p = open(t, m.victim(), Method{Cells: 1, Seconds: 60, By: "ibp"}, "rotate+translate(180,30px)")
	got := prove(t, p, blocks(image), 1)[0]
	if got.Status != certify.Open || got.Domains != 1 || got.Lower == nil || *got.Lower > 0 {
		t.Errorf("one cell: got %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Prove(ctx, blocks(image), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
	if _, err := p.Prove(t.Context(), blocks(image), 2); err == nil || !strings.Contains(err.Error(), "makes rotate at most 180") {
		t.Errorf("want sizes refused that the threat does not have, got %v", err)
	}
}

// TestTogether: results do not depend on which images come together.
func TestTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	m := newLinear(r)
	m.b = 3
	a, b := noise(r, side*side), noise(r, side*side)
	p := open(t, m.victim(), Method{Cells: 500, Seconds: 60}, "rotate(30)")
	both := prove(t, p, blocks(a, b), 20)
	for i, image := range [][]float32{a, b} {
		alone := prove(t, p, blocks(image), 20)[0]
		if alone.Status != both[i].Status || alone.Domains != both[i].Domains || !slices.Equal(alone.Parameters, both[i].Parameters) {
			t.Errorf("image %d: %+v alone, %+v with another", i, alone, both[i])
		}
	}
}

// TestDeclareRefuses: what cannot be proven is refused before.
func TestDeclareRefuses(t *testing.T) {
	good := newLinear(rand.New(rand.NewPCG(1, 1))).victim()
	odd := good
	odd.Logits = func(s *graphs.Scope, x tf.Output) tf.Output { return good.Logits(s, op.Cos(s.Op("cos"), x)) }
	line := good
	line.H, line.W = 1, 64
	for want, c := range map[string]struct {
		v      attacks.Victim
		threat string
	}{
		"Cos":                {odd, "rotate(30)"},
		"at least 2x2":       {line, "rotate(30)"},
		"want one of rotate": {good, "linf"},
	} {
		_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			_, err := (&Method{Batch: 4, Seconds: 1}).Declare(b, c.v, c.threat)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	var unsupported *bounds.UnsupportedError
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		_, err := (&Method{Batch: 4, Seconds: 1}).Declare(b, odd, "rotate(30)")
		return err
	})
	if !errors.As(err, &unsupported) {
		t.Errorf("want an UnsupportedError, got %v", err)
	}
}

// TestMethodText: the catalogue reads the method, and its name says what decides.
func TestMethodText(t *testing.T) {
	m, err := certify.Parse("cells(by=crown,cells=7,batch=3)")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(*Method).name(); got != "cells(by=crown,cells=7,seconds=60,tries=400)" {
		t.Error(got)
	}
	e, ok := certify.About("cells")
	if !ok || !e.Threat("rotate(3)") || e.Threat("linf") {
		t.Errorf("want the entry for geometric threats, got %+v", e)
	}
	if got := (&Method{By: "auto"}).bounds(geometry.Threat{Field: 1}); got != bounds.AlphaCROWN {
		t.Error(got)
	}
}
