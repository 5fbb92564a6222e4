package onnx_test

import (
	"encoding/binary"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The twin reads a file by the numbers of onnx.proto and computes it with plain
// loops in float64.

// fields are the values of a message by field number.
type fields map[protowire.Number][]any

func decode(t *testing.T, raw []byte) fields {
	t.Helper()
	f := fields{}
	for len(raw) > 0 {
		num, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			t.Fatal("no tag")
		}
		raw = raw[n:]
		var v any
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(raw)
		default:
			t.Fatalf("field %d of wire type %d", num, kind)
		}
		if n < 0 {
			t.Fatalf("field %d is cut off", num)
		}
		f[num], raw = append(f[num], v), raw[n:]
	}
	return f
}

func (f fields) number(num protowire.Number) int { return int(f[num][0].(uint64)) }
func (f fields) text(num protowire.Number) string {
	if len(f[num]) == 0 {
		return ""
	}
	return string(f[num][0].([]byte))
}
func (f fields) texts(num protowire.Number) (all []string) {
	for _, v := range f[num] {
		all = append(all, string(v.([]byte)))
	}
	return all
}
func (f fields) numbers(num protowire.Number) (all []int) {
	for _, v := range f[num] {
		all = append(all, int(v.(uint64)))
	}
	return all
}

// tensor is a value, row by row; ints stand in data too.
type tensor struct {
	shape []int
	data  []float64
}

func filled(shape []int) tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return tensor{shape, make([]float64, n)}
}

// at is the place of an index; -1 outside.
func (x tensor) at(index ...int) int {
	p := 0
	for i, k := range index {
		if k < 0 || k >= x.shape[i] {
			return -1
		}
		p = p*x.shape[i] + k
	}
	return p
}

// each calls f with every index.
func (x tensor) each(f func(index []int, p int)) {
	index := make([]int, len(x.shape))
	for p := range x.data {
		rest := p
		for i := len(x.shape) - 1; i >= 0; i-- {
			index[i], rest = rest%x.shape[i], rest/x.shape[i]
		}
		f(index, p)
	}
}

func decodeTensor(t *testing.T, raw []byte) (string, tensor) {
	f := decode(t, raw)
	x, data := filled(f.numbers(1)), []byte(f.text(9))
	for i := range x.data {
		switch f.number(2) {
		case 1:
			x.data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		case 7:
			x.data[i] = float64(int64(binary.LittleEndian.Uint64(data[8*i:])))
		}
	}
	return f.text(8), x
}

// file is a decoded model.
type file struct {
	t             *testing.T
	graph         fields
	input, output string
	inShape       []int
	constants     map[string]tensor
	ops           map[string]int // how often each operator stands in it
}

func open(t *testing.T, raw []byte) *file {
	m := decode(t, raw)
	if m.number(1) != 7 || decode(t, m[8][0].([]byte)).number(2) != 13 {
		t.Fatalf("want IR 7 and operator set 13, got %v, %v", m[1], m[8])
	}
	x := &file{t: t, graph: decode(t, m[7][0].([]byte)), constants: map[string]tensor{}, ops: map[string]int{}}
	for _, raw := range x.graph[5] {
		name, c := decodeTensor(t, raw.([]byte))
		x.constants[name] = c
	}
	in := decode(t, x.graph[11][0].([]byte))
	x.input, x.output = in.text(1), decode(t, x.graph[12][0].([]byte)).text(1)
	shape := decode(t, decode(t, decode(t, in[2][0].([]byte))[1][0].([]byte))[2][0].([]byte))
	for _, d := range shape[1] {
		x.inShape = append(x.inShape, decode(t, d.([]byte)).number(1))
	}
	for _, raw := range x.graph[1] {
		x.ops[decode(t, raw.([]byte)).text(4)]++
	}
	return x
}

// run computes the output of an image in the order of the file.
func (x *file) run(image []float64) []float64 {
	values := map[string]tensor{x.input: {x.inShape, image}}
	for name, c := range x.constants {
		values[name] = c
	}
	for _, raw := range x.graph[1] {
		n := decode(x.t, raw.([]byte))
		a := map[string][]int{}
		for _, raw := range n[5] {
			f := decode(x.t, raw.([]byte))
			a[f.text(1)] = append(f.numbers(3), f.numbers(8)...)
			if want := map[bool]int{true: 2, false: 7}[len(f[3]) > 0]; f.number(20) != want {
				x.t.Fatalf("attribute %s of type %d", f.text(1), f.number(20))
			}
		}
		var in []tensor
		for _, name := range n.texts(1) {
			v, ok := values[name]
			if !ok {
				x.t.Fatalf("%s reads %s before it is there", n.text(3), name)
			}
			in = append(in, v)
		}
		values[n.text(2)] = compute(x.t, n.text(4), in, a)
	}
	return values[x.output].data
}

func compute(t *testing.T, op string, in []tensor, a map[string][]int) tensor {
	x := in[0]
	switch op {
	case "Relu":
		return x.mapped(func(v float64) float64 { return max(v, 0) })
	case "Neg":
		return x.mapped(func(v float64) float64 { return -v })
	case "Sigmoid":
		return x.mapped(func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })
	case "Tanh":
		return x.mapped(math.Tanh)
	case "Add":
		return x.with(in[1], func(a, b float64) float64 { return a + b })
	case "Sub":
		return x.with(in[1], func(a, b float64) float64 { return a - b })
	case "Mul":
		return x.with(in[1], func(a, b float64) float64 { return a * b })
	case "Flatten":
		return tensor{[]int{x.shape[0], len(x.data) / x.shape[0]}, x.data}
	case "Reshape":
		y := tensor{nil, x.data}
		for _, d := range in[1].data {
			y.shape = append(y.shape, int(d))
		}
		return y
	case "Gemm":
		return gemm(in)
	case "Conv":
		return conv(in, a)
	case "MaxPool", "AveragePool":
		return pool(x, a, op == "MaxPool")
	case "GlobalAveragePool":
		return pool(x, map[string][]int{"kernel_shape": x.shape[2:], "strides": {1, 1}, "pads": {0, 0, 0, 0}}, false)
	}
	return move(t, op, in, a)
}

func move(t *testing.T, op string, in []tensor, a map[string][]int) tensor {
	x := in[0]
	switch op {
	case "Transpose":
		shape := make([]int, len(x.shape))
		for i, from := range a["perm"] {
			shape[i] = x.shape[from]
		}
		y := filled(shape)
		y.each(func(index []int, p int) {
			from := make([]int, len(index))
			for i, k := range a["perm"] {
				from[k] = index[i]
			}
			y.data[p] = x.data[x.at(from...)]
		})
		return y
	case "Pad", "Slice":
		shape, shift := make([]int, len(x.shape)), make([]int, len(x.shape))
		for i, d := range x.shape {
			if op == "Pad" {
				shift[i] = -int(in[1].data[i])
				shape[i] = d + int(in[1].data[i]+in[1].data[i+len(shape)])
			} else {
				if int(in[3].data[i]) != i {
					t.Fatal("want all axes in their order")
				}
				shift[i] = int(in[1].data[i])
				shape[i] = int(in[2].data[i]) - shift[i]
			}
		}
		y := filled(shape)
		y.each(func(index []int, p int) {
			from := make([]int, len(index))
			for i, k := range index {
				from[i] = k + shift[i]
			}
			if q := x.at(from...); q >= 0 {
				y.data[p] = x.data[q]
			}
		})
		return y
	case "Concat":
		axis, shape := a["axis"][0], append([]int{}, x.shape...)
		for _, more := range in[1:] {
			shape[axis] += more.shape[axis]
		}
		y, begin := filled(shape), 0
		for _, part := range in {
			part.each(func(index []int, p int) {
				to := append([]int{}, index...)
				to[axis] += begin
				y.data[y.at(to...)] = part.data[p]
			})
			begin += part.shape[axis]
		}
		return y
	case "ReduceMean":
		kept, n := append([]int{}, x.shape...), 1
		for _, k := range a["axes"] {
			n *= x.shape[k]
			kept[k] = 1
		}
		y := filled(kept)
		x.each(func(index []int, p int) {
			to := append([]int{}, index...)
			for _, k := range a["axes"] {
				to[k] = 0
			}
			y.data[y.at(to...)] += x.data[p] / float64(n)
		})
		if a["keepdims"][0] == 0 {
			y.shape = nil
			for i, d := range kept {
				if !contains(a["axes"], i) {
					y.shape = append(y.shape, d)
				}
			}
		}
		return y
	}
	t.Fatalf("no operator %s in the twin", op)
	return tensor{}
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func (x tensor) mapped(f func(v float64) float64) tensor {
	y := filled(x.shape)
	for i, v := range x.data {
		y.data[i] = f(v)
	}
	return y
}

// with applies f to x and y, which broadcasts to x from the right.
func (x tensor) with(y tensor, f func(a, b float64) float64) tensor {
	out := filled(x.shape)
	out.each(func(index []int, p int) {
		from := append([]int{}, index[len(index)-len(y.shape):]...)
		for i := range from {
			if y.shape[i] == 1 {
				from[i] = 0
			}
		}
		out.data[p] = f(x.data[p], y.data[y.at(from...)])
	})
	return out
}

func gemm(in []tensor) tensor {
	x, w := in[0], in[1]
	y := filled([]int{x.shape[0], w.shape[0]})
	y.each(func(index []int, p int) {
		if len(in) > 2 {
			y.data[p] = in[2].data[index[1]]
		}
		for i := range x.shape[1] {
			y.data[p] += x.data[x.at(index[0], i)] * w.data[w.at(index[1], i)]
		}
	})
	return y
}

func side(n, kernel, stride, pads int) int { return (n+pads-kernel)/stride + 1 }

func conv(in []tensor, a map[string][]int) tensor {
	x, w, pads, stride, groups := in[0], in[1], a["pads"], a["strides"], a["group"][0]
	y := filled([]int{x.shape[0], w.shape[0], side(x.shape[2], w.shape[2], stride[0], pads[0]+pads[2]), side(x.shape[3], w.shape[3], stride[1], pads[1]+pads[3])})
	y.each(func(o []int, p int) {
		if len(in) > 2 {
			y.data[p] = in[2].data[o[1]]
		}
		first := o[1] / (w.shape[0] / groups) * w.shape[1]
		for c := range w.shape[1] {
			for i := range w.shape[2] {
				for j := range w.shape[3] {
					if q := x.at(o[0], first+c, o[2]*stride[0]+i-pads[0], o[3]*stride[1]+j-pads[1]); q >= 0 {
						y.data[p] += x.data[q] * w.data[w.at(o[1], c, i, j)]
					}
				}
			}
		}
	})
	return y
}

func pool(x tensor, a map[string][]int, largest bool) tensor {
	pads, stride, k := a["pads"], a["strides"], a["kernel_shape"]
	y := filled([]int{x.shape[0], x.shape[1], side(x.shape[2], k[0], stride[0], pads[0]+pads[2]), side(x.shape[3], k[1], stride[1], pads[1]+pads[3])})
	y.each(func(o []int, p int) {
		sum, most, n := 0., math.Inf(-1), 0.
		for i := range k[0] {
			for j := range k[1] {
				if q := x.at(o[0], o[1], o[2]*stride[0]+i-pads[0], o[3]*stride[1]+j-pads[1]); q >= 0 {
					sum, most, n = sum+x.data[q], max(most, x.data[q]), n+1
				}
			}
		}
		y.data[p] = sum / n
		if largest {
			y.data[p] = most
		}
	})
	return y
}
