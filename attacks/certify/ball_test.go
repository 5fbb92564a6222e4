package certify_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// open makes the prover of a method for v, and the logits of v in the same net.
func open(t *testing.T, v attacks.Victim, method, threat string) (certify.Prover, func(...[]float32) ([][]float32, error)) {
	t.Helper()
	m, err := certify.Parse(method)
	if err != nil {
		t.Fatal(err)
	}
	var p func(*graphs.Net) certify.Prover
	var g *engine.AttackGraph
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if g, err = engine.NewAttackGraph(b, v, attacktest.UnitBox(attacks.Norm(threat))); err != nil {
			return err
		}
		p, err = m.Declare(b, v, threat)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return p(net), engine.NewBatchRunner(engine.Session{Graph: g, Net: net}, 16).Logits
}

// exactRadius is how far x is from being misclassified by a linear model: the least
// margin by the dual norm of its weights, where the box [0,1] is not met. In L1,
// where it is, the values of largest weight are changed first, as far as they can.
func exactRadius(l attacktest.Linear, x []float32, label int, n attacks.Norm) float64 {
	least := math.Inf(1)
	for k := range l.K {
		if k == label {
			continue
		}
		d := make([]float32, len(x))
		margin := float64(l.Bias[label] - l.Bias[k])
		for i := range x {
			d[i] = l.Weights[label][i] - l.Weights[k][i]
			margin += float64(d[i]) * float64(x[i])
		}
		if n == attacks.L1 {
			least = min(least, spend(d, x, margin))
			continue
		}
		least = min(least, margin/float64(n.Dual().Of(d)))
	}
	return least
}

// spend is the smallest sum of changes of x in [0,1] that takes a margin of weights
// d to 0.
func spend(d, x []float32, margin float64) (sum float64) {
	order := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(d[j]*d[j], d[i]*d[i]) })
	for _, i := range order {
		room := float64(x[i])
		if d[i] < 0 {
			room = 1 - room
		}
		change := min(room, margin/math.Abs(float64(d[i])))
		sum, margin = sum+change, margin-change*math.Abs(float64(d[i]))
	}
	return sum
}

// The radii proven of a linear model are those of the closed form, by every method
// and in every norm, and never larger.
func TestBallsOfLinearModel(t *testing.T) {
	l := attacktest.NewLinear(3, 3, 3, 1, 4)
	images := attacks.Images{}
	for i := range 6 {
		for k := range 9 {
			images.Pixels = append(images.Pixels, .5+.05*float32(math.Sin(float64(9*i+k))))
		}
		images.Index = append(images.Index, i)
	}
	for _, c := range []struct{ method, threat string }{
		{"ibp", "linf"}, {"crown", "l2"}, {"alpha-crown", "l1"}, {"branch-and-bound(seconds=2)", "linf"},
	} {
		p, logits := open(t, l.Victim(), c.method, c.threat)
		images.Labels = make([]int32, 6)
		z, err := logits(rowsOf(images.Pixels, 9)...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range z {
			for k := range z[i] {
				if z[i][k] > z[i][images.Labels[i]] {
					images.Labels[i] = int32(k)
				}
			}
		}
		o := certify.Options{Threat: c.threat, Sizes: []float32{.02}, Radius: true, Logits: logits}
		cert, err := certify.Run(t.Context(), p, images, o, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, proof := range cert.Images {
			want := exactRadius(l, images.Pixels[9*i:9*i+9], int(images.Labels[i]), attacks.Norm(c.threat))
			if got := float64(proof.Proven); got > want || got < .985*want-1e-4 {
				t.Errorf("%s in %s, image %d: radius %g, want %g", c.method, c.threat, i, got, want)
			}
		}
	}
}

func rowsOf(values []float32, size int) (rows [][]float32) {
	for ; len(values) > 0; values = values[size:] {
		rows = append(rows, values[:size])
	}
	return rows
}

// What is proven at a size holds for examples that exceed it by what rounding is
// granted: the ball that is proven is larger by that.
func TestBallCoversTolerance(t *testing.T) {
	p, _ := open(t, lineVictim(), "ibp", "linf")
	tolerance := float32(attacks.Linf.Tolerance(1, .1))
	for _, c := range []struct {
		x    float32 // .5 - x is the distance to the edge
		want certify.Status
	}{{.4 - 8*tolerance, certify.Proven}, {.4 - tolerance/2, certify.Open}, {.4, certify.Open}} {
		r, err := p.Prove(context.Background(), lineImages(c.x), float64(float32(.1)))
		if err != nil {
			t.Fatal(err)
		}
		if r[0].Status != c.want {
			t.Errorf("image %.7f at .1: %s, want %s", c.x, r[0].Status, c.want)
		}
	}
}

// Branch and bound is the one slow method: IBP and α-CROWN come before it, with its
// settings.
func TestStages(t *testing.T) {
	for method, want := range map[string][]string{
		"ibp": nil, "crown": {"ibp"}, "branch-and-bound(steps=3,rows=8)": {"ibp", "alpha-crown(steps=3,rate=0.1,slopes=adaptive)"},
	} {
		p, _ := open(t, lineVictim(), method, "linf")
		s := p.(certify.Staged)
		var names []string
		for _, stage := range s.Stages() {
			names = append(names, stage.Name())
		}
		if len(names) != len(want) || s.Slow() != (len(want) == 2) {
			t.Errorf("%s: stages %v, slow %v; want %v", method, names, s.Slow(), want)
		}
		for i := range want {
			if names[i] != want[i] {
				t.Errorf("%s: stage %q, want %q", method, names[i], want[i])
			}
		}
	}
}
