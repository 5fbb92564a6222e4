package bounds_test

import (
	"context"
	"fmt"
	"log"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// A verifier stands in a graph of its own; its logits are those of any model.
func ExampleVerifier() {
	// Class 0 where the first pixel is larger, else class 1.
	logits := func(s *graphs.Scope, images tf.Output) tf.Output {
		w := op.Const(s.Op("w"), [][]float32{{1, -1}, {-1, 1}})
		return op.MatMul(s.Op("logits"), graphs.Relu{}.Apply(s, images), w)
	}
	var v *bounds.Verifier
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		v, err = bounds.NewVerifier(b, "certify", []int64{2}, logits, bounds.Settings{Method: bounds.BranchAndBound})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	verdicts, err := v.Verify(context.Background(), net, bounds.Query{
		Images: []float32{.75, .25, .5, .25}, Labels: []int32{0, 0}, Eps: []float32{.2},
	})
	if err != nil {
		log.Fatal(err)
	}
	for i, v := range verdicts {
		fmt.Printf("%s by %s, margin at least %.2f\n", v.Status, v.Method, v.Least(0))
		_ = i
	}
	// Output:
	// proven by ibp, margin at least 0.20
	// broken by branch-and-bound, margin at least -0.30
}

// Bounds in the graph of a training step are a loss like any other.
func ExampleBounds() {
	net, err := graphs.Build(cpu, func(b *graphs.Builder) error {
		images, labels := b.Input("images", tf.Float, -1, 28, 28, 1), b.Input("labels", tf.Int32, -1)
		s := b.Pass("train", graphs.Training)
		logits := graphs.Dense{Out: 10}.Apply(s.In("head"), graphs.Hinton{Embedding: 8}.Encode(s.In("encoder"), images.Value))
		in := s.In("certified")
		n, err := bounds.Walk(in, images.Value, logits, bounds.ForTraining())
		if err != nil {
			return err
		}
		eps := op.Const(in.Op("eps"), float32(.1)) // or an input, for a ramp
		box, err := bounds.New(in, n, bounds.Ball(bounds.Linf, images.Value, eps), bounds.Unwidened)
		if err != nil {
			return err
		}
		margins := box.IBPMargins(labels.Value, box.IBP(nil))
		worst := op.Neg(in.Op("worst"), margins) // logits of the worst case, relative to the label's
		fmt.Println(worst.Shape())
		return b.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	// Output:
	// [?, 10]
}

var cpu = graphs.Options{Seed: 1, Device: graphs.CPU}
