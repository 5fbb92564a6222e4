package format

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds of what a file may hold. The largest networks that are known have some
// thousands of nodes.
const (
	maxMessages = 2_000_000
	maxDepth    = 16 // graphs within attributes of nodes
)

// reader counts the messages of a file.
type reader struct {
	messages int
	depth    int
}

// field is one field of a message: a number, or bytes.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  uint64
	bytes  []byte
}

// each calls f with every field of a message.
func (r *reader) each(what string, raw []byte, f func(x field) error) error {
	if r.messages++; r.messages > maxMessages {
		return fmt.Errorf("want at most %d messages in a file", maxMessages)
	}
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return fmt.Errorf("not an ONNX file, or cut off (%s: %w)", what, protowire.ParseError(n))
		}
		x := field{number: number, kind: kind}
		raw = raw[n:]
		switch kind {
		case protowire.VarintType:
			x.value, n = protowire.ConsumeVarint(raw)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(raw)
			x.value = uint64(v)
		case protowire.Fixed64Type:
			x.value, n = protowire.ConsumeFixed64(raw)
		case protowire.BytesType:
			x.bytes, n = protowire.ConsumeBytes(raw)
		default:
			n = protowire.ConsumeFieldValue(number, kind, raw)
		}
		if n < 0 {
			return fmt.Errorf("not an ONNX file, or cut off (%s, field %d: %w)", what, number, protowire.ParseError(n))
		}
		raw = raw[n:]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// message is the bytes of a field that holds a message or text.
func (x field) message(what string) ([]byte, error) {
	if x.kind != protowire.BytesType {
		return nil, fmt.Errorf("%s: field %d has wire type %d, want bytes", what, x.number, x.kind)
	}
	return x.bytes, nil
}

// float is a float32 that stands alone.
func (x field) float() float32 { return math.Float32frombits(uint32(x.value)) }

// varints calls f with the numbers of a field, packed or alone.
func (x field) varints(f func(v uint64)) error {
	if x.kind != protowire.BytesType {
		f(x.value)
		return nil
	}
	for raw := x.bytes; len(raw) > 0; {
		v, n := protowire.ConsumeVarint(raw)
		if n < 0 {
			return fmt.Errorf("field %d: packed numbers are cut off", x.number)
		}
		f(v)
		raw = raw[n:]
	}
	return nil
}

// fixed are the bytes of a field of numbers with size bytes each, packed or alone.
func (x field) fixed(size int) ([]byte, error) {
	switch {
	case x.kind == protowire.BytesType && len(x.bytes)%size == 0:
		return x.bytes, nil
	case x.kind == protowire.Fixed32Type && size == 4:
		return binary.LittleEndian.AppendUint32(nil, uint32(x.value)), nil
	case x.kind == protowire.Fixed64Type && size == 8:
		return binary.LittleEndian.AppendUint64(nil, x.value), nil
	}
	return nil, fmt.Errorf("field %d: want numbers of %d bytes", x.number, size)
}
