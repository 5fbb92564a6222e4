package graphs_test

import (
	"fmt"
	"log"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

var cpu = graphs.Options{Seed: 1, Device: graphs.CPU}

// asTensor makes a tensor of nested slices or a scalar.
func asTensor(value any) *tf.Tensor {
	t, err := tf.NewTensor(value)
	if err != nil {
		log.Fatal(err)
	}
	return t
}

// A layer is a plain value. Applied in a scope it declares its variables there.
func ExampleLayer() {
	var x graphs.Input
	var y tf.Output
	net, err := graphs.Build(cpu, func(b *graphs.Builder) error {
		x = b.Input("x", tf.Float, -1, 3)
		s := b.Pass("eval", graphs.Inference)
		h := graphs.Dense{Out: 2, Init: graphs.Ones}.Apply(s.In("fc"), x.Value)
		y = graphs.Relu{}.Apply(s, h)
		return b.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	out, err := net.Run(graphs.Feeds{x.Feed: asTensor([][]float32{{1, 2, 3}, {-1, -2, 0}})}, []tf.Output{y})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(net.Vars.Manifest())
	fmt.Println(out[0].Value())
	// Output:
	// fc/kernel [3 2] trainable constant(1)
	// fc/bias [2] trainable constant(0)
	// [[6 6] [0 0]]
}

// Warp samples an image at displaced positions: here half a pixel to the right.
func ExampleWarp() {
	var image, field graphs.Input
	var warped tf.Output
	net, err := graphs.Build(cpu, func(b *graphs.Builder) error {
		image = b.Input("image", tf.Float, -1, 2, 3, 1)
		field = b.Input("field", tf.Float, -1, 2, 3, 2)
		warped = graphs.Warp(b.Pass("eval", graphs.Inference), image.Value, field.Value, graphs.Clamp)
		return b.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	right := [][]float32{{.5, 0}, {.5, 0}, {.5, 0}} // (dx, dy) of each pixel of a row
	out, err := net.Run(graphs.Feeds{
		image.Feed: asTensor([][][][]float32{{{{0}, {2}, {4}}, {{10}, {10}, {20}}}}),
		field.Feed: asTensor([][][][]float32{{right, right}}),
	}, []tf.Output{warped})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0].Value())
	// Output:
	// [[[[1] [3] [4]] [[10] [15] [20]]]]
}

// A model is built from its configuration, written into a pass and run.
func ExampleModel() {
	c := graphs.DefaultModel()
	c.Appearance, c.Geometry, c.Width = 6, 2, 4
	model, err := c.Build(10)
	if err != nil {
		log.Fatal(err)
	}
	var images graphs.Input
	var f graphs.Forward
	net, err := graphs.Build(cpu, func(b *graphs.Builder) error {
		images = b.Input("images", tf.Float, -1, 8, 8, 1)
		f = model.Apply(b.Pass("eval", graphs.Inference), images.Value)
		return b.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	two, err := graphs.NewBuffer(tf.Float, 2, 8, 8, 1)
	if err != nil {
		log.Fatal(err)
	}
	two.Float32()[3] = 1 // one white pixel
	out, err := net.Run(graphs.Feeds{images.Feed: two.Tensor}, []tf.Output{f.Logits, f.Appearance, f.Geometry, f.Canonical, f.Field})
	if err != nil {
		log.Fatal(err)
	}
	for i, name := range []string{"logits", "appearance", "geometry", "canonical", "field"} {
		fmt.Println(name, out[i].Shape())
	}
	// Output:
	// logits [2 10]
	// appearance [2 6]
	// geometry [2 2]
	// canonical [2 8 8 1]
	// field [2 8 8 2]
}

// Gradients are taken with respect to inputs or variables. What TensorFlow
// cannot differentiate is refused when the graph is built, by the op's name: here
// the gradient of a gradient of ReLU, in a pass that was not opened for it.
func ExampleGradients() {
	var x graphs.Input
	var first, second tf.Output
	declare := func(o ...graphs.PassOption) func(b *graphs.Builder) error {
		return func(b *graphs.Builder) error {
			x = b.Input("x", tf.Float, -1, 3)
			s := b.Pass("eval", graphs.Inference, o...)
			y := graphs.Distance(s.In("square"), graphs.Relu{}.Apply(s, x.Value), graphs.Weighted(s, 0, x.Value), graphs.SSE)
			first = graphs.Gradients(s.In("first"), y, x.Value)[0]
			second = graphs.Gradients(s.In("second"), first, x.Value)[0]
			return b.Err()
		}
	}
	_, err := graphs.Build(cpu, declare())
	fmt.Println(err)
	net, err := graphs.Build(cpu, declare(graphs.TwiceDifferentiable()))
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	out, err := net.Run(graphs.Feeds{x.Feed: asTensor([][]float32{{-1, 1, 3}})}, []tf.Output{first, second})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0].Value(), out[1].Value())
	// Output:
	// graphs: second: gradient of "eval/first/gradients/Gradients/AddN": op "eval/first/gradients/Gradients/ReluGrad": a gradient of Relu has no gradient: open the pass with TwiceDifferentiable
	// [[0 2 6]] [[0 2 2]]
}

// model.encoder is a name with options. Errors suggest what to write.
func ExampleEncoders() {
	c := graphs.DefaultModel()
	c.Kind = "base"
	for _, text := range []string{"hinton", "resnet(depth=20)", "resnet20", "resnet(depth=21)", "hinton(depth=3)"} {
		c.Encoder = text
		model, err := c.Build(10)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %+v\n", text, model.Encoder)
	}
	// Output:
	// hinton: {Layer:relu Embedding:1024}
	// resnet(depth=20): {Depth:20 Layer:features Embedding:0}
	// resnet20: {Depth:20 Layer:features Embedding:0}
	// model.encoder: want a depth of 6n+2 from 8 to 1202, got resnet21: take resnet20 or resnet26
	// model.encoder: unknown key "depth", want one of embedding
}
