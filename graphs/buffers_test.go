package graphs_test

import (
	"fmt"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

func buffer(t *testing.T, dt tf.DataType, shape ...int64) *graphs.Buffer {
	t.Helper()
	b, err := graphs.NewBuffer(dt, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is written to a view is what the tensor holds, row-major.
func TestBufferViewsWriteThrough(t *testing.T) {
	f, i, l, u := buffer(t, tf.Float, 2, 3), buffer(t, tf.Int32, 3), buffer(t, tf.Int64, 2), buffer(t, tf.Uint8, 4)
	if got := fmt.Sprint(f.Tensor.Value(), i.Tensor.Value(), l.Tensor.Value(), u.Tensor.Value()); got != "[[0 0 0] [0 0 0]] [0 0 0] [0 0] [0 0 0 0]" {
		t.Errorf("want new buffers of zeros, got %s", got)
	}
	for k := range f.Float32() {
		f.Float32()[k] = float32(k) + .5
	}
	copy(i.Int32(), []int32{-1, 1 << 30, 7})
	copy(l.Int64(), []int64{-1 << 62, 5})
	copy(u.Uint8(), []uint8{255, 0, 1, 2})
	if got := fmt.Sprint(f.Tensor.Value(), i.Tensor.Value(), l.Tensor.Value(), u.Tensor.Value()); got != "[[0.5 1.5 2.5] [3.5 4.5 5.5]] [-1 1073741824 7] [-4611686018427387904 5] [255 0 1 2]" {
		t.Errorf("the tensors hold %s", got)
	}
	if n := []int{len(f.Float32()), len(i.Int32()), len(l.Int64()), len(u.Uint8())}; !slices.Equal(n, []int{6, 3, 2, 4}) {
		t.Errorf("want views of 6, 3, 2 and 4 elements, got %v", n)
	}
}

func TestBufferOfOddShapes(t *testing.T) {
	if n := len(buffer(t, tf.Float).Float32()); n != 1 {
		t.Errorf("want one element in a scalar, got %d", n)
	}
	if n := len(buffer(t, tf.Float, 0, 3).Float32()); n != 0 {
		t.Errorf("want no element in an empty buffer, got %d", n)
	}
	_, err := graphs.NewBuffer(tf.Float, -1, 3)
	Says(t, err, "graphs: buffer of shape [-1 3]")
	_, err = graphs.NewBuffer(tf.String, 3)
	Says(t, err, "graphs: buffer of shape [3]")

	shape := []int64{2, 3}
	b := buffer(t, tf.Float, shape...)
	shape[0] = 100
	if got := b.Tensor.Shape(); !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("the tensor's shape follows the caller's slice: %v", got)
	}
}

// A buffer that is fed again and again: each run sees what it holds then, and
// what was fetched before stays as it was.
func TestBufferIsReused(t *testing.T) {
	net, x, y, _ := twice(t)
	b := buffer(t, tf.Float, 1, 3)
	var fetched []*tf.Tensor
	for k := range 3 {
		copy(b.Float32(), []float32{float32(k), 1, 2})
		out, err := net.Run(graphs.Feeds{x.Feed: b.Tensor}, []tf.Output{y})
		if err != nil {
			t.Fatal(err)
		}
		fetched = append(fetched, out[0])
	}
	for k, f := range fetched {
		Equal(t, fmt.Sprint("run ", k), FromTensor(t, f).Data, []float32{float32(2 * k), 2, 4})
	}
}

// A feed that is fetched unchanged may share memory with the buffer: Floats
// must have copied it.
func TestFetchesAreCopies(t *testing.T) {
	net, x, _, _ := twice(t)
	b := buffer(t, tf.Float, 1, 3)
	copy(b.Float32(), []float32{1, 2, 3})
	out, err := net.Run(graphs.Feeds{x.Feed: b.Tensor}, []tf.Output{x.Value})
	if err != nil {
		t.Fatal(err)
	}
	got := graphs.Floats(nil, out[0])
	clear(b.Float32())
	Equal(t, "copy", got, []float32{1, 2, 3})

	whole := []int32{1, 2, 3, 4}
	ints := graphs.Ints(nil, tensor(t, whole))
	ints[0] = 9
	if again := graphs.Ints(ints, tensor(t, whole)); !slices.Equal(again, whole) || &again[0] != &ints[0] {
		t.Errorf("want %v in the slice that was given, got %v", whole, again)
	}
	if short := graphs.Floats(make([]float32, 1, 2), tensor(t, []float32{5, 6, 7})); !slices.Equal(short, []float32{5, 6, 7}) {
		t.Errorf("want the slice grown, got %v", short)
	}
	if long := graphs.Floats(make([]float32, 9), tensor(t, []float32{5})); !slices.Equal(long, []float32{5}) {
		t.Errorf("want the slice cut, got %v", long)
	}
	if empty := graphs.Floats([]float32{1}, buffer(t, tf.Float, 0).Tensor); len(empty) != 0 {
		t.Errorf("want nothing of an empty tensor, got %v", empty)
	}
	if v := graphs.Scalar(tensor(t, float32(2.5))); v != 2.5 {
		t.Errorf("want 2.5, got %g", v)
	}
}
