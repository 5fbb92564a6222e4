package onnx

import (
	"errors"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// array is a constant of the network, row by row.
type array struct {
	shape []int64
	data  []float64
}

func sizeOf(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

func (a array) reshape(shape ...int64) array { return array{shape, a.data} }

// transpose reorders axes: axis i of the result is axis order[i] of a.
func (a array) transpose(order ...int) array {
	stride, n := make([]int64, len(a.shape)), int64(1)
	for i := len(a.shape) - 1; i >= 0; i-- {
		stride[i], n = n, n*a.shape[i]
	}
	out := array{make([]int64, len(order)), make([]float64, 0, len(a.data))}
	for i, from := range order {
		out.shape[i] = a.shape[from]
	}
	var walk func(axis int, at int64)
	walk = func(axis int, at int64) {
		if axis == len(order) {
			out.data = append(out.data, a.data[at])
			return
		}
		for i := range out.shape[axis] {
			walk(axis+1, at+i*stride[order[axis]])
		}
	}
	walk(0, 0)
	return out
}

// align gives a, which broadcasts to dims, their rank.
func (a array) align(dims []int64) (array, error) {
	shape := slices.Clone(a.shape)
	for len(shape) > len(dims) && shape[0] == 1 {
		shape = shape[1:]
	}
	for len(shape) < len(dims) {
		shape = append([]int64{1}, shape...)
	}
	for i, d := range dims {
		if len(shape) != len(dims) || shape[i] != 1 && shape[i] != d {
			return a, fmt.Errorf("want a constant that broadcasts to %v, got shape %v", dims, a.shape)
		}
	}
	return array{shape, a.data}, nil
}

// float32s are the values as the file holds them.
func (a array) float32s() []float32 {
	out := make([]float32, len(a.data))
	for i, v := range a.data {
		out[i] = float32(v)
	}
	return out
}

// readArrays reads the constants of steps, as they stand in net.
func readArrays(net *graphs.Net, steps []bounds.Step) ([]array, error) {
	var at []int
	var fetches []tf.Output
	for i, s := range steps {
		if s.Weights.Op != nil {
			at, fetches = append(at, i), append(fetches, s.Weights)
		}
	}
	arrays := make([]array, len(steps))
	if len(at) == 0 {
		return arrays, nil
	}
	tensors, err := net.Run(nil, fetches)
	if err != nil {
		return nil, err
	}
	for k, t := range tensors {
		if t.DataType() != tf.Float {
			return nil, errors.New("want float32 weights")
		}
		a := array{slices.Clone(t.Shape()), nil}
		for _, v := range graphs.Floats(nil, t) {
			a.data = append(a.data, float64(v))
		}
		arrays[at[k]] = a
	}
	return arrays, nil
}
