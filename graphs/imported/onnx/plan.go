package onnx

import (
	"errors"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/onnx/format"
)

// plan is what the first walk finds.
type plan struct {
	layers  []layer
	seen    map[string]bool
	weights []string // read since the last layer
	names   map[string]bool
}

// reads notes that a node reads a weight.
func (p *plan) reads(weight string) {
	if p != nil && !p.seen[weight] {
		p.seen[weight] = true
		p.weights = append(p.weights, weight)
	}
}

// note adds the layer of a node, by the name of the node or that of its value. A value
// that has no row for each image is none: its weights are those of the layer after it.
func (p *plan) note(w *walker, f *format.Node) {
	v := w.values[f.Out[0]]
	if v == nil || v.known != nil || v.batch.axis != 0 || v.batch.times != 1 {
		return
	}
	weights := p.weights
	p.weights = nil
	name := f.Name
	if name == "" || p.names[name] {
		name = f.Out[0]
	}
	for k := 2; p.names[name]; k++ {
		name = fmt.Sprintf("%s#%d", f.Out[0], k)
	}
	p.names[name] = true
	shape := slices.Clone(v.shape)
	if v.order != nil && sameOrder(v.order, channelsLast(v.rank())) {
		shape = pick(shape, v.order)
	}
	p.layers = append(p.layers, layer{imported.Layer{Name: name, Op: operatorName(f), Shape: shape, Weights: weights}, f.Out[0]})
}

// makePlan writes the network into a graph that never runs. Sizes that the file leaves
// free are tried.
func (x *Network) makePlan() error {
	var first error
	for _, side := range []int{224, 32, 28, 64} {
		image := x.signature.Input
		free := image.H == 0 || image.W == 0
		err := x.planFor(side)
		if err == nil || !free || image.Flat {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// planFor plans for images of the sizes that the file says, side for those that it
// leaves free.
func (x *Network) planFor(side int) error {
	h, w, c := x.planSizes(side)
	x.names, x.byKey, x.weights = imported.Names{}, map[string]*weight{}, nil
	p := &plan{seen: map[string]bool{}, names: map[string]bool{}}
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in := b.Input("images", tf.Float, -1, h, w, c)
		out := x.declare(b.Pass("plan", graphs.Inference), in.Value, p, []string{imported.Scores})
		if err := b.Err(); err != nil {
			return err
		}
		x.signature.Classes = int(max(out[0].Shape().Size(1), 0))
		return errPlanned
	})
	if !errors.Is(err, errPlanned) {
		return err
	}
	x.layers = p.layers
	return nil
}

func (x *Network) planSizes(side int) (h, w, c int64) {
	image := x.signature.Input
	or := func(size, otherwise int) int64 {
		if size == 0 {
			return int64(otherwise)
		}
		return int64(size)
	}
	if !image.Flat {
		return or(image.H, side), or(image.W, side), or(image.C, 3)
	}
	d := sizesOf(x.input.Dims)
	if len(d) == 2 {
		return 1, 1, max(d[1], 1)
	}
	return or(int(d[1]), side), or(int(d[2]), side), 1
}
