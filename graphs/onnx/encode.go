package onnx

import (
	"fmt"
	"slices"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// Names of the input, float32 [1,C,H,W], and of the output, float32 [1,K].
const (
	Image  = "image"
	Logits = "logits"
)

// largest is how many bytes a protocol buffer may have.
const largest = 1<<31 - 1

// Encode returns the network n, whose weights are those of net, as an ONNX file;
// name is that of its graph.
func Encode(net *graphs.Net, n *bounds.Network, name string) ([]byte, error) {
	steps, err := n.Steps()
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	arrays, err := readArrays(net, steps)
	if err != nil {
		return nil, fmt.Errorf("onnx: weights: %w", err)
	}
	var layers []layer
	var weights int64
	for i, s := range steps {
		layers = append(layers, layer{Step: s, weights: arrays[i]})
		weights += 4 * int64(len(arrays[i].data))
	}
	if weights > largest/2 {
		return nil, fmt.Errorf("onnx: want weights of at most %d bytes, which one file can hold, got %d", largest/2, weights)
	}
	if err := fold(layers); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return write(layers, name)
}

// write emits the layers that are left.
func write(layers []layer, name string) ([]byte, error) {
	w := &writer{used: map[string]int{}}
	values := make([]value, len(layers))
	var out value
	for i, l := range layers {
		if l.gone {
			continue
		}
		var in []value
		for _, at := range l.In {
			in = append(in, values[at])
		}
		var err error
		if values[i], err = w.write(l, in); err != nil {
			return nil, fmt.Errorf("onnx: op %q: %w", l.Name, err)
		}
		out = values[i]
	}
	out = value{name: w.plain(out), rows: out.rows, dims: out.dims}
	if len(w.nodes) == 0 || out.rows != 1 || len(out.dims) != 1 {
		return nil, fmt.Errorf("onnx: want logits computed from the image, got shape %v", out.shape())
	}
	w.rename(out.name, Logits)
	out.name = Logits
	return w.encode(name, Image, values[0].shape(), out), nil
}

// write emits one layer.
func (w *writer) write(l layer, in []value) (value, error) {
	switch l.Kind {
	case bounds.ImageStep:
		return value{name: Image, rows: 1, dims: l.Dims}, nil
	case bounds.ConvolutionStep, bounds.DepthwiseStep:
		return w.convolution(l, in[0]), nil
	case bounds.ProductStep:
		return w.product(l, in[0]), nil
	case bounds.ReLUStep:
		return w.elementwise("Relu", in[0]), nil
	case bounds.SigmoidStep:
		return w.elementwise("Sigmoid", in[0]), nil
	case bounds.TanhStep:
		return w.elementwise("Tanh", in[0]), nil
	case bounds.ShiftStep, bounds.ScaleStep:
		return w.constant(l, in[0])
	case bounds.SumStep:
		return w.sum(l, in), nil
	case bounds.AveragePoolStep, bounds.MaxPoolStep:
		return w.pool(l, in[0]), nil
	case bounds.ReductionStep:
		return w.reduction(l, in[0]), nil
	}
	return w.move(l, in)
}

// move emits a layer that computes nothing.
func (w *writer) move(l layer, in []value) (value, error) {
	switch l.Kind {
	case bounds.ReshapeStep:
		return w.reshaped(l, in[0]), nil
	case bounds.PaddingStep:
		return w.padding(l, in[0]), nil
	case bounds.CutStep:
		return w.cut(l, in[0]), nil
	case bounds.ConcatStep:
		return w.concat(l, in), nil
	case bounds.TransposeStep:
		order := []int64{0}
		for _, a := range l.Axes {
			order = append(order, a+1)
		}
		return w.fromPlain(w.transpose(w.plain(in[0]), order...), l.Rows, l.Dims), nil
	}
	return value{}, fmt.Errorf("want an operator that ONNX files can hold, got %s", l.Kind)
}

// elementwise emits an operator without regard to the layout.
func (w *writer) elementwise(op string, x value, more ...string) value {
	x.name = w.add(op, append([]string{x.name}, more...))
	return x
}

// sum emits the inputs, each with its sign, one after another.
func (w *writer) sum(l layer, in []value) value {
	alike := !slices.ContainsFunc(in, func(v value) bool { return !slices.Equal(v.flat, in[0].flat) })
	if !alike {
		for i, v := range in {
			in[i].name, in[i].flat = w.plain(v), nil
		}
	}
	total := in[0]
	if l.Signs[0] < 0 {
		total = w.elementwise("Neg", total)
	}
	for i, v := range in[1:] {
		op := "Add"
		if l.Signs[i+1] < 0 {
			op = "Sub"
		}
		total = w.elementwise(op, total, v.name)
	}
	return total
}
