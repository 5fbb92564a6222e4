package savedmodel

import (
	"fmt"
	"math"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
)

// A constant of floats with at least so many values becomes a weight: that is what
// the weights of a frozen graph are.
const weightSize = 64

// constant writes a Const. What it orders is dropped.
func (p *puller) constant(f *frame, n *nodepb.NodeDef) value {
	t := f.attrsOf(n)["value"].GetTensor()
	dtype, shape := t.GetDtype(), shapeOf(t.GetTensorShape())
	count := size(shape, math.MaxInt32)
	switch {
	case t == nil || count < 0:
		return p.fail(fmt.Errorf("constant %.60q: want a value of a known size below 2^31, got none: it is damaged", n.GetName()))
	case dtype == typespb.DataType_DT_STRING:
		p.problems.add("texts or encoded images", n.GetOp(), n.GetName())
		return value{dtype: dtype}
	case dtype == typespb.DataType_DT_RESOURCE || dtype == typespb.DataType_DT_VARIANT:
		p.problems.add("a constant that is no number", n.GetOp(), n.GetName())
		return value{dtype: dtype}
	}
	// A file of a few bytes can ask for a constant of any size.
	if p.constants += 8 * count; p.constants > max(256<<20, 8*p.file.bytes) {
		return p.fail(fmt.Errorf("constant %.60q: want constants of about the size of the file, got more: it is damaged, or made to do harm", n.GetName()))
	}
	if wide(dtype) != typespb.DataType_DT_FLOAT {
		return p.constantNode(n.GetName(), t)
	}
	values, ok := floats(t, count)
	if !ok {
		return p.fail(fmt.Errorf("constant %.60q: want %d values, got others: it is damaged", n.GetName(), count))
	}
	if count >= weightSize && len(shape) > 0 {
		return p.variables.add(p, &variable{node: n.GetName(), name: n.GetName(), dtype: typespb.DataType_DT_FLOAT, shape: shape, values: values})
	}
	if dtype != typespb.DataType_DT_FLOAT {
		t = &tensorpb.TensorProto{Dtype: typespb.DataType_DT_FLOAT, TensorShape: t.GetTensorShape(), FloatVal: values}
	}
	return p.constantNode(n.GetName(), t)
}

// constantNode adds a Const.
func (p *puller) constantNode(name string, t *tensorpb.TensorProto) value {
	attrs := map[string]*attrpb.AttrValue{"dtype": typeAttr(t.GetDtype()), "value": {Value: &attrpb.AttrValue_Tensor{Tensor: t}}}
	return p.add(name, "Const", attrs, t.GetDtype())
}

// number adds a scalar.
func (p *puller) number(name string, dtype typespb.DataType, v float64) value {
	t := &tensorpb.TensorProto{Dtype: dtype, TensorShape: shapeProto(nil)}
	switch dtype {
	case typespb.DataType_DT_INT64:
		t.Int64Val = []int64{int64(v)}
	case typespb.DataType_DT_FLOAT:
		t.FloatVal = []float32{float32(v)}
	case typespb.DataType_DT_BOOL:
		t.BoolVal = []bool{v != 0}
	default:
		t.IntVal = []int32{int32(v)}
	}
	return p.constantNode(name, t)
}

// constantBool is the value of a constant condition.
func (p *puller) constantBool(v value) (taken, known bool) {
	n := p.nodeAt(v)
	if n == nil {
		return false, false
	}
	if n.GetOp() == "LogicalNot" {
		taken, known = p.constantBool(value{at: tensorOf(n.GetInput()[0])})
		return !taken, known
	}
	t := n.GetAttr()["value"].GetTensor()
	if n.GetOp() != "Const" || t.GetDtype() != typespb.DataType_DT_BOOL || size(shapeOf(t.GetTensorShape()), 1) != 1 {
		return false, false
	}
	if raw := t.GetTensorContent(); len(raw) == 1 {
		return raw[0] != 0, true
	}
	return len(t.GetBoolVal()) == 1 && t.GetBoolVal()[0], true
}
