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

var modes = map[string]graphs.Mode{"inference": graphs.Inference, "training": graphs.Training}

// TestLinearLayers compares every layer that has a kernel with its reference, on
// the kernel that it drew, and its gradients to input, kernel and bias with
// finite differences.
func TestLinearLayers(t *testing.T) {
	conv := func(stride int, valid bool) func(x, k, bias Array) []float64 {
		return func(x, k, bias Array) []float64 { return referenceConv(x, k, bias, stride, valid) }
	}
	up := func(stride, rows, cols int) func(x, k, bias Array) []float64 {
		return func(x, k, bias Array) []float64 { return referenceTranspose(x, k, bias, stride, rows, cols) }
	}
	for name, c := range map[string]struct {
		layer     graphs.Layer
		in        []int64
		reference func(x, k, bias Array) []float64
		shape     []int64 // of the output
	}{
		"conv":                   {graphs.Conv{Out: 3, Kernel: 3}, []int64{2, 5, 6, 2}, conv(1, false), []int64{2, 5, 6, 3}},
		"conv, even kernel":      {graphs.Conv{Out: 2, Kernel: 4}, []int64{2, 5, 6, 1}, conv(1, false), []int64{2, 5, 6, 2}},
		"conv, stride 2, odd":    {graphs.Conv{Out: 3, Kernel: 5, Stride: 2}, []int64{2, 7, 5, 2}, conv(2, false), []int64{2, 4, 3, 3}},
		"conv, stride 2, even":   {graphs.Conv{Out: 3, Kernel: 3, Stride: 2}, []int64{2, 8, 6, 2}, conv(2, false), []int64{2, 4, 3, 3}},
		"conv, valid":            {graphs.Conv{Out: 2, Kernel: 3, Valid: true}, []int64{2, 5, 6, 2}, conv(1, true), []int64{2, 3, 4, 2}},
		"conv, valid, stride 2":  {graphs.Conv{Out: 2, Kernel: 3, Valid: true, Stride: 2}, []int64{2, 6, 7, 2}, conv(2, true), []int64{2, 2, 3, 2}},
		"conv, no bias":          {graphs.Conv{Out: 2, Kernel: 3, NoBias: true}, []int64{2, 5, 6, 2}, conv(1, false), []int64{2, 5, 6, 2}},
		"conv, 1x1, stride 2":    {graphs.Conv{Out: 4, Kernel: 1, Stride: 2}, []int64{2, 5, 6, 3}, conv(2, false), []int64{2, 3, 3, 4}},
		"transpose":              {graphs.ConvTranspose{Out: 3, Kernel: 5, Stride: 2}, []int64{2, 3, 4, 2}, up(2, 6, 8), []int64{2, 6, 8, 3}},
		"transpose, odd":         {graphs.ConvTranspose{Out: 2, Kernel: 5, Stride: 2, Rows: 5, Cols: 7}, []int64{2, 3, 4, 3}, up(2, 5, 7), []int64{2, 5, 7, 2}},
		"transpose, odd and not": {graphs.ConvTranspose{Out: 1, Kernel: 3, Stride: 2, Rows: 5, Cols: 8}, []int64{2, 3, 4, 2}, up(2, 5, 8), []int64{2, 5, 8, 1}},
		"transpose, stride 1":    {graphs.ConvTranspose{Out: 2, Kernel: 3}, []int64{2, 3, 4, 2}, up(1, 3, 4), []int64{2, 3, 4, 2}},
		"transpose, stride 3":    {graphs.ConvTranspose{Out: 2, Kernel: 5, Stride: 3, Rows: 8, Cols: 7}, []int64{2, 3, 3, 2}, up(3, 8, 7), []int64{2, 8, 7, 2}},
		"transpose, many":        {graphs.ConvTranspose{Out: 5, Kernel: 5, Stride: 2}, []int64{2, 3, 4, 2}, up(2, 6, 8), []int64{2, 6, 8, 5}},
		"dense":                  {graphs.Dense{Out: 4}, []int64{3, 5}, referenceDense, []int64{3, 4}},
	} {
		for modeName, mode := range modes {
			t.Run(name+"/"+modeName, func(t *testing.T) {
				x := Normal(1, 1, c.in...)
				circuit := Build(t, Layer(c.layer), []Array{x}, In(mode), AnyBatch())
				kernel := circuit.Value(t, "layer/kernel")
				feeds, bias := circuit.Feeds(t, 0, x), Array{}
				if v := circuit.Net.Vars.Find("layer/bias"); v != nil {
					bias = Normal(2, 1, v.Shape...) // the initial one is zero
					feeds[v.Read] = bias.Tensor(t)
				} else if !strings.Contains(name, "no bias") {
					t.Error("no bias was declared")
				}
				out, err := circuit.Net.Run(feeds, circuit.Out)
				if err != nil {
					t.Fatal(err)
				}
				got := FromTensor(t, out[0])
				if fmt.Sprint(got.Shape) != fmt.Sprint(c.shape) {
					t.Fatalf("want shape %v, got %v", c.shape, got.Shape)
				}
				Near(t, "output", got.Data, c.reference(x, kernel, bias), 1e-5)
				Gradient(t, Layer(c.layer), []Array{x}, In(mode), AnyBatch(), Within(2e-3))
			})
		}
	}
}

func TestPooling(t *testing.T) {
	for name, c := range map[string]struct {
		layer graphs.Layer
		size  int
		f     func([]float64) float64
		in    []int64
	}{
		"max":          {graphs.MaxPool{Size: 2}, 2, maximum, []int64{2, 4, 6, 3}},
		"max, odd":     {graphs.MaxPool{Size: 2}, 2, maximum, []int64{2, 5, 3, 2}},
		"max, size 3":  {graphs.MaxPool{Size: 3}, 3, maximum, []int64{2, 7, 6, 1}},
		"mean":         {graphs.AvgPool{Size: 2}, 2, mean, []int64{2, 4, 6, 3}},
		"mean, odd":    {graphs.AvgPool{Size: 2}, 2, mean, []int64{2, 5, 3, 2}},
		"mean, size 4": {graphs.AvgPool{Size: 4}, 4, mean, []int64{2, 5, 27, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			x := Spread(1, .05, c.in...)
			for _, mode := range modes {
				Near(t, "output", Run(t, Layer(c.layer), []Array{x}, In(mode))[0].Data, referencePool(x, c.size, c.f), 1e-6)
			}
			Gradient(t, Layer(c.layer), []Array{x}, AnyBatch(), Within(2e-3))
		})
	}
}

func TestReshape(t *testing.T) {
	x := Normal(1, 1, 3, 2, 4, 5)
	for name, c := range map[string]struct {
		f     func(s *graphs.Scope, x tf.Output) tf.Output
		shape string
	}{
		"flatten":           {func(s *graphs.Scope, x tf.Output) tf.Output { return s.Flatten(x) }, "[3 40]"},
		"reshape":           {func(s *graphs.Scope, x tf.Output) tf.Output { return s.Reshape(x, 8, 5) }, "[3 8 5]"},
		"reshape to vector": {func(s *graphs.Scope, x tf.Output) tf.Output { return s.Reshape(s.Flatten(x)) }, "[120]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Run(t, Unary(c.f), []Array{x}, AnyBatch())[0]
			Equal(t, "values", got.Data, x.Data) // row-major order is kept
			if fmt.Sprint(got.Shape) != c.shape {
				t.Errorf("want shape %s, got %v", c.shape, got.Shape)
			}
			Gradient(t, Unary(c.f), []Array{x}, AnyBatch(), Within(1e-3))
		})
	}
}

// TestLayersInARow compares a small net with the references in a row: what one
// layer gives is what the next reads.
func TestLayersInARow(t *testing.T) {
	x := Normal(1, 1, 2, 6, 6, 2)
	fn := Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("a"), x)
		x = graphs.MaxPool{Size: 2}.Apply(s, op.Relu(s.Op("relu"), x))
		return graphs.Dense{Out: 2}.Apply(s.In("b"), s.Flatten(x))
	})
	c := Build(t, fn, []Array{x})
	a := referenceConv(x, c.Value(t, "a/kernel"), c.Value(t, "a/bias"), 1, false)
	pooled := Round(referencePool(Round(relu(a), 2, 6, 6, 3), 2, maximum), 2, 27)
	Near(t, "net", c.Run(t, x)[0].Data, referenceDense(pooled, c.Value(t, "b/kernel"), c.Value(t, "b/bias")), 1e-5)
}

// moments are the mean and the biased variance of each channel.
func moments(x Array) (mean, variance []float64) {
	c := int(x.Shape[len(x.Shape)-1])
	n := float64(len(x.Data) / c)
	mean, variance = make([]float64, c), make([]float64, c)
	for i, v := range x.Data {
		mean[i%c] += float64(v) / n
	}
	for i, v := range x.Data {
		d := float64(v) - mean[i%c]
		variance[i%c] += d * d / n
	}
	return mean, variance
}

func referenceNorm(x Array, mean, variance []float64, gamma, beta Array, epsilon float64) []float64 {
	var out []float64
	c := len(mean)
	for i, v := range x.Data {
		out = append(out, (float64(v)-mean[i%c])/math.Sqrt(variance[i%c]+epsilon)*gamma.At(i%c)+beta.At(i%c))
	}
	return out
}

func TestBatchNorm(t *testing.T) {
	for name, c := range map[string]struct {
		layer          graphs.BatchNorm
		decay, epsilon float64
	}{
		"defaults": {graphs.BatchNorm{}, .99, 1e-3},
		"own":      {graphs.BatchNorm{Decay: .75, Epsilon: .1}, .75, .1},
	} {
		t.Run(name, func(t *testing.T) {
			x := Normal(1, 2, 4, 3, 2, 3)
			for i := range x.Data {
				x.Data[i] += float32(i % 3) // channels of unlike mean
			}
			gamma, beta := Normal(2, 1, 3), Normal(3, 1, 3)
			mean, variance := moments(x)
			set := func(c *Circuit, feeds graphs.Feeds) graphs.Feeds {
				feeds[c.Net.Vars.Find("layer/gamma").Read] = gamma.Tensor(t)
				feeds[c.Net.Vars.Find("layer/beta").Read] = beta.Tensor(t)
				return feeds
			}

			train := Build(t, Layer(c.layer), []Array{x}, In(graphs.Training), AnyBatch())
			if n := len(train.Updates); n != 2 {
				t.Fatalf("want 2 updates, got %d", n)
			}
			feeds := set(train, train.Feeds(t, 0, x))
			out, err := train.Net.Run(feeds, train.Out)
			if err != nil {
				t.Fatal(err)
			}
			Near(t, "training", FromTensor(t, out[0]).Data, referenceNorm(x, mean, variance, gamma, beta, c.epsilon), 1e-5)
			Equal(t, "moving mean without the updates", train.Value(t, "layer/moving_mean").Data, []float32{0, 0, 0})

			// The moving averages start at 0 and 1 and follow the batch's mean
			// and its unbiased variance (n-1), as Keras's do.
			m, v := []float64{0, 0, 0}, []float64{1, 1, 1}
			for range 3 {
				if _, err := train.Net.Run(feeds, nil, train.Updates...); err != nil {
					t.Fatal(err)
				}
				for i := range m {
					m[i] = c.decay*m[i] + (1-c.decay)*mean[i]
					v[i] = c.decay*v[i] + (1-c.decay)*variance[i]*24/23
				}
			}
			Near(t, "moving mean", train.Value(t, "layer/moving_mean").Data, m, 1e-6)
			Near(t, "moving variance", train.Value(t, "layer/moving_variance").Data, v, 1e-6)

			infer := Build(t, Layer(c.layer), []Array{x}, AnyBatch())
			if n := len(infer.Updates); n != 0 {
				t.Errorf("inference registers %d updates", n)
			}
			feeds = set(infer, infer.Feeds(t, 0, x))
			feeds[infer.Net.Vars.Find("layer/moving_mean").Read] = Of([]float32{.5, -1, 2}, 3).Tensor(t)
			feeds[infer.Net.Vars.Find("layer/moving_variance").Read] = Of([]float32{.25, 1, 4}, 3).Tensor(t)
			if out, err = infer.Net.Run(feeds, infer.Out); err != nil {
				t.Fatal(err)
			}
			want := referenceNorm(x, []float64{.5, -1, 2}, []float64{.25, 1, 4}, gamma, beta, c.epsilon)
			Near(t, "inference", FromTensor(t, out[0]).Data, want, 1e-5)

			for _, mode := range modes {
				Gradient(t, Layer(c.layer), []Array{x}, In(mode), AnyBatch(), Within(5e-3))
			}
		})
	}
}
