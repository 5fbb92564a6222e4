package bounds_test

import (
	"context"
	"math"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// layers writes m for images [B,n].
func (m mlp) layers(s *graphs.Scope, x tf.Output) tf.Output {
	for l, w := range m.w {
		in, out := len(w[0]), len(w)
		kernel, bias := make([]float32, 0, in*out), make([]float32, out)
		for j := range in {
			for i := range out {
				kernel = append(kernel, float32(w[i][j]))
			}
		}
		for i := range out {
			bias[i] = float32(m.b[l][i])
		}
		k := op.Reshape(s.Op("kernel"), op.Const(s.Op("k"), kernel), ints(s, int32(in), int32(out)))
		x = op.BiasAdd(s.Op("bias"), op.MatMul(s.Op("matmul"), x, k), op.Const(s.Op("b"), bias))
		if l < len(m.w)-1 {
			x = op.Relu(s.Op("relu"), x)
		}
	}
	return x
}

// certifier is a verifier with its session.
type certifier struct {
	t   testing.TB
	v   *bounds.Verifier
	net *graphs.Net
}

func certify(t testing.TB, f layer, shape []int64, set bounds.Settings) certifier {
	t.Helper()
	c := certifier{t: t}
	var err error
	c.net, err = graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		c.v, err = bounds.NewVerifier(b, "certify", shape, f, set)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.net.Close() })
	return c
}

func (c certifier) verify(q bounds.Query) []bounds.Verdict {
	c.t.Helper()
	out, err := c.v.Verify(context.Background(), c.net, q)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// points are n images of size values, with labels that m gives them.
func (m mlp) points(n, size int) (images []float32, labels []int32) {
	images = Uniform(21, .1, .9, int64(n*size)).Data
	for i := range n {
		z := m.run(float64s(images[i*size : (i+1)*size]))
		best := 0
		for k := range z {
			if z[k] > z[best] {
				best = k
			}
		}
		labels = append(labels, int32(best))
	}
	return images, labels
}

func float64s(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// box is the L∞ ball of x within [0,1].
func box(x []float32, eps float64) (lo, hi []float64) {
	for _, v := range x {
		lo, hi = append(lo, max(float64(v)-eps, 0)), append(hi, min(float64(v)+eps, 1))
	}
	return lo, hi
}

// No method is above the least margin, which linear programs find exactly, and
// branch and bound decides as that says.
func TestMethodsAgainstLinearPrograms(t *testing.T) {
	const size, n = 3, 4
	for seed := range uint64(3) {
		m := randomMLP(seed, size, 5, 4, 3)
		images, labels := m.points(n, size)
		c := certify(t, m.layers, []int64{size}, bounds.Settings{Method: bounds.BranchAndBound, Images: n, Rows: 16, Steps: 60, SplitSteps: 20})
		for _, eps := range []float32{.05, .15, .4} {
			var lower [][]bounds.Verdict
			for _, method := range []bounds.Method{bounds.IBP, bounds.CROWNIBP, bounds.CROWN, bounds.AlphaCROWN, bounds.BranchAndBound} {
				lower = append(lower, c.verify(bounds.Query{Images: images, Labels: labels, Eps: []float32{eps}, Method: method}))
			}
			for i, y := range labels {
				lo, hi := box(images[i*size:(i+1)*size], float64(eps))
				least := math.Inf(1)
				for k := range 3 {
					if k == int(y) {
						continue
					}
					exact := m.least(t, lo, hi, int(y), k)
					least = min(least, exact)
					for at, v := range lower {
						if b := float64(v[i].Lower[k]); b > exact {
							t.Errorf("seed %d, eps %v, image %d, class %d: method %d: %v above the exact %v", seed, eps, i, k, at, b, exact)
						}
					}
				}
				want := bounds.Proven
				if least <= 0 {
					want = bounds.Broken
				}
				if got := lower[4][i]; math.Abs(least) > 1e-3 && got.Status != want {
					t.Errorf("seed %d, eps %v, image %d: %v (%v), the exact least margin is %v", seed, eps, i, got.Status, got.Lower, least)
				}
			}
		}
	}
}

// The time and domains of branch and bound end, and what is left is open.
func TestBranchAndBoundEnds(t *testing.T) {
	m := randomMLP(5, 12, 40, 40, 3)
	images, labels := m.points(1, 12)
	for name, set := range map[string]bounds.Settings{
		"domains": {Method: bounds.BranchAndBound, Rows: 8, Domains: 5, Steps: 2, SplitSteps: 2},
		"time":    {Method: bounds.BranchAndBound, Rows: 8, Time: time.Nanosecond, Steps: 2, SplitSteps: 2},
	} {
		v := certify(t, m.layers, []int64{12}, set).verify(bounds.Query{Images: images, Labels: labels, Eps: []float32{.2}})[0]

		if v.Domains > 30 {
			t.Errorf("%s: %d domains", name, v.Domains)
		}
	}
}
