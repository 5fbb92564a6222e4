package graphs_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// He et al. 2016, table 6: millions of parameters at 32x32x3 and 10 classes.
func TestResNetParameters(t *testing.T) {
	for depth, published := range map[int]string{20: "0.27", 32: "0.46", 44: "0.66", 56: "0.85", 110: "1.7"} {
		m := modelOf(t, "base", 10, func(m *graphs.Model) { m.Encoder = fmt.Sprint("resnet", depth) })
		_, got := manifest(t, m, 32, 32, 3)
		// A stage of w channels after one of v is 2n convolutions, each with
		// gamma and beta for w channels; the first sees v channels, 2n-1 see w.
		n := int64(depth-2) / 6
		stage := func(v, w int64) int64 { return 9*v*w + (2*n-1)*9*w*w + 2*n*2*w }
		want := (9*3*16 + 2*16) + stage(16, 16) + stage(16, 32) + stage(32, 64) + (64*10 + 10)
		if got != want {
			t.Errorf("resnet%d: want %d parameters, got %d", depth, want, got)
		}
		digits := len(published) - strings.Index(published, ".") - 1
		if text := fmt.Sprintf("%.*f", digits, float64(got)/1e6); text != published {
			t.Errorf("resnet%d: want the published %s M, got %s M", depth, published, text)
		}
	}
}

func TestResNetManifests(t *testing.T) {
	for _, kind := range kinds {
		text, _ := manifest(t, modelOf(t, kind, 10, func(m *graphs.Model) { m.Encoder = "resnet20" }), 32, 32, 3)
		Golden(t, "resnet20-"+kind+"-32x32x3-10.vars", text)
	}
}

// scaled gives batch norm's parameters and statistics values of their own:
// initially they change nothing.
func scaled(path string, x Array) Array {
	n := x.Shape[0]
	switch seed := uint64(len(path)) + uint64(n); path[strings.LastIndex(path, "/")+1:] {
	case "gamma":
		return Uniform(seed, .5, 1.5, n)
	case "beta":
		return Normal(seed, .3, n)
	case "moving_mean":
		return Normal(seed, .5, n)
	case "moving_variance":
		return Uniform(seed, .5, 2, n)
	}
	return x
}

// referenceResNet is a ResNet in plain Go: He et al. 2016, with whole loops and
// explicit zeros.
type referenceResNet struct {
	value    func(path string) Array
	training bool
}

// newReferenceResNet computes with values by path.
func newReferenceResNet(t *testing.T, values map[string]Array, mode graphs.Mode) referenceResNet {
	return referenceResNet{func(path string) Array {
		v, ok := values[path]
		if !ok {
			t.Fatalf("no variable %s", path)
		}
		return v
	}, mode == graphs.Training}
}

// scaledVariables are values for the variables of c, by path, and feeds of them and of x.
func scaledVariables(t *testing.T, c *Circuit, x Array) (graphs.Feeds, map[string]Array) {
	feeds, values := c.Feeds(t, 0, x), map[string]Array{}
	for _, v := range c.Net.Vars.All() {
		values[v.Path] = scaled(v.Path, c.Value(t, v.Path))
		feeds[v.Read] = values[v.Path].Tensor(t)
	}
	return feeds, values
}

func (r referenceResNet) conv(path string, x Array, stride int) Array {
	b, h, w, _ := dims4(x)
	k := r.value(path + "/kernel")
	oh, ow, outs := (h+stride-1)/stride, (w+stride-1)/stride, k.Shape[3]
	y := Round(referenceConv(surrounded(x), k, Array{}, stride, true), int64(b), int64(oh), int64(ow), outs)
	mean, variance := moments(y)
	if !r.training {
		m, v := r.value(path+"/norm/moving_mean"), r.value(path+"/norm/moving_variance")
		for i := range mean {
			mean[i], variance[i] = m.At(i), v.At(i)
		}
	}
	return Round(referenceNorm(y, mean, variance, r.value(path+"/norm/gamma"), r.value(path+"/norm/beta"), 1e-5), y.Shape...)
}

// surrounded is x with a border of zeros one pixel wide.
func surrounded(x Array) Array {
	b, h, w, c := dims4(x)
	out := Fill(0, int64(b), int64(h+2), int64(w+2), int64(c))
	for i := range b {
		for y := range h {
			for z := range w {
				copy(out.Data[((i*(h+2)+y+1)*(w+2)+z+1)*c:], x.Data[((i*h+y)*w+z)*c:((i*h+y)*w+z+1)*c])
			}
		}
	}
	return out
}

func (r referenceResNet) block(path string, x Array, stride int) Array {
	y := r.conv(path+"/conv1", x, stride)
	y = r.conv(path+"/conv2", rectified(y), 1)
	b, h, w, c := dims4(y)
	_, _, _, have := dims4(x)
	var sum []float64
	for i := range b {
		for p := range h {
			for q := range w {
				for ch := range c {
					v := y.At(i, p, q, ch)
					if ch < have {
						v += x.At(i, p*stride, q*stride, ch)
					}
					sum = append(sum, v)
				}
			}
		}
	}
	return rectified(Round(sum, y.Shape...))
}

func rectified(x Array) Array {
	out := Fill(0, x.Shape...)
	for i, v := range x.Data {
		out.Data[i] = max(v, 0)
	}
	return out
}

// features is the average over all pixels behind the last block.
func (r referenceResNet) features(x Array, blocks int) Array {
	x = rectified(r.conv("e/conv1", x, 1))
	for stage := 1; stage <= 3; stage++ {
		for block := 1; block <= blocks; block++ {
			stride := 1
			if stage > 1 && block == 1 {
				stride = 2
			}
			x = r.block(fmt.Sprintf("e/stage%d/block%d", stage, block), x, stride)
		}
	}
	b, h, w, c := dims4(x)
	out := make([]float64, b*c)
	for i, v := range x.Data {
		out[i/(h*w*c)*c+i%c] += float64(v) / float64(h*w)
	}
	return Round(out, int64(b), int64(c))
}

// An odd size has no partner for its last pixel when it is halved.
func TestResNet(t *testing.T) {
	for _, size := range [][2]int64{{8, 8}, {7, 10}} {
		for name, mode := range modes {
			for depth, embedding := range map[int]int{8: 0, 14: 5} {
				t.Run(fmt.Sprint(size, "/", name, "/", depth), func(t *testing.T) {
					x := Uniform(1, 0, 1, 3, size[0], size[1], 2)
					c := Build(t, encoded(graphs.ResNet{Depth: depth, Embedding: embedding}), []Array{x}, In(mode), AnyBatch())
					feeds, values := scaledVariables(t, c, x)
					out, err := c.Net.Run(feeds, c.Out)
					if err != nil {
						t.Fatal(err)
					}
					reference := newReferenceResNet(t, values, mode)
					want := reference.features(x, (depth-2)/6)
					if embedding > 0 {
						want = Round(referenceDense(want, values["e/fc/kernel"], values["e/fc/bias"]), 3, int64(embedding))
					}
					got := FromTensor(t, out[0])
					if fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
						t.Fatalf("want shape %v, got %v", want.Shape, got.Shape)
					}
					float64s := make([]float64, len(want.Data))
					for i, v := range want.Data {
						float64s[i] = float64(v)
					}
					Near(t, "embedding", got.Data, float64s, 2e-4)
					// Each convolution's batch norm follows two averages, in training alone.
					updates := 0
					if mode == graphs.Training {
						updates = 2 * (depth - 1)
					}
					if len(c.Updates) != updates {
						t.Errorf("want %d updates of statistics, got %d", updates, len(c.Updates))
					}
				})
			}
		}
	}
}

// settled keeps every ReLU away from its kink, which thousands of them would
// otherwise have within any step: what batch norm lets through varies around a
// beta that is well above zero, or, in every third channel between two
// convolutions, well below, because kernels are small.
func settled(path string, x Array) Array {
	switch {
	case strings.HasSuffix(path, "/gamma"):
		return Uniform(uint64(len(path)), .8, 1.2, x.Shape...)
	case strings.HasSuffix(path, "/beta"):
		b := Fill(4, x.Shape...)
		for i := 0; i < len(b.Data) && strings.Contains(path, "block") && strings.Contains(path, "/conv1/"); i += 3 {
			b.Data[i] = -4
		}
		return b
	case strings.HasSuffix(path, "/kernel"):
		small := Fill(0, x.Shape...)
		for i, v := range x.Data {
			small.Data[i] = .1 * v
		}
		return small
	}
	return x
}

func TestResNetGradients(t *testing.T) {
	x := Uniform(1, 0, 1, 3, 5, 6, 2)
	Gradient(t, encoded(graphs.ResNet{Depth: 8, Embedding: 5}), []Array{x}, AnyBatch(), Values(settled), Within(4e-2))
}

// TestResNetLearns trains a ResNet-8 on four images by plain gradient descent,
// statistics included. A small step lowers the loss by rate times the gradient's
// square, a finite difference in training mode; many steps make the loss fall,
// and, the statistics having followed, in inference too.
func TestResNetLearns(t *testing.T) {
	m := modelOf(t, "base", 4, func(m *graphs.Model) { m.Encoder = "resnet8" })
	var x, labels, rate graphs.Input
	var loss, eval, squares tf.Output
	var step []*tf.Operation
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) error {
		x, labels, rate = b.Input("x", tf.Float, -1, 12, 12, 1), b.Input("labels", tf.Int32, -1), b.Input("rate", tf.Float)
		of := func(s *graphs.Scope) tf.Output {
			return graphs.Mean(s, graphs.CrossEntropy(s, m.Apply(s, x.Value).Logits, labels.Value))
		}
		s := b.Pass("train", graphs.Training)
		loss = of(s)
		vars := b.Variables().All(graphs.Trainable)
		var reads, halves []tf.Output
		for _, v := range vars {
			reads = append(reads, v.Read)
		}
		grads := graphs.Gradients(s, loss, reads...)
		for i, v := range vars {
			halves = append(halves, op.L2Loss(s.Op("half"), grads[i]))
			step = append(step, op.ResourceApplyGradientDescent(s.Op("descend"), v.Handle, rate.Value, grads[i]))
		}
		squares = op.Mul(s.Op("squares"), op.AddN(s.Op("halves"), halves), op.Const(s.Op("two"), float32(2)))
		step = append(step, s.Updates()...)
		eval = of(b.Pass("eval", graphs.Inference))
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	value := func(v any) *tf.Tensor {
		out, err := tf.NewTensor(v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	feeds := graphs.Feeds{x.Feed: Uniform(1, 0, 1, 4, 12, 12, 1).Tensor(t), labels.Feed: value([]int32{0, 1, 2, 3})}
	at := func(y tf.Output) float64 {
		out, err := net.Run(feeds, []tf.Output{y})
		if err != nil {
			t.Fatal(err)
		}
		return float64(graphs.Scalar(out[0]))
	}
	descend := func(by float32) {
		feeds[rate.Feed] = value(by)
		if _, err := net.Run(feeds, nil, step...); err != nil {
			t.Fatal(err)
		}
	}
	before, square := at(loss), at(squares)
	const small = 2e-4
	descend(small)
	if fell := (before - at(loss)) / small; math.Abs(fell-square) > .1*square {
		t.Errorf("want a small step to lower the loss by rate times %g, got %g", square, fell)
	}
	for range 40 {
		descend(.1)
	}
	if after, infers := at(loss), at(eval); !(after < before/10 && infers < before/5) {
		t.Errorf("want the loss to fall from %g to a tenth in training, a fifth in inference, got %g and %g", before, after, infers)
	}
}

// TestResNetTwice checks the gradient of a loss that holds the input gradient,
// normalised images and odd sizes included: along itself, against finite
// differences of that loss from an ordinary pass.
func TestResNetTwice(t *testing.T) {
	m := modelOf(t, "base", 3, func(m *graphs.Model) { m.Encoder, m.Normalise = "resnet8", graphs.ByImage })
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			var x graphs.Input
			var penalty tf.Output
			var vars []*graphs.Variable
			var grads []tf.Output
			net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) error {
				x = b.Input("x", tf.Float, -1, 7, 5, 2)
				of := func(s *graphs.Scope) tf.Output {
					return gradientPenalty(s, m.Classify(s, x.Value).Logits, ints(s, 0, 1, 2, 1), x.Value)
				}
				penalty = of(b.Pass("plain", mode))
				vars = b.Variables().All(graphs.Trainable)
				var reads []tf.Output
				for _, v := range vars {
					reads = append(reads, v.Read)
				}
				s := b.Pass("twice", mode, graphs.TwiceDifferentiable())
				grads = graphs.Gradients(s.In("second"), of(s), reads...)
				return b.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			feeds := graphs.Feeds{x.Feed: Uniform(1, 0, 1, 4, 7, 5, 2).Tensor(t)}
			fetch := func(outs ...tf.Output) (all []Array) {
				got, err := net.Run(feeds, outs)
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range got {
					all = append(all, FromTensor(t, g))
				}
				return all
			}
			var values []Array
			for _, v := range vars {
				values = append(values, settled(v.Path, fetch(v.Read)[0]))
				feeds[v.Read] = values[len(values)-1].Tensor(t)
			}
			g, square := fetch(grads...), 0.
			for _, a := range g {
				for _, v := range a.Data {
					square += float64(v) * float64(v)
				}
			}
			const h = 2e-3
			at := func(side float64) float64 {
				for i, a := range values {
					moved := Fill(0, a.Shape...)
					for k, v := range a.Data {
						moved.Data[k] = v + float32(side*h*float64(g[i].Data[k])/math.Sqrt(square))
					}
					feeds[vars[i].Read] = moved.Tensor(t)
				}
				return fetch(penalty)[0].At()
			}
			if want := (at(1) - at(-1)) / (2 * h); math.Abs(want-math.Sqrt(square)) > .03*want {
				t.Errorf("want a gradient of norm %g by finite differences, got %g", want, math.Sqrt(square))
			}
		})
	}
}
