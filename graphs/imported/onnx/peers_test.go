package onnx_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
	"unwarp/pipelines/npz"
)

// comparison is a network beside what others computed with it: images [n,C,H,W],
// logits [n,K], and the gradient of the logits along a direction.
type comparison struct {
	net                *onnx.Network
	logits, relative   float64 // largest difference, and divided by the largest logit
	gradient           float64 // relative L2 difference
	plan, build, first time.Duration
}

// compare runs a network on recorded images.
func compare(t testing.TB, path string, record map[string]npz.Array) (c comparison, err error) {
	start := time.Now()
	if c.net, err = onnx.Open(path, imported.Options{}); err != nil {
		return c, err
	}
	c.plan = time.Since(start)
	shape := record["images"].Shape() // [n,C,H,W]
	n, ch, h, w := shape[0], shape[1], shape[2], shape[3]
	start = time.Now()
	var in, direction graphs.Input
	var scores, gradient tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("images", tf.Float, -1, int64(h), int64(w), int64(ch))
		direction = b.Input("direction", tf.Float, -1, int64(record["logits"].Shape()[1]))
		s := b.Pass("test", graphs.Inference)
		scores = c.net.Declare(s.In("net"), in.Value, imported.Scores)[0]
		if b.Err() != nil {
			return b.Err()
		}
		along := op.Sum(s.Op("sum"), op.Mul(s.Op("along"), scores, direction.Value), op.Const(s.Op("axes"), []int32{0, 1}))
		gradient = graphs.Gradients(s, along, in.Value)[0]
		return b.Err()
	})
	if err != nil {
		return c, err
	}
	defer net.Close()
	if err := imported.Restore(c.net, net, "net"); err != nil {
		return c, err
	}
	c.build = time.Since(start)
	feeds := graphs.Feeds{in.Feed: tensorOf(channelsLast(record["images"].Float32s(), n, ch, h, w), int64(n), int64(h), int64(w), int64(ch)),
		direction.Feed: tensorOf(record["direction"].Float32s(), int64(n), int64(record["logits"].Shape()[1]))}
	start = time.Now()
	out, err := net.Run(feeds, []tf.Output{scores, gradient})
	if err != nil {
		return c, err
	}
	c.first = time.Since(start)
	largest := 0.
	for i, v := range graphs.Floats(nil, out[0]) {
		want := record["logits"].Float32s()[i]
		c.logits, largest = max(c.logits, math.Abs(float64(v-want))), max(largest, math.Abs(float64(want)))
	}
	c.relative = c.logits / largest
	want := channelsLast(record["gradient"].Float32s(), n, ch, h, w)
	var far, whole float64
	for i, v := range graphs.Floats(nil, out[1]) {
		far += math.Pow(float64(v)-float64(want[i]), 2)
		whole += math.Pow(float64(want[i]), 2)
	}
	c.gradient = math.Sqrt(far / whole)
	return c, nil
}

// channelsLast is [n,C,H,W] as [n,H,W,C].
func channelsLast(x []float32, n, c, h, w int) []float32 {
	out := make([]float32, 0, len(x))
	for i := range n {
		for p := range h * w {
			for k := range c {
				out = append(out, x[(i*c+k)*h*w+p])
			}
		}
	}
	return out
}

func tensorOf(x []float32, shape ...int64) *tf.Tensor {
	t, err := tf.NewTensor(x)
	if err == nil {
		err = t.Reshape(shape)
	}
	if err != nil {
		panic(err)
	}
	return t
}

func readRecord(t testing.TB, path string) map[string]npz.Array {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record, err := npz.Decode(raw, 1<<28)
	if err != nil {
		t.Fatal(path, err)
	}
	return record
}

// tools/peers/onnxnets.py exports networks of torchvision and timm into the folder that
// UNWARP_ONNX_NETS names; what becomes of them is written there as table.md.
func TestPeers(t *testing.T) {
	dir := os.Getenv("UNWARP_ONNX_NETS")
	if dir == "" {
		t.Skip("UNWARP_ONNX_NETS names no folder of exported networks")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no networks", err)
	}
	slices.Sort(paths)
	var b strings.Builder
	b.WriteString("| network | exporter | nodes, weights | logits | of the largest | gradient | read and planned, s | built, weights given, s | first gradient, s |\n|---|---|---|---|---|---|---|---|---|\n")
	defer func() {
		if err := os.WriteFile(filepath.Join(dir, "table.md"), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}()
	for _, path := range paths {
		name, exporter, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".onnx"), ".")
		c, err := compare(t, path, readRecord(t, strings.TrimSuffix(path, ".onnx")+".npz"))
		if err != nil {
			t.Errorf("%s by %s: %v", name, exporter, err)
			fmt.Fprintf(&b, "| %s | %s | | %v | | | | | |\n", name, exporter, err)
			continue
		}
		var weights int64
		for _, w := range c.net.Weights() {
			weights += w.Size()
		}
		fmt.Fprintf(&b, "| %s | %s | %d, %.2f M | %.1g | %.1g | %.1g | %.2f | %.2f | %.2f |\n", name, exporter, len(c.net.Layers()), float64(weights)/1e6,
			c.logits, c.relative, c.gradient, c.plan.Seconds(), c.build.Seconds(), c.first.Seconds())
		t.Logf("%s by %s: logits %.2g (%.2g of the largest), gradient %.2g, %.2f s", name, exporter, c.logits, c.relative, c.gradient, c.plan.Seconds())
		if c.logits > 1e-4 || c.relative > 1e-4 || !(c.gradient < 1e-3) {
			t.Errorf("%s by %s: logits differ by %.2g, the gradient by %.2g", name, exporter, c.logits, c.gradient)
		}
	}
}

// Small networks of PyTorch's two exporters and of scikit-learn compute what ONNX Runtime
// and PyTorch do; tools/golden/onnxsmall.py records them.
func TestSmallNetworks(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(paths) < 9 {
		t.Fatal("networks are missing", paths, err)
	}
	for _, path := range paths {
		c, err := compare(t, path, readRecord(t, strings.TrimSuffix(path, ".onnx")+".npz"))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if c.logits > 1e-5 || c.relative > 1e-5 || !(c.gradient < 1e-5) {
			t.Errorf("%s: logits differ by %.2g, the gradient by %.2g", path, c.logits, c.gradient)
		}
	}
}
