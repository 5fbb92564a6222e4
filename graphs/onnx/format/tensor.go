package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// tensor reads a TensorProto. Values that are not raw in the file become so.
func (r *reader) tensor(raw []byte) (*Tensor, error) {
	t := &Tensor{}
	b := tensorBuilder{Tensor: t, r: r}
	if err := r.each("tensor", raw, b.field); err != nil {
		return nil, err
	}
	if b.outside {
		if b.place.Location == "" || b.place.Offset < 0 || b.place.Length < 0 {
			return nil, fmt.Errorf("tensor %.80q: want the name of a file and a place in it, got %q at %d", t.Name, b.place.Location, b.place.Offset)
		}
		t.External, t.Raw = &b.place, nil
	}
	return t, b.finish()
}

type tensorBuilder struct {
	*Tensor
	r       *reader
	numbers []uint64 // of int32_data, int64_data, uint64_data
	place   External
	outside bool
}

func (b *tensorBuilder) field(x field) (err error) {
	switch x.number {
	case tensorName:
		b.Name = string(x.bytes)
	case tensorType:
		b.Type = DataType(x.value)
	case tensorDims:
		return x.varints(func(v uint64) { b.Dims = append(b.Dims, int64(v)) })
	case tensorRaw:
		b.Raw, err = x.message("tensor")
	case tensorTexts:
		b.Texts++
	case tensorFloats:
		err = b.packed(x, 4)
	case tensorDoubles:
		err = b.packed(x, 8)
	case tensorInt32s, tensorInt64s, tensorUint64s:
		return x.varints(func(v uint64) { b.numbers = append(b.numbers, v) })
	case tensorLocation:
		b.outside = x.value == 1
	case tensorExternal:
		return b.external(x)
	}
	return err
}

// packed appends numbers of size bytes, which a field may hold one by one.
func (b *tensorBuilder) packed(x field, size int) error {
	raw, err := x.fixed(size)
	if b.Raw == nil {
		b.Raw = raw[:len(raw):len(raw)]
	} else {
		b.Raw = append(b.Raw, raw...)
	}
	return err
}

func (b *tensorBuilder) external(x field) error {
	var key, value string
	err := b.r.each("external data", x.bytes, func(x field) error {
		switch x.number {
		case entryKey:
			key = string(x.bytes)
		case entryValue:
			value = string(x.bytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch key {
	case "location":
		b.place.Location = value
	case "offset":
		b.place.Offset, err = strconv.ParseInt(value, 10, 64)
	case "length":
		b.place.Length, err = strconv.ParseInt(value, 10, 64)
	}
	if err != nil {
		return fmt.Errorf("tensor %.80q: want a number as %s of its data, got %.40q", b.Name, key, value)
	}
	return nil
}

// finish checks that the values fill the shape.
func (b *tensorBuilder) finish() error {
	count, ok := Count(b.Dims)
	bits := b.Type.Bits()
	if !ok || bits > 0 && count > math.MaxInt64/64 {
		return fmt.Errorf("tensor %.80q: want sizes of at least 0 whose product can be counted, got %v", b.Name, b.Dims)
	}
	if b.numbers != nil && b.Raw == nil {
		b.Raw = b.lay()
	}
	want := (count*bits + 7) / 8
	if bits > 0 && b.External == nil && int64(len(b.Raw)) != want {
		return fmt.Errorf("tensor %.80q: want %d bytes for shape %v of %s, got %d", b.Name, want, b.Dims, b.Type, len(b.Raw))
	}
	if b.External != nil && b.External.Length != 0 && b.External.Length < want {
		return fmt.Errorf("tensor %.80q: want %d bytes for shape %v of %s, the file says %d", b.Name, want, b.Dims, b.Type, b.External.Length)
	}
	return nil
}

// lay writes the numbers as raw data has them. Two of 4 bits share a number.
func (b *tensorBuilder) lay() []byte {
	var raw []byte
	for _, v := range b.numbers {
		switch b.Type.Bits() {
		case 4, 8:
			raw = append(raw, byte(v))
		case 16:
			raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		case 32:
			raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
		default:
			raw = binary.LittleEndian.AppendUint64(raw, v)
		}
	}
	return raw
}

// Count is the number of values of a shape, false where a size is negative or the
// product is too large.
func Count(dims []int64) (int64, bool) {
	n := int64(1)
	for _, d := range dims {
		if d < 0 {
			return 0, false
		}
		if d > 0 && n > math.MaxInt64/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

func float32s(raw []byte) []float32 {
	out := make([]float32, 0, len(raw)/4)
	for ; len(raw) >= 4; raw = raw[4:] {
		out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	}
	return out
}

// ParseTensor reads a file that holds one tensor.
func ParseTensor(data []byte) (*Tensor, error) { return (&reader{}).tensor(data) }
