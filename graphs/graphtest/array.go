package graphtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
)

// Array is a float32 tensor in plain Go, row-major.
type Array struct {
	Shape []int64
	Data  []float32
}

// Of is data in the given shape.
func Of(data []float32, shape ...int64) Array {
	if int64(len(data)) != size(shape) {
		panic(fmt.Sprintf("graphtest: %d numbers do not fill shape %v", len(data), shape))
	}
	return Array{shape, data}
}

// Round is data in the given shape, rounded to float32.
func Round(data []float64, shape ...int64) Array {
	x := make([]float32, len(data))
	for i, v := range data {
		x[i] = float32(v)
	}
	return Of(x, shape...)
}

// Fill repeats v.
func Fill(v float32, shape ...int64) Array {
	return filled(shape, func(int) float32 { return v })
}

// Normal draws from a normal of deviation std.
func Normal(seed uint64, std float64, shape ...int64) Array {
	r := source(seed)
	return filled(shape, func(int) float32 { return float32(std * r.NormFloat64()) })
}

// Uniform draws from [lo,hi).
func Uniform(seed uint64, lo, hi float64, shape ...int64) Array {
	r := source(seed)
	return filled(shape, func(int) float32 { return float32(lo + (hi-lo)*r.Float64()) })
}

// Spread holds each of -n/2+1/2 … n/2-1/2 times gap once, in random order: no
// two values are closer than gap and none is closer to 0 than gap/2. A step
// below gap/2 crosses no kink of a maximum, gap/2 none of a ReLU.
func Spread(seed uint64, gap float64, shape ...int64) Array {
	n := int(size(shape))
	order := source(seed).Perm(n)
	return filled(shape, func(i int) float32 { return float32(gap * (float64(order[i]) - float64(n)/2 + .5)) })
}

// At is the element at index.
func (a Array) At(index ...int) float64 {
	i := 0
	for k, x := range index {
		i = i*int(a.Shape[k]) + x
	}
	return float64(a.Data[i])
}

// Tensor copies a into a new tensor.
func (a Array) Tensor(t testing.TB) *tf.Tensor {
	t.Helper()
	raw, err := binary.Append(nil, binary.NativeEndian, a.Data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tf.ReadTensor(tf.Float, a.Shape, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FromTensor copies a float32 tensor.
func FromTensor(t testing.TB, x *tf.Tensor) Array {
	t.Helper()
	if x.DataType() != tf.Float {
		t.Fatalf("want a float32 tensor, got type %d", x.DataType())
	}
	var raw bytes.Buffer
	if _, err := x.WriteContentsTo(&raw); err != nil {
		t.Fatal(err)
	}
	a := Array{x.Shape(), make([]float32, size(x.Shape()))}
	if len(a.Data) > 0 {
		if _, err := binary.Decode(raw.Bytes(), binary.NativeEndian, a.Data); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// Near fails unless got is want everywhere, within tolerance times the larger
// of 1 and |want|. NaN is near nothing.
func Near(t testing.TB, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: want %d numbers, got %d", what, len(want), len(got))
		return
	}
	bad := 0
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tolerance*max(1, math.Abs(w))) {
			if bad++; bad <= 3 {
				t.Errorf("%s: element %d: want %.7g, got %.7g", what, i, w, got[i])
			}
		}
	}
	if bad > 3 {
		t.Errorf("%s: %d of %d elements differ", what, bad, len(want))
	}
}

// Equal fails unless got is want bit by bit.
func Equal(t testing.TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: want %d numbers, got %d", what, len(want), len(got))
		return
	}
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Errorf("%s: element %d: want exactly %.9g, got %.9g", what, i, want[i], got[i])
			return
		}
	}
}

func filled(shape []int64, at func(i int) float32) Array {
	a := Array{shape, make([]float32, size(shape))}
	for i := range a.Data {
		a.Data[i] = at(i)
	}
	return a
}

func size(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
