package cluster_test

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/graphs/cluster/clustertest"
)

// A worker computes a convolution with bias and ReLU, which TensorFlow would fuse,
// in bfloat16 too, as this process does.
func TestWorkerComputesBfloat16(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor has no bfloat16")
	}
	var in graphs.Input
	var out tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Seed: 3, Precision: graphs.Bfloat16}, func(b *graphs.Builder) error {
		in = b.Input("x", tf.Float, -1, 8, 8, 4)
		s := b.Pass("test", graphs.Inference)
		x := graphs.Relu{}.Apply(s.In("relu"), graphs.Conv{Out: 8, Kernel: 3}.Apply(s.In("conv"), in.Value))
		out = graphs.Dense{Out: 3}.Apply(s.In("dense"), s.Flatten(x))
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	values, err := net.ReadVariables()
	if err != nil {
		t.Fatal(err)
	}
	w, err := cluster.Connect(t.Context(), clustertest.Start(t).Address, net, values, cluster.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	images, err := graphs.NewBuffer(tf.Float, 2, 8, 8, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i := range images.Float32() {
		images.Float32()[i] = float32(i%17) / 17
	}
	feeds := graphs.Feeds{in.Feed: images.Tensor}
	here, err := net.Run(feeds, []tf.Output{out})
	if err != nil {
		t.Fatal(err)
	}
	there, err := w.Run(t.Context(), feeds, []tf.Output{out})
	if err != nil {
		t.Fatal(err)
	}
	a, b := graphs.Floats(nil, here[0]), graphs.Floats(nil, there[0])
	for i := range a {
		if d := a[i] - b[i]; d > .03 || d < -.03 || len(a) != len(b) {
			t.Errorf("want %v, got %v", a, b)
			break
		}
	}
	if slices.Max(a) == slices.Min(a) {
		t.Error("all outputs are the same")
	}
}
