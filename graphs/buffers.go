package graphs

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"unsafe"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/memory"
)

// Buffer is a tensor whose memory Go may overwrite between runs. The Go
// collector does not see TensorFlow's memory, so a new tensor per step grows
// to gigabytes; a buffer that is fed again and again does not.
//
// A buffer must not be fed to an Assign: a variable shares the memory of the
// tensor it was assigned from.
type Buffer struct {
	Tensor *tf.Tensor
	raw    []byte
}

// NewBuffer allocates a zeroed tensor.
func NewBuffer(dt tf.DataType, shape ...int64) (*Buffer, error) {
	if err := checkBuffer(shape); err != nil {
		return nil, err
	}
	var c memoryCapture
	t, err := tf.ReadTensor(dt, slices.Clone(shape), &c) // the tensor keeps the slice
	if err != nil {
		return nil, fmt.Errorf("graphs: buffer of shape %v: %w", shape, err)
	}
	clear(c.raw)
	return &Buffer{t, c.raw}, nil
}

// checkBuffer refuses a tensor that there is no memory for: asking TensorFlow for
// it would end the process.
func checkBuffer(shape []int64) error {
	const unchecked = 64 << 20
	bytes := 4.
	for _, d := range shape {
		bytes *= float64(d)
	}
	if bytes <= unchecked {
		return nil
	}
	if free := memory.Free(); bytes > float64(free.Bytes) || bytes >= 1<<62 {
		return fmt.Errorf("graphs: buffer of shape %v: want at most %s (%s), got %.3g bytes: lower the batch", shape, memory.Format(free.Bytes), free.By, bytes)
	}
	return nil
}

// Float32 is the tensor's memory as float32, row-major.
func (b *Buffer) Float32() []float32 { return castBytes[float32](b.raw) }

// Int32 is the tensor's memory as int32, row-major.
func (b *Buffer) Int32() []int32 { return castBytes[int32](b.raw) }

// Int64 is the tensor's memory as int64, row-major.
func (b *Buffer) Int64() []int64 { return castBytes[int64](b.raw) }

// Uint8 is the tensor's memory as bytes.
func (b *Buffer) Uint8() []uint8 { return b.raw }

// Floats copies a fetched float32 tensor into dst and returns it, grown as
// needed.
func Floats(dst []float32, t *tf.Tensor) []float32 { return copyTensor(dst, t) }

// Ints copies a fetched int32 tensor into dst and returns it, grown as needed.
func Ints(dst []int32, t *tf.Tensor) []int32 { return copyTensor(dst, t) }

// Scalar is the value of a fetched float32 scalar.
func Scalar(t *tf.Tensor) float32 { return t.Value().(float32) }

func copyTensor[T any](dst []T, t *tf.Tensor) []T {
	var c memoryCapture
	if _, err := t.WriteContentsTo(&c); err != nil {
		return dst[:0]
	}
	dst = append(dst[:0], castBytes[T](c.raw)...)
	runtime.KeepAlive(t) // its finaliser frees the memory just read
	return dst
}

// memoryCapture keeps the slice that graft hands to a reader or writer: it is the
// tensor's own memory, valid as long as the tensor is reachable.
type memoryCapture struct{ raw []byte }

func (c *memoryCapture) Read(p []byte) (int, error) {
	if c.raw != nil {
		return 0, io.EOF
	}
	c.raw = p
	return len(p), nil
}

func (c *memoryCapture) Write(p []byte) (int, error) {
	c.raw = p
	return len(p), nil
}

func castBytes[T any](raw []byte) []T {
	if len(raw) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(&raw[0])), len(raw)/int(unsafe.Sizeof(zero)))
}
