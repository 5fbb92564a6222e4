package bounds_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// randomNet is a small network of random operators, as a graph and as a [twin].
type randomNet struct {
	r     *rand.Rand
	twin  twin
	at    int     // the last node
	dims  []int   // of it, [H,W,C]
	steps []layer // each of one value
	names []string
}

func newRandomNet(seed uint64, steps ...string) *randomNet {
	n := &randomNet{r: rand.New(rand.NewPCG(seed, 3)), dims: []int{6, 6, 2}}
	n.twin.add(twinNode{}, 72)
	for _, s := range steps {
		n.step(s)
	}
	n.dense(4)
	return n
}

func (n *randomNet) write(s *graphs.Scope, x tf.Output) tf.Output {
	for i, f := range n.steps {
		x = f(s.In(fmt.Sprint("step", i)), x)
	}
	return x
}

func (n *randomNet) weights(fan int, size int) []float64 {
	w := make([]float64, size)
	for i := range w {
		w[i] = float64(float32(n.r.NormFloat64() * math.Sqrt(2/float64(fan))))
	}
	return w
}

// add appends a step: the graph's and the twin's, of one input.
func (n *randomNet) add(f layer, node twinNode, dims ...int) {
	size := 1
	for _, d := range dims {
		size *= d
	}
	node.in = []int{n.at}
	n.at, n.dims = n.twin.add(node, size), dims
	n.steps = append(n.steps, f)
}

func array(s *graphs.Scope, w []float64, shape ...int) tf.Output {
	v, size := make([]float32, len(w)), make([]int32, len(shape))
	for i, x := range w {
		v[i] = float32(x)
	}
	for i, d := range shape {
		size[i] = int32(d)
	}
	return op.Reshape(s.Op("w"), op.Const(s.Op("w"), v), ints(s, size...))
}

func (n *randomNet) step(kind string) {
	h, v, c := n.dims[0], n.dims[1], n.dims[2]
	switch kind {
	case "conv":
		n.conv(2+n.r.IntN(2), 1, "SAME", 3)
	case "stride":
		n.conv(3, 2, "SAME", 4)
	case "valid":
		n.conv(2, 1, "VALID", 3)
	case "relu", "sigmoid", "tanh":
		write := map[string]layer{
			"relu":    func(s *graphs.Scope, x tf.Output) tf.Output { return op.Relu(s.Op("f"), x) },
			"sigmoid": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Sigmoid(s.Op("f"), x) },
			"tanh":    func(s *graphs.Scope, x tf.Output) tf.Output { return op.Tanh(s.Op("f"), x) },
		}[kind]
		n.add(write, twinNode{f: kind}, n.dims...)
	case "channels": // scale and shift, as of batch norm
		w, b := n.weights(1, c), n.weights(1, c)
		n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.BiasAdd(s.Op("b"), op.Mul(s.Op("m"), x, array(s, w, c)), array(s, b, c))
		}, twinNode{affine: func(x ...[]float64) []float64 {
			y := slices.Clone(x[0])
			for i := range y {
				y[i] = y[i]*w[i%c] + b[i%c]
			}
			return y
		}}, n.dims...)
	case "pool":
		n.pool(2, 2)
	case "overlapping":
		n.pool(3, 2)
	case "average":
		n.average()
	case "pad":
		n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Pad(s.Op("p"), x, op.Const(s.Op("e"), [][]int32{{0, 0}, {1, 0}, {0, 1}, {0, 0}}))
		}, twinNode{affine: func(x ...[]float64) []float64 {
			y := make([]float64, (h+1)*(v+1)*c)
			for i := range h {
				copy(y[((i+1)*(v+1))*c:], x[0][i*v*c:(i+1)*v*c])
			}
			return y
		}}, h+1, v+1, c)
	case "residual":
		n.residual()
	case "transpose":
		n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Transpose(s.Op("t"), x, ints(s, 0, 2, 1, 3))
		}, twinNode{affine: func(x ...[]float64) []float64 {
			var y []float64
			for j := range v {
				for i := range h {
					y = append(y, x[0][(i*v+j)*c:(i*v+j+1)*c]...)
				}
			}
			return y
		}}, v, h, c)
	}
	n.names = append(n.names, kind)
}

// conv is a convolution with its bias.
func (n *randomNet) conv(k, stride int, padding string, out int) {
	h, v, c := n.dims[0], n.dims[1], n.dims[2]
	w, b := n.weights(k*k*c, k*k*c*out), n.weights(9, out)
	oh, ov, before := (h-k)/stride+1, (v-k)/stride+1, [2]int{}
	if padding == "SAME" {
		oh, ov = (h+stride-1)/stride, (v+stride-1)/stride
		before = [2]int{max((oh-1)*stride+k-h, 0) / 2, max((ov-1)*stride+k-v, 0) / 2}
	}
	n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
		y := op.Conv2D(s.Op("c"), x, array(s, w, k, k, c, out), []int64{1, int64(stride), int64(stride), 1}, padding)
		return op.BiasAdd(s.Op("b"), y, array(s, b, out))
	}, twinNode{affine: func(x ...[]float64) []float64 {
		var y []float64
		for i := range oh {
			for j := range ov {
				for o := range out {
					sum := b[o]
					for a := range k {
						for e := range k {
							p, q := i*stride+a-before[0], j*stride+e-before[1]
							for m := range c {
								if p >= 0 && q >= 0 && p < h && q < v {
									sum += x[0][(p*v+q)*c+m] * w[((a*k+e)*c+m)*out+o]
								}
							}
						}
					}
					y = append(y, sum)
				}
			}
		}
		return y
	}}, oh, ov, out)
}

// pool is max pooling with SAME padding.
func (n *randomNet) pool(k, stride int) {
	h, v, c := n.dims[0], n.dims[1], n.dims[2]
	oh, ov := (h+stride-1)/stride, (v+stride-1)/stride
	top, left := max((oh-1)*stride+k-h, 0)/2, max((ov-1)*stride+k-v, 0)/2
	var windows [][]int
	for i := range oh {
		for j := range ov {
			for m := range c {
				var w []int
				for a := range k {
					for e := range k {
						if p, q := i*stride+a-top, j*stride+e-left; p >= 0 && q >= 0 && p < h && q < v {
							w = append(w, (p*v+q)*c+m)
						}
					}
				}
				windows = append(windows, w)
			}
		}
	}
	n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.MaxPool(s.Op("p"), x, []int64{1, int64(k), int64(k), 1}, []int64{1, int64(stride), int64(stride), 1}, "SAME")
	}, twinNode{windows: windows}, oh, ov, c)
}

// average is average pooling 2x2 of whole windows.
func (n *randomNet) average() {
	v, c := n.dims[1], n.dims[2]
	oh, ov := n.dims[0]/2, v/2
	n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.AvgPool(s.Op("p"), x, []int64{1, 2, 2, 1}, []int64{1, 2, 2, 1}, "VALID")
	}, twinNode{affine: func(x ...[]float64) []float64 {
		var y []float64
		for i := range oh {
			for j := range ov {
				for m := range c {
					at := func(a, e int) float64 { return x[0][((2*i+a)*v+2*j+e)*c+m] }
					y = append(y, (at(0, 0)+at(0, 1)+at(1, 0)+at(1, 1))/4)
				}
			}
		}
		return y
	}}, oh, ov, c)
}

// residual adds a convolution of the value with ReLU to the value itself.
func (n *randomNet) residual() {
	from, dims, steps := n.at, n.dims, n.steps
	n.steps = nil
	n.conv(3, 1, "SAME", dims[2])
	n.add(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Relu(s.Op("f"), x) }, twinNode{f: "relu"}, dims...)
	branch := n.steps
	n.at = n.twin.add(twinNode{in: []int{from, n.at}, affine: func(x ...[]float64) []float64 {
		y := slices.Clone(x[0])
		for i, v := range x[1] {
			y[i] += v
		}
		return y
	}}, dims[0]*dims[1]*dims[2])
	n.steps = append(steps, func(s *graphs.Scope, x tf.Output) tf.Output {
		y := x
		for i, f := range branch {
			y = f(s.In(fmt.Sprint("branch", i)), y)
		}
		return op.AddV2(s.Op("sum"), x, y)
	})
}

// dense is a fully connected layer of all values.
func (n *randomNet) dense(out int) {
	in := n.dims[0] * n.dims[1] * n.dims[2]
	w, b := n.weights(in, in*out), n.weights(4, out)
	n.add(func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.BiasAdd(s.Op("b"), op.MatMul(s.Op("m"), s.Flatten(x), array(s, w, in, out)), array(s, b, out))
	}, twinNode{affine: func(x ...[]float64) []float64 {
		y := slices.Clone(b)
		for i, v := range x[0] {
			for o := range out {
				y[o] += v * w[i*out+o]
			}
		}
		return y
	}}, 1, 1, out)
}

// recipes hold every operator, next to others of each kind.
var recipes = [][]string{
	{"conv", "relu", "conv", "relu"},
	{"channels", "conv", "relu", "pool", "conv", "relu"},
	{"conv", "overlapping", "relu", "valid", "relu"},
	{"stride", "channels", "relu", "residual", "relu", "conv", "relu"},
	{"conv", "sigmoid", "conv", "tanh", "average"},
	{"pad", "conv", "tanh", "transpose", "conv", "relu", "average", "conv", "relu"},
	{"residual", "pool", "conv", "relu", "pad", "conv", "relu"},
	{"conv", "relu", "stride", "sigmoid", "valid", "relu"},
}

// Bounds of random networks agree with the twin's within 2e-4 of their size:
// IBP, CROWN over intervals by IBP, CROWN throughout (neurons near the image by
// windows). None, by any method, is above a margin at a point of the ball.
func TestRandomNetworksAgainstTwin(t *testing.T) {
	for i, recipe := range recipes {
		t.Run(fmt.Sprint(recipe), func(t *testing.T) {
			n := newRandomNet(uint64(i), recipe...)
			c := certify(t, n.write, []int64{6, 6, 2}, bounds.Settings{Steps: 3, Rows: 16})
			images := Uniform(uint64(i)+50, 0, 1, 2, 6, 6, 2)
			const eps = .06
			var labels []int32
			var got [3][]bounds.Verdict
			for j := range 2 {
				all := n.twin.run(float64s(images.Data[72*j : 72*j+72]))
				labels = append(labels, largest(all[len(all)-1]))
			}
			q := bounds.Query{Images: images.Data, Labels: labels, Eps: []float32{eps}, Every: true}
			for m, method := range []bounds.Method{bounds.CROWNIBP, bounds.CROWN, bounds.AlphaCROWN} {
				q.Method = method
				got[m] = c.verify(q)
			}
			for j, y := range labels {
				lo, hi := box(images.Data[72*j:72*j+72], eps)
				ibp := n.twin.intervals(lo, hi, false)
				near(t, "CROWN-IBP", got[0][j].Lower, n.twin.margins(int(y), ibp))
				near(t, "CROWN", got[1][j].Lower, n.twin.margins(int(y), n.twin.intervals(lo, hi, true)))
				for k, least := range n.sampled(lo, hi, int(y)) {
					for m := range got {
						if b := float64(got[m][j].Lower[k]); k != int(y) && b > least {
							t.Errorf("method %d, image %d, class %d: bound %v above a margin of %v", m, j, k, b, least)
						}
					}
				}
			}
		})
	}
}

// near compares bounds that are widened for rounding with exact ones, which they
// must not exceed by more than the difference of both arithmetics.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for k, w := range want {
		if g := float64(got[k]); !(g <= w+1e-5*(1+math.Abs(w)) && g >= w-2e-3*(1+math.Abs(w))) {
			t.Errorf("%s, class %d: %v, the twin %v", what, k, g, w)
		}
	}
}

// sampled are the least margins at 200 points of the box, most of them corners.
func (n *randomNet) sampled(lo, hi []float64, y int) []float64 {
	least := slices.Repeat([]float64{math.Inf(1)}, 4)
	for i := range 200 {
		x := make([]float64, len(lo))
		for j := range x {
			x[j] = lo[j]
			if n.r.IntN(2) == 0 {
				x[j] = hi[j]
			}
			if i%4 == 0 {
				x[j] = lo[j] + n.r.Float64()*(hi[j]-lo[j])
			}
		}
		all := n.twin.run(x)
		z := all[len(all)-1]
		for k := range z {
			least[k] = min(least[k], z[y]-z[k])
		}
	}
	return least
}
