package savedmodel

import (
	"fmt"
	"strings"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	opdefpb "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// imageNode is the name of the images in the flat graph.
const imageNode = "image"

// tensorOf reads the name of a tensor that this package wrote.
func tensorOf(text string) graphs.Tensor {
	t, _ := graphs.ParseTensor(text)
	return t
}

// nodeAt is the node of a value in the flat graph, nil where there is none.
func (p *puller) nodeAt(v value) *nodepb.NodeDef {
	return p.flatByName[v.at.Node]
}

// add writes one op with one output.
func (p *puller) add(name, kind string, attrs map[string]*attrpb.AttrValue, dtype typespb.DataType, inputs ...value) value {
	n := &nodepb.NodeDef{Name: p.names.Unique(name), Op: kind, Attr: attrs}
	for _, in := range inputs {
		n.Input = append(n.Input, in.at.String())
	}
	p.write(n)
	return value{at: graphs.Tensor{Node: n.Name}, dtype: dtype}
}

func (p *puller) write(n *nodepb.NodeDef) {
	if len(p.flat) >= maxNodes {
		p.fail(fmt.Errorf("want at most %d ops after all calls are written out, got more: it is damaged, or made to do harm", maxNodes))
		return
	}
	p.flat = append(p.flat, n)
	p.flatByName[n.Name] = n
}

// cast converts v to a type where it has another.
func (p *puller) cast(name string, v value, t typespb.DataType) value {
	if v.dtype == t || p.err != nil {
		return v
	}
	return p.add(name+"/cast", "Cast", map[string]*attrpb.AttrValue{"SrcT": typeAttr(v.dtype), "DstT": typeAttr(t)}, t, v)
}

// op writes an op with all its inputs, and returns its output i.
func (p *puller) op(f *frame, n *nodepb.NodeDef, i int) value {
	all, done := f.pulled[n.GetName()]
	if !done {
		all = p.writeOp(f, n)
		f.pulled[n.GetName()] = all
	}
	if p.err != nil {
		return value{}
	}
	if i < 0 || i >= len(all) {
		return p.fail(fmt.Errorf("node %.60q: want an output %d of %.40s, got %d outputs: it is damaged", n.GetName(), i, n.GetOp(), len(all)))
	}
	return all[i]
}

// writeOp writes an op and returns its outputs.
func (p *puller) writeOp(f *frame, n *nodepb.NodeDef) []value {
	def := p.ops[n.GetOp()]
	w := &nodepb.NodeDef{Op: n.GetOp(), Attr: p.plainAttrs(def, n, f.attrsOf(n))}
	ins := p.inputs(f, n)
	if p.err != nil {
		return nil
	}
	for _, in := range ins {
		if in.variable != nil {
			p.problems.add("an op on a variable itself", n.GetOp(), n.GetName())
			return []value{{dtype: typespb.DataType_DT_FLOAT}}
		}
	}
	if alias, ok := castOfImage(w, ins); ok {
		return []value{alias}
	}
	w.Name = p.names.Unique(n.GetName())
	if ins = p.fitTypes(def, w, ins); p.err != nil {
		return nil
	}
	for _, in := range ins {
		w.Input = append(w.Input, in.at.String())
	}
	if w.Attr["is_training"].GetB() {
		p.problems.add("batch norm by the moments of the batch, so that images of a batch depend on each other", n.GetOp(), n.GetName())
	}
	p.write(w)
	return p.outputs(def, w)
}

// castOfImage passes over a cast that changes nothing here: of bytes of the image
// to floats or other integers, and of float16 to float32.
func castOfImage(n *nodepb.NodeDef, ins []value) (value, bool) {
	if n.GetOp() != "Cast" || len(ins) != 1 {
		return value{}, false
	}
	from, to := n.Attr["SrcT"].GetType(), n.Attr["DstT"].GetType()
	if ins[0].dtype == typespb.DataType_DT_FLOAT && (to == typespb.DataType_DT_FLOAT || isInteger(from) && isInteger(to)) {
		return ins[0], true
	}
	return value{}, false
}

// plainAttrs are the attributes without hints, half precision widened. One that
// this TensorFlow does not know is dropped where it has the value that it has
// anyway.
func (p *puller) plainAttrs(def *opdefpb.OpDef, n *nodepb.NodeDef, attrs map[string]*attrpb.AttrValue) map[string]*attrpb.AttrValue {
	known := map[string]bool{}
	for _, a := range def.GetAttr() {
		known[a.GetName()] = true
	}
	out := map[string]*attrpb.AttrValue{}
	for name, a := range attrs {
		switch {
		case strings.HasPrefix(name, "_"):
		case known[name]:
			out[name] = widened(a)
		case !p.isDefault(n.GetOp(), name, a):
			p.problems.add("an op written by a later TensorFlow", n.GetOp(), n.GetName())
		}
	}
	for _, a := range def.GetAttr() { // files leave out defaults
		if out[a.GetName()] == nil && a.GetDefaultValue() != nil {
			out[a.GetName()] = a.GetDefaultValue()
		}
	}
	return out
}

// isDefault tells whether the file says that this is the default of an attribute.
func (p *puller) isDefault(op, attr string, a *attrpb.AttrValue) bool {
	for _, d := range p.file.meta.GetMetaInfoDef().GetStrippedOpList().GetOp() {
		if d.GetName() != op {
			continue
		}
		for _, known := range d.GetAttr() {
			if known.GetName() == attr {
				return proto.Equal(known.GetDefaultValue(), a)
			}
		}
	}
	return false
}

// widened replaces half precision in an attribute that names types.
func widened(a *attrpb.AttrValue) *attrpb.AttrValue {
	switch v := a.GetValue().(type) {
	case *attrpb.AttrValue_Type:
		return typeAttr(wide(v.Type))
	case *attrpb.AttrValue_List:
		if len(v.List.GetType()) == 0 {
			return a
		}
		list := &attrpb.AttrValue_ListValue{}
		for _, t := range v.List.GetType() {
			list.Type = append(list.Type, wide(t))
		}
		return &attrpb.AttrValue{Value: &attrpb.AttrValue_List{List: list}}
	}
	return a
}

// moving are the ops that move values without computing with them, and those that
// resample: of bytes and of floats they do the same.
var moving = map[string]bool{}

func init() {
	for _, op := range strings.Fields(`Reshape Transpose ExpandDims Squeeze Pad PadV2 MirrorPad Slice StridedSlice Concat ConcatV2
		Pack Unpack Split SplitV Reverse ReverseV2 Tile BroadcastTo Gather GatherV2 GatherNd ResizeBilinear ResizeNearestNeighbor
		ResizeBicubic ResizeArea CropAndResize DepthToSpace SpaceToDepth Select SelectV2 Maximum Minimum ClipByValue Max Min
		ZerosLike OnesLike Shape Size Rank ShapeN MaxPool`) {
		moving[op] = true
	}
}

// fitTypes makes the inputs of an op have the types that its attributes name. The
// image may be of bytes in the file: it is of floats here, as far as it is only
// moved.
func (p *puller) fitTypes(def *opdefpb.OpDef, n *nodepb.NodeDef, ins []value) []value {
	args, err := argTypes(def.GetInputArg(), n.Attr)
	if err != nil || len(args) != len(ins) {
		p.fail(fmt.Errorf("node %.60q: want %d inputs of %.40s, got %d: it is damaged", n.Name, len(args), n.Op, len(ins)))
		return nil
	}
	for i, in := range ins {
		if a := args[i]; in.dtype == typespb.DataType_DT_FLOAT && isInteger(a.dtype) && a.attr != "" && moving[n.Op] {
			n.Attr[a.attr] = typeAttr(typespb.DataType_DT_FLOAT)
		}
	}
	args, _ = argTypes(def.GetInputArg(), n.Attr)
	for i, in := range ins {
		if want := args[i].dtype; in.dtype != want {
			if isInteger(want) && in.dtype == typespb.DataType_DT_FLOAT {
				p.remarks.add("arithmetic on bytes is computed as in the file, without a gradient", n.Name)
			}
			ins[i] = p.cast(n.Name, in, want)
		}
	}
	return ins
}

// argType is the type of one tensor of an op, with the attribute that names it.
type argType struct {
	dtype typespb.DataType
	attr  string
}

func argTypes(args []*opdefpb.OpDef_ArgDef, attrs map[string]*attrpb.AttrValue) (all []argType, err error) {
	for _, a := range args {
		n, err := argSize(a, attrs)
		if err != nil {
			return nil, err
		}
		for k := range n {
			switch {
			case a.GetTypeListAttr() != "":
				all = append(all, argType{attrs[a.GetTypeListAttr()].GetList().GetType()[k], ""})
			case a.GetTypeAttr() != "":
				all = append(all, argType{attrs[a.GetTypeAttr()].GetType(), a.GetTypeAttr()})
			default:
				all = append(all, argType{a.GetType(), ""})
			}
		}
	}
	return all, nil
}

// outputs are those of a written op.
func (p *puller) outputs(def *opdefpb.OpDef, n *nodepb.NodeDef) []value {
	types, err := argTypes(def.GetOutputArg(), n.Attr)
	if err != nil {
		p.fail(fmt.Errorf("node %.60q: %w", n.Name, err))
		return nil
	}
	all := make([]value, len(types))
	for i, t := range types {
		all[i] = value{at: graphs.Tensor{Node: n.Name, Index: i}, dtype: t.dtype}
	}
	return all
}
