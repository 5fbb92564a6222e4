package onnx_test

import (
	"path/filepath"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
)

// Each layer of each file has a value for each image, of the shape that it says, and the
// layers share out all weights.
func TestLayers(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		x, err := onnx.Open(path, imported.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ends, weights, all []string
		for _, l := range x.Layers() {
			ends, weights = append(ends, l.Name), append(weights, l.Weights...)
		}
		for _, w := range x.Weights() {
			all = append(all, w.Name)
		}
		slices.Sort(weights)
		if slices.Sort(all); !slices.Equal(weights, all) || len(ends) == 0 {
			t.Errorf("%s: weights of the %d layers %v, of the network %v", path, len(ends), weights, all)
		}
		if hidden := x.Signature().Hidden; hidden != "" && !slices.Contains(ends, hidden) {
			t.Errorf("%s: hidden layer %q is none of %v", path, hidden, ends)
		}
		runLayers(t, path, x, ends)
	}
}

// runLayers takes the values of all layers for three images.
func runLayers(t *testing.T, path string, x *onnx.Network, ends []string) {
	t.Helper()
	im, images := x.Signature().Input, graphs.Input{}
	shape := []int64{3, int64(max(im.H, 1)), int64(max(im.W, 1)), int64(max(im.C, 1))}
	if im.Flat {
		shape = []int64{3, 1, 1, x.Layers()[0].Shape[1]}
	}
	var values []tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		images = b.Input("images", tf.Float, -1, shape[1], shape[2], shape[3])
		values = x.Declare(b.Pass("p", graphs.Inference), images.Value, ends...)
		return b.Err()
	})
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	defer net.Close()
	if err := imported.Restore(x, net, ""); err != nil {
		t.Fatal(err)
	}
	b, err := graphs.NewBuffer(tf.Float, shape...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Run(graphs.Feeds{images.Feed: b.Tensor}, values)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for i, l := range x.Layers() {
		if got := out[i].Shape(); got[0] != 3 || !slices.Equal(got[1:], l.Shape[1:]) {
			t.Errorf("%s: %s has shape %v, got %v for 3 images", path, l.Name, l.Shape, got)
		}
	}
}
