package graphs_test

import (
	"fmt"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// The rows of a model are its layers in the order of computation, with parameters and
// shapes as they are counted by hand; no session is opened for them.
func TestLayerRows(t *testing.T) {
	model, err := graphs.Model{Kind: "base", Encoder: "hinton", Head: "linear", Appearance: 30, Geometry: 20, Dropout: graphs.OwnDropout, Width: 4, Field: graphs.Smooth, Border: graphs.Clamp, Reach: .3}.Build(7)
	if err != nil {
		t.Fatal(err)
	}
	o, err := graphs.Describe(func(b *graphs.Builder) error {
		images := b.Input("images", tf.Float, -1, 12, 8, 3)
		model.Apply(b.Pass("eval", graphs.Inference), images.Value)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, l := range o.Layers("eval") {
		got += fmt.Sprintln(l.Name, l.Op, l.Shape, l.Parameters)
	}
	const want = `encoder/conv1 Conv2D [12 8 32] 2432
encoder/maxpool MaxPool [6 4 32] 0
encoder/conv2 Conv2D [6 4 64] 51264
encoder/maxpool_1 MaxPool [3 2 64] 0
encoder/fc MatMul [50] 19250
classifier MatMul [7] 357
`
	if got != want {
		t.Errorf("want\n%sgot\n%s", want, got)
	}
	if len(o.Layers("train")) > 0 || o.Memory(100) <= o.Memory(1) {
		t.Errorf("rows of a pass that is not there, or memory %d, %d", o.Memory(1), o.Memory(100))
	}
}
