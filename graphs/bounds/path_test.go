package bounds_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// pathSet is a path of n pixels around images, and the box around it.
func pathSet(r *rand.Rand, center []float32, parameters int, slope, radius float32) bounds.Set {
	n := len(center)
	s := bounds.Set{Center: center, Radius: make([]float32, n), Slopes: make([]float32, parameters*n), Lower: make([]float32, n), Upper: make([]float32, n)}
	for i := range s.Slopes {
		s.Slopes[i] = slope * float32(r.NormFloat64())
	}
	for i := range n {
		s.Radius[i] = radius * r.Float32()
		reach := s.Radius[i]
		for p := range parameters {
			reach += float32(math.Abs(float64(s.Slopes[p*n+i])))
		}
		s.Lower[i], s.Upper[i] = center[i]-reach, center[i]+reach
	}
	return s
}

// sample is an image of a set: at parameters theta, each pixel at an end of its
// radius.
func sample(s bounds.Set, theta []float64, r *rand.Rand) []float64 {
	n := len(s.Center)
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(s.Center[i]) + float64(1-2*r.IntN(2))*float64(s.Radius[i])
		for p, t := range theta {
			x[i] += t * float64(s.Slopes[p*n+i])
		}
	}
	return x
}

// TestPath: bounds over a path hold for all that are sampled of it in float64,
// are tighter than those over its box, and on a linear network exact.
func TestPath(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, parameters := range []int{0, 2} {
		wide := float32(1 + 4*parameters)
		for _, hidden := range [][]int{{8, 3}, {8, 6, 5, 3}} {
			m := randomMLP(uint64(10+len(hidden)), hidden...)
			images, labels := m.points(4, 8)
			set := bounds.Settings{Norm: bounds.Boxes, Parameters: parameters, Method: bounds.AlphaCROWN, Steps: 3}
			c := certify(t, m.layers, []int64{8}, set)
			q := bounds.Query{Images: images, Labels: labels}
			for i := range labels {
				s := pathSet(r, images[i*8:(i+1)*8], parameters, wide*.03, wide*.05)
				if parameters == 0 {
					s.Center, s.Radius = nil, nil
				}
				q.Sets = append(q.Sets, s)
			}
			least := make([][]float64, len(labels))
			for i, y := range labels {
				least[i] = m.leastMargins(r, q.Sets[i], images[i*8:(i+1)*8], int(y), parameters)
			}
			before := make([]float64, len(labels))
			for _, method := range []bounds.Method{bounds.IBP, bounds.CROWNIBP, bounds.CROWN, bounds.AlphaCROWN} {
				q.Method = method
				for i, v := range c.verify(q) {
					for k, bound := range v.Lower {
						if k != int(labels[i]) && float64(bound) > least[i][k] {
							t.Errorf("%d parameters, %v, %s: image %d, class %d: bound %g, found %g", parameters, hidden, method, i, k, bound, least[i][k])
						}
						if k != int(labels[i]) && len(hidden) == 2 && float64(bound) < least[i][k]-1e-4*(1+math.Abs(least[i][k])) {
							t.Errorf("%d parameters, linear: bound %g, least margin %g", parameters, bound, least[i][k])
						}
					}
					if b := float64(v.Least(int(labels[i]))); method != bounds.IBP && b < before[i]-1e-6 {
						t.Errorf("%s: bound fell from %g to %g", method, before[i], b)
					} else {
						before[i] = b
					}
				}
			}
		}
	}
}

// TestPathThroughPooling: no image that is sampled of a path has a smaller margin
// than its bounds, through convolutions, batch norm, pools and a sum.
func TestPathThroughPooling(t *testing.T) {
	const h, parameters = 6, 2
	f := func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c1"), x)
		x = graphs.MaxPool{Size: 2}.Apply(s.In("m"), graphs.Relu{}.Apply(s.In("r1"), x))
		y := graphs.Relu{}.Apply(s.In("r2"), graphs.Conv{Out: 3, Kernel: 2}.Apply(s.In("c2"), x))
		return dense(s, op.AddV2(s.Op("sum"), x, y))
	}
	c := certify(t, f, []int64{h, h, 2}, bounds.Settings{Norm: bounds.Boxes, Parameters: parameters, Method: bounds.CROWN})
	r := rand.New(rand.NewPCG(7, 6))
	for _, wide := range []float32{.02, .2, 1} {
		image := Uniform(9, .3, .7, h*h*2).Data
		set := pathSet(r, image, parameters, wide*.3, wide*.1)
		q := bounds.Query{Images: image, Labels: []int32{0}, Sets: []bounds.Set{set}}
		q.Labels[0] = c.classOf(t, image)
		var bound [2][]float32
		for i, m := range []bounds.Method{bounds.IBP, bounds.CROWN} {
			q.Method = m
			bound[i] = c.verify(q)[0].Lower
		}
		if bound[1][(q.Labels[0]+1)%3] == 0 {
			t.Fatal("no bound")
		}
		for range 300 {
			theta := []float64{max(-1, min(1, 3*(2*r.Float64()-1))), max(-1, min(1, 3*(2*r.Float64()-1)))}
			var x []float32
			for _, v := range sample(set, theta, r) {
				x = append(x, float32(v))
			}
			z := c.logits(t, x)
			for i := range bound {
				for k, b := range bound[i] {
					if m := z[q.Labels[0]] - z[k]; k != int(q.Labels[0]) && b > m {
						t.Fatalf("width %g: bound %d of class %d is %g, found %g", wide, i, k, b, m)
					}
				}
			}
		}
	}
}

// logits are those of the verifier's network.
func (c certifier) logits(t *testing.T, image []float32) []float32 {
	t.Helper()
	n := c.v.Network()
	shape, err := n.Image.Shape().ToSlice()
	if err != nil {
		t.Fatal(err)
	}
	shape[0] = 1
	out, err := c.net.Run(graphs.Feeds{n.Image: Of(image, shape...).Tensor(t)}, []tf.Output{n.Logits})
	if err != nil {
		t.Fatal(err)
	}
	return FromTensor(t, out[0]).Data
}

func (c certifier) classOf(t *testing.T, image []float32) int32 {
	t.Helper()
	z := c.logits(t, image)
	best := 0
	for k := range z {
		if z[k] > z[best] {
			best = k
		}
	}
	return int32(best)
}

// leastMargins are the least margins by class that are found in a set: of random
// images of it, and for a network without hidden layer the exact ones.
func (m mlp) leastMargins(r *rand.Rand, s bounds.Set, image []float32, label, parameters int) []float64 {
	classes := len(m.b[len(m.b)-1])
	least := make([]float64, classes)
	for k := range least {
		least[k] = math.Inf(1)
	}
	for range 2000 {
		theta := make([]float64, parameters)
		for p := range theta {
			theta[p] = max(-1, min(1, 1.5*(2*r.Float64()-1)))
		}
		x := make([]float64, len(image))
		if parameters == 0 {
			for i := range x {
				x[i] = float64(s.Lower[i]) + r.Float64()*float64(s.Upper[i]-s.Lower[i])
			}
		} else {
			x = sample(s, theta, r)
		}
		z := m.run(x)
		for k := range least {
			least[k] = min(least[k], z[label]-z[k])
		}
	}
	if len(m.w) == 1 {
		for k := range least {
			least[k] = m.leastLinear(s, label, k, parameters)
		}
	}
	return least
}

// leastLinear is the least margin of a linear network over a set, in float64.
func (m mlp) leastLinear(s bounds.Set, label, k, parameters int) float64 {
	sum := m.b[0][label] - m.b[0][k]
	n := len(s.Lower)
	along := make([]float64, parameters)
	for i := range n {
		a := m.w[0][label][i] - m.w[0][k][i]
		if parameters == 0 {
			sum += min(a*float64(s.Lower[i]), a*float64(s.Upper[i]))
			continue
		}
		sum += a*float64(s.Center[i]) - math.Abs(a)*float64(s.Radius[i])
		for p := range along {
			along[p] += a * float64(s.Slopes[p*n+i])
		}
	}
	for _, x := range along {
		sum -= math.Abs(x)
	}
	return sum
}

// What is no set is refused, with its place.
func TestSetRefused(t *testing.T) {
	m := randomMLP(7, 2, 2)
	c := certify(t, m.layers, []int64{2}, bounds.Settings{Norm: bounds.Boxes, Parameters: 1, Method: bounds.CROWN})
	two := func() []float32 { return []float32{.5, .5} }
	good := bounds.Set{Lower: two(), Upper: two(), Center: two(), Radius: make([]float32, 2), Slopes: make([]float32, 2)}
	q := bounds.Query{Images: two(), Labels: []int32{0}, Sets: []bounds.Set{good}}
	c.verify(q)
	for want, change := range map[string]func(s *bounds.Set){
		"want 2 values":           func(s *bounds.Set) { s.Lower = s.Lower[:1] },
		"1 slopes for each":       func(s *bounds.Set) { s.Slopes = nil },
		"up to the upper":         func(s *bounds.Set) { s.Upper = []float32{.5, .4} },
		"want finite values":      func(s *bounds.Set) { s.Radius = []float32{0, float32(math.Inf(1))} },
		"up to the upper ones, g": func(s *bounds.Set) { s.Lower = []float32{float32(math.NaN()), 0} },
	} {
		bad := good
		change(&bad)
		q.Sets = []bounds.Set{bad}
		if _, err := c.v.Verify(t.Context(), c.net, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	q.Sets = nil
	if _, err := c.v.Verify(t.Context(), c.net, q); err == nil || !strings.Contains(err.Error(), "a set for each") {
		t.Errorf("want an error about missing sets, got %v", err)
	}
}
