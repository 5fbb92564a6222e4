package savedmodel

import (
	"encoding/binary"
	"math"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
)

func typeAttr(t typespb.DataType) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Type{Type: t}}
}

func intAttr(i int64) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_I{I: i}}
}

func textAttr(s string) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_S{S: []byte(s)}}
}

func listAttr(all []int64) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_List{List: &attrpb.AttrValue_ListValue{I: all}}}
}

func shapeAttr(shape []int64) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Shape{Shape: shapeProto(shape)}}
}

func shapeProto(shape []int64) *shapepb.TensorShapeProto {
	p := &shapepb.TensorShapeProto{}
	for _, d := range shape {
		p.Dim = append(p.Dim, &shapepb.TensorShapeProto_Dim{Size: d})
	}
	return p
}

// shapeOf is a shape with -1 for what is not known, nil where the rank is not.
func shapeOf(p *shapepb.TensorShapeProto) []int64 {
	if p == nil || p.GetUnknownRank() {
		return nil
	}
	shape := make([]int64, 0, len(p.GetDim()))
	for _, d := range p.GetDim() {
		shape = append(shape, max(d.GetSize(), -1))
	}
	return shape
}

// intsTensor is a constant of whole numbers.
func intsTensor(values []int64, shape ...int64) *tensorpb.TensorProto {
	t := &tensorpb.TensorProto{Dtype: typespb.DataType_DT_INT32, TensorShape: shapeProto(shape)}
	for _, v := range values {
		t.IntVal = append(t.IntVal, int32(v))
	}
	return t
}

// size is the number of elements of a shape, -1 where it is not known or above
// limit.
func size(shape []int64, limit int64) int64 {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > 0 && n > limit/d {
			return -1
		}
		n *= d
	}
	return n
}

// wide is the type in which values of t are computed here.
func wide(t typespb.DataType) typespb.DataType {
	switch t {
	case typespb.DataType_DT_HALF, typespb.DataType_DT_BFLOAT16, typespb.DataType_DT_DOUBLE:
		return typespb.DataType_DT_FLOAT
	}
	return t
}

// isInteger tells types in which images could be.
func isInteger(t typespb.DataType) bool {
	switch t {
	case typespb.DataType_DT_UINT8, typespb.DataType_DT_INT8, typespb.DataType_DT_UINT16, typespb.DataType_DT_INT16, typespb.DataType_DT_INT32, typespb.DataType_DT_INT64:
		return true
	}
	return false
}

// floats are the n values of a constant of floating-point numbers; false where it
// is damaged or of another type. The format repeats the last of a list.
func floats(t *tensorpb.TensorProto, n int64) ([]float32, bool) {
	width := map[typespb.DataType]int{typespb.DataType_DT_FLOAT: 4, typespb.DataType_DT_DOUBLE: 8, typespb.DataType_DT_HALF: 2, typespb.DataType_DT_BFLOAT16: 2}[t.GetDtype()]
	if width == 0 {
		return nil, false
	}
	out := make([]float32, n)
	if raw := t.GetTensorContent(); len(raw) > 0 {
		if int64(len(raw)) != int64(width)*n {
			return nil, false
		}
		for i := range out {
			out[i] = floatOf(t.GetDtype(), raw[i*width:])
		}
		return out, true
	}
	given := t.GetFloatVal()
	for _, v := range t.GetDoubleVal() {
		given = append(given, float32(v))
	}
	for _, v := range t.GetHalfVal() {
		given = append(given, floatOf(t.GetDtype(), binary.LittleEndian.AppendUint16(nil, uint16(v))))
	}
	if int64(len(given)) > n {
		return nil, false
	}
	copy(out, given)
	for i := len(given); i < len(out) && len(given) > 0; i++ {
		out[i] = given[len(given)-1]
	}
	return out, true
}

func floatOf(t typespb.DataType, raw []byte) float32 {
	switch t {
	case typespb.DataType_DT_FLOAT:
		return math.Float32frombits(binary.LittleEndian.Uint32(raw))
	case typespb.DataType_DT_DOUBLE:
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	case typespb.DataType_DT_BFLOAT16:
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw)) << 16)
	}
	return halfOf(binary.LittleEndian.Uint16(raw))
}

// halfOf is a number of IEEE 754 binary16.
func halfOf(bits uint16) float32 {
	sign, exponent, fraction := float64(1), int(bits>>10&31), float64(bits&1023)
	if bits>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return float32(sign * math.Ldexp(fraction, -24))
	case 31:
		if fraction != 0 {
			return float32(math.NaN())
		}
		return float32(math.Inf(int(sign)))
	}
	return float32(sign * math.Ldexp(1024+fraction, exponent-25))
}

// ints are the values of a constant of whole numbers, at most limit of them.
func ints(t *tensorpb.TensorProto, limit int64) ([]int64, bool) {
	n := size(shapeOf(t.GetTensorShape()), limit)
	if n < 0 || t.GetTensorShape() == nil && t == nil {
		return nil, false
	}
	var given []int64
	raw := t.GetTensorContent()
	switch t.GetDtype() {
	case typespb.DataType_DT_INT32:
		for ; len(raw) >= 4; raw = raw[4:] {
			given = append(given, int64(int32(binary.LittleEndian.Uint32(raw))))
		}
		for _, v := range t.GetIntVal() {
			given = append(given, int64(v))
		}
	case typespb.DataType_DT_INT64:
		for ; len(raw) >= 8; raw = raw[8:] {
			given = append(given, int64(binary.LittleEndian.Uint64(raw)))
		}
		given = append(given, t.GetInt64Val()...)
	default:
		return nil, false
	}
	if int64(len(given)) > n {
		return nil, false
	}
	for int64(len(given)) < n {
		last := int64(0) // the format leaves out zeros
		if len(given) > 0 {
			last = given[len(given)-1]
		}
		given = append(given, last)
	}
	return given, true
}
