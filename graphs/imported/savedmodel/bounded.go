package savedmodel

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"unwarp/graphs/memory"
)

// A message takes up to about 200 bytes of memory for a field of two bytes: the
// number of fields is bounded before a file is decoded. EfficientNetB7 of Keras
// has about a million.
const (
	maxFields = 6 << 20
	maxNested = 100
)

var errDamaged = errors.New("want a SavedModel, got a file that is damaged or none")

// decodeBounded decodes raw into m, unless it would take more memory than there is.
func decodeBounded(raw []byte, m proto.Message) error {
	c := counter{left: maxFields}
	if err := c.count(raw, m.ProtoReflect().Descriptor(), 0); err != nil {
		return err
	}
	need := 2*uint64(len(raw)) + 200*uint64(maxFields-c.left) + c.packed
	if err := memory.Check("reading the graph", need, "free some memory"); err != nil {
		return err
	}
	if err := proto.Unmarshal(raw, m); err != nil {
		return errDamaged
	}
	return nil
}

// counter adds up what a message would take.
type counter struct {
	left   int
	packed uint64 // bytes of packed numbers, of which each may become eight
}

func (c *counter) count(raw []byte, d protoreflect.MessageDescriptor, depth int) error {
	if depth > maxNested {
		return fmt.Errorf("want messages nested at most %d deep, got more: it is damaged, or made to do harm", maxNested)
	}
	for len(raw) > 0 {
		if c.left--; c.left < 0 {
			return fmt.Errorf("want at most %d fields, got more: it is damaged, or made to do harm", maxFields)
		}
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return errDamaged
		}
		size := protowire.ConsumeFieldValue(number, kind, raw[n:])
		if size < 0 {
			return errDamaged
		}
		if field := d.Fields().ByNumber(number); kind == protowire.BytesType && field != nil {
			inside, _ := protowire.ConsumeBytes(raw[n:])
			switch {
			case field.Message() != nil:
				if err := c.count(inside, field.Message(), depth+1); err != nil {
					return err
				}
			case field.IsList() && field.IsPacked():
				c.packed += 8 * uint64(len(inside))
			}
		}
		raw = raw[n+size:]
	}
	return nil
}
