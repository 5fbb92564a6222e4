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

// shaped is a net of 3 inputs: fully connected, an activation, fully connected.
// plain is the activation in float64.
type shaped struct {
	write layer // of [B,hidden]
	plain func(h []float64) []float64
}

func each(f func(float64) float64) func([]float64) []float64 {
	return func(h []float64) []float64 {
		y := make([]float64, len(h))
		for i, v := range h {
			y[i] = f(v)
		}
		return y
	}
}

// activations are the kinds that branch and bound splits, of 16 hidden values.
var activations = map[string]shaped{
	"max pool": {func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Reshape(s.Op("r"), x, ints(s, -1, 2, 4, 2))
		return s.Flatten(graphs.MaxPool{Size: 2}.Apply(s, x))
	}, func(h []float64) []float64 { return poolPlainly(h, 2, 2) }},
	"max pool, overlapping": {func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Reshape(s.Op("r"), x, ints(s, -1, 2, 4, 2))
		return s.Flatten(op.MaxPool(s.Op("p"), x, []int64{1, 2, 2, 1}, []int64{1, 1, 1, 1}, "SAME"))
	}, func(h []float64) []float64 { return poolPlainly(h, 1, 1) }},
	"relu": {func(s *graphs.Scope, x tf.Output) tf.Output { return graphs.Relu{}.Apply(s, x) },
		each(func(v float64) float64 { return max(v, 0) })},
	"sigmoid": {func(s *graphs.Scope, x tf.Output) tf.Output { return op.Sigmoid(s.Op("s"), times(s, x, 4)) },
		each(func(v float64) float64 { return 1 / (1 + math.Exp(-4*v)) })},
	"tanh": {func(s *graphs.Scope, x tf.Output) tf.Output { return op.Tanh(s.Op("t"), times(s, x, 2)) },
		each(func(v float64) float64 { return math.Tanh(2 * v) })},
	"leaky relu": {func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.LeakyRelu(s.Op("l"), x, op.LeakyReluAlpha(.05))
	},
		each(func(v float64) float64 { return max(v, .05*v) })},
	"clip": {func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.ClipByValue(s.Op("clip"), x, op.Const(s.Op("lo"), float32(-.25)), op.Const(s.Op("hi"), float32(.5)))
	}, each(func(v float64) float64 { return min(max(v, -.25), .5) })},
}

func times(s *graphs.Scope, x tf.Output, v float32) tf.Output {
	return op.Mul(s.Op("times"), x, op.Const(s.Op("v"), v))
}

// poolPlainly is max pooling 2x2 of 2x4x2 values with a stride; what lies outside
// does not count.
func poolPlainly(h []float64, rows, cols int) []float64 {
	var y []float64
	for i := 0; i < 2; i += rows {
		for j := 0; j < 4; j += cols {
			for c := range 2 {
				best := math.Inf(-1)
				for a := i; a < min(i+2, 2); a++ {
					for b := j; b < min(j+2, 4); b++ {
						best = max(best, h[(a*4+b)*2+c])
					}
				}
				y = append(y, best)
			}
		}
	}
	return y
}

// halves are the weights before and after the activation.
func (a shaped) halves(seed uint64) (before, after mlp) {
	const hidden = 16
	before = randomMLP(seed, 3, hidden)
	return before, randomMLP(seed+100, len(a.plain(make([]float64, hidden))), 3)
}

func (a shaped) net(before, after mlp) layer {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		return after.layers(s.In("after"), a.write(s.In("op"), before.layers(s.In("before"), x)))
	}
}

// Whatever an activation is, branch and bound comes to the verdict that a fine
// grid of the box gives, also where all other methods leave the image open.
func TestBranchAndBoundSplitsEachActivation(t *testing.T) {
	for name, a := range activations {
		t.Run(name, func(t *testing.T) {
			before, after := a.halves(3)
			run := func(x []float64) []float64 { return after.run(a.plain(before.run(x))) }
			c := certify(t, a.net(before, after), []int64{3}, bounds.Settings{Method: bounds.BranchAndBound, Rows: 16, Images: 64, Steps: 1, Time: 20 * time.Second})
			var images, radii []float32
			var labels []int32
			for i := range 32 {
				x := []float32{.5, .4, .6, .3, .6, .5, .7, .3, .4, .4, .7, .7}[i%4*3:][:3]
				images, radii = append(images, x...), append(radii, .06+.03*float32(i/4))
				labels = append(labels, largest(run(float64s(x))))
			}
			decided := 0
			for i, v := range c.verify(bounds.Query{Images: images, Labels: labels, Eps: radii}) {
				least := gridMinimum(run, images[3*i:3*i+3], float64(radii[i]), int(labels[i]))
				if math.Abs(least) < 1e-2 { // between points of the grid
					continue
				}
				want := bounds.Proven
				if least < 0 {
					want = bounds.Broken
				}
				if v.Status != want {
					t.Errorf("eps %v, image %d: %s (%v) after %d domains, the grid's least margin is %v", radii[i], i, v.Status, v.Lower, v.Domains, least)
				}
				if float64(v.Least(int(labels[i]))) > least {
					t.Errorf("eps %v, image %d: bound %v above a margin of %v", radii[i], i, v.Lower, least)
				}
				if v.Domains > 1 && v.Status == bounds.Proven {
					decided++
				}
			}
			if decided == 0 {
				t.Error("no image was proven by splitting: the test says nothing")
			}
		})
	}
}

func largest(z []float64) int32 {
	best := 0
	for k := range z {
		if z[k] > z[best] {
			best = k
		}
	}
	return int32(best)
}

// gridMinimum is the least margin on a grid of the L∞ ball.
func gridMinimum(run func([]float64) []float64, x []float32, eps float64, y int) float64 {
	const n = 16
	lo, hi := box(x, eps)
	least := math.Inf(1)
	point := make([]float64, 3)
	for i := range (n + 1) * (n + 1) * (n + 1) {
		for axis, rest := 0, i; axis < 3; axis, rest = axis+1, rest/(n+1) {
			point[axis] = lo[axis] + (hi[axis]-lo[axis])*float64(rest%(n+1))/n
		}
		z := run(point)
		for k := range z {
			if k != y {
				least = min(least, z[y]-z[k])
			}
		}
	}
	return least
}

// The time of an image is kept to within a second, on a net whose domains are
// large.
func TestTimeOfAnImage(t *testing.T) {
	c := certify(t, smallCNN, []int64{28, 28, 1}, bounds.Settings{Method: bounds.BranchAndBound, Time: 500 * time.Millisecond, Steps: 1, Rows: 16})
	image := make([]float32, 28*28)
	for i := range image {
		image[i] = float32(i*7%11) / 11
	}
	label := c.classes(Of(image, 1, 28, 28, 1))[0]
	v, err := c.v.Verify(context.Background(), c.net, bounds.Query{Images: image, Labels: []int32{label}, Eps: []float32{.1}})
	if err != nil {
		t.Fatal(err)
	}
	if v[0].Status == bounds.Open && v[0].Domains < 2 {
		t.Errorf("want some domains, got %d", v[0].Domains)
	}
}
