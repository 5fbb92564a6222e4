package library

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines/npz"
)

// golden is a file of testdata/golden: what other libraries found on two small
// nets. README.md there says what each key holds.
type golden struct {
	t      testing.TB
	file   string
	arrays map[string]npz.Array
}

// openGolden reads testdata/golden/NAME.npz.
func openGolden(t testing.TB, name string) golden {
	t.Helper()
	g := golden{t: t, file: filepath.Join("testdata", "golden", name+".npz")}
	raw, err := os.ReadFile(g.file)
	if err == nil {
		g.arrays, err = npz.Decode(raw, 1<<30)
	}
	if err != nil {
		t.Fatalf("%s: %v", g.file, err)
	}
	return g
}

func (g golden) array(key string, shape []int) npz.Array {
	g.t.Helper()
	a, ok := g.arrays[key]
	if !ok {
		g.t.Fatalf("%s: no %q", g.file, key)
	}
	got := a.Shape()
	fits := len(shape) == len(got)
	for i := range got {
		fits = fits && (shape[i] < 0 || shape[i] == got[i])
	}
	if !fits {
		g.t.Fatalf("%s: %s: want shape %v, got %v", g.file, key, shape, got)
	}
	return a
}

// floats, ints and bytes are the values of a key, in C order; -1 fits any size.
func (g golden) floats(key string, shape ...int) []float32 {
	g.t.Helper()
	return g.array(key, shape).Float32s()
}

func (g golden) ints(key string, shape ...int) []int32 {
	g.t.Helper()
	return g.array(key, shape).Int32s()
}

func (g golden) bytes(key string, shape ...int) []uint8 {
	g.t.Helper()
	return g.array(key, shape).Uint8s()
}

// how a record was made: its library, version, call and parameters.
func (g golden) how(record string) map[string]any {
	g.t.Helper()
	var all map[string]map[string]any
	if err := json.Unmarshal(g.bytes("info", -1), &all); err != nil {
		g.t.Fatalf("%s: %v", g.file, err)
	}
	if all[record] == nil {
		g.t.Fatalf("%s: no record %q", g.file, record)
	}
	return all[record]
}

// goldenNet is net "a" or "b" with its 32 images. The net gets the last image
// wrong before any attack.
type goldenNet struct {
	golden
	Victim attacks.Victim
	Images []float32 // [32,H,W,C]
	Labels []int32   // [32]
}

const goldenImages = 32

func openGoldenNet(t testing.TB, name string) goldenNet {
	t.Helper()
	n := goldenNet{golden: openGolden(t, "net_"+name)}
	shape := n.array("images", []int{goldenImages, -1, -1, -1}).Shape()
	n.Images, n.Labels = n.floats("images", -1, -1, -1, -1), n.ints("labels", goldenImages)
	n.Victim = attacks.Victim{H: shape[1], W: shape[2], C: shape[3], Classes: n.array("logits", []int{-1, -1}).Shape()[1]}
	n.Victim.Logits = n.logitsA
	if name == "b" {
		n.Victim.Logits = n.logitsB
	}
	return n
}

// logitsA: conv 3x3x8, ReLU, max-pool 2, conv 3x3x16, ReLU, max-pool 2, dense
// 32, ReLU, dense 10.
func (n goldenNet) logitsA(s *graphs.Scope, x tf.Output) tf.Output {
	for _, layer := range []string{"conv1", "conv2"} {
		l := s.In(layer)
		x = op.Relu(l.Op("relu"), n.conv(l, layer, x))
		x = op.MaxPool(l.Op("pool"), x, []int64{1, 2, 2, 1}, []int64{1, 2, 2, 1}, "VALID")
	}
	d := s.In("dense1")
	x = op.Relu(d.Op("relu"), n.dense(d, "dense1", s.Flatten(x)))
	return n.dense(s.In("dense2"), "dense2", x)
}

// logitsB: conv 3x3x8, tanh, dense 24, tanh, dense 5.
func (n goldenNet) logitsB(s *graphs.Scope, x tf.Output) tf.Output {
	c, d := s.In("conv1"), s.In("dense1")
	x = op.Tanh(c.Op("tanh"), n.conv(c, "conv1", x))
	x = op.Tanh(d.Op("tanh"), n.dense(d, "dense1", s.Flatten(x)))
	return n.dense(s.In("dense2"), "dense2", x)
}

func (n goldenNet) conv(s *graphs.Scope, layer string, x tf.Output) tf.Output {
	return n.biased(s, layer, op.Conv2D(s.Op("conv"), x, n.weights(s, layer+"_w"), []int64{1, 1, 1, 1}, "SAME"))
}

func (n goldenNet) dense(s *graphs.Scope, layer string, x tf.Output) tf.Output {
	return n.biased(s, layer, op.MatMul(s.Op("matmul"), x, n.weights(s, layer+"_w")))
}

func (n goldenNet) biased(s *graphs.Scope, layer string, x tf.Output) tf.Output {
	return op.BiasAdd(s.Op("biased"), x, n.weights(s, layer+"_b"))
}

func (n goldenNet) weights(s *graphs.Scope, key string) tf.Output {
	a := n.arrays[key]
	dims := make([]int64, len(a.Shape()))
	for i, d := range a.Shape() {
		dims[i] = int64(d)
	}
	t, err := tf.NewTensor(a.Float32s())
	if err == nil {
		err = t.Reshape(dims)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return op.Const(s.Op(key), t)
}

// maxDifference is the largest difference of two slices.
func maxDifference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var most float64
	for i := range a {
		most = max(most, math.Abs(float64(a[i])-float64(b[i])))
	}
	return most
}

// TestGoldenNets compares logits, losses and input gradients with those of
// PyTorch. The other golden comparisons rest on it.
func TestGoldenNets(t *testing.T) {
	const within = 1e-5
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			n := openGoldenNet(t, name)
			v := n.Victim
			var images, labels graphs.Input
			var fetches []tf.Output
			net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Threads: 1}, func(b *graphs.Builder) error {
				images = b.Input("images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))
				labels = b.Input("labels", tf.Int32, -1)
				s := b.Pass("golden", graphs.Inference)
				logits := v.Logits(s, images.Value)
				ce := graphs.CrossEntropy(s.In("ce"), logits, labels.Value)
				margin := graphs.Margin(s.In("margin"), logits, labels.Value)
				fetches = []tf.Output{logits, ce, margin}
				for _, loss := range []tf.Output{ce, margin} {
					fetches = append(fetches, graphs.Gradients(s, loss, images.Value)...)
				}
				return b.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			x, err := tf.NewTensor(n.Images)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Reshape([]int64{goldenImages, int64(v.H), int64(v.W), int64(v.C)}); err != nil {
				t.Fatal(err)
			}
			y, err := tf.NewTensor(n.Labels)
			if err != nil {
				t.Fatal(err)
			}
			out, err := net.Run(graphs.Feeds{images.Feed: x, labels.Feed: y}, fetches)
			if err != nil {
				t.Fatal(err)
			}
			px := v.H * v.W * v.C
			for i, want := range [][]float32{
				n.floats("logits", goldenImages, v.Classes),
				n.floats("ce", goldenImages),
				n.floats("margin", goldenImages),
				n.floats("ce_gradient", goldenImages, v.H, v.W, v.C),
				n.floats("margin_gradient", 8, v.H, v.W, v.C),
			} {
				got := graphs.Floats(nil, out[i])
				if i == 4 {
					got = got[(goldenImages-8)*px:] // recorded for the last 8 alone
				}
				if d := maxDifference(got, want); d > within {
					t.Errorf("%s: want at most %g from PyTorch's, got %g", []string{"logits", "ce", "margin", "gradient of ce", "gradient of margin"}[i], within, d)
				}
			}
			right := make([]bool, goldenImages)
			logits := graphs.Floats(nil, out[0])
			for i := range right {
				row := logits[i*v.Classes:][:v.Classes]
				right[i] = row[n.Labels[i]] == slices.Max(row)
			}
			if i := slices.Index(right, false); i != goldenImages-1 {
				t.Errorf("want the last image alone wrong, got image %d", i)
			}
		})
	}
}
