package bpda

import (
	"bytes"
	"encoding/binary"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	typepb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	versionpb "github.com/wamuir/graft/tensorflow/core/framework/versions_go_proto"
	"google.golang.org/protobuf/proto"
)

// nodes are the definitions of a graph's operations, by name. They hold the
// attributes, which the C API gives away one by one and only by name.
type nodes struct {
	graph    *tf.Graph
	defs     map[string]*nodepb.NodeDef
	versions *versionpb.VersionDef
}

// readNodes exports graph.
func readNodes(graph *tf.Graph) (*nodes, error) {
	var raw bytes.Buffer
	if _, err := graph.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("exporting the graph: %w", err)
	}
	var def graphpb.GraphDef
	if err := proto.Unmarshal(raw.Bytes(), &def); err != nil {
		return nil, fmt.Errorf("exporting the graph: %w", err)
	}
	n := &nodes{graph: graph, defs: map[string]*nodepb.NodeDef{}, versions: def.Versions}
	for _, d := range def.Node {
		n.defs[d.Name] = d
	}
	return n, nil
}

// retype sets attributes of a copy that name types.
type retype map[string]tf.DataType

// copyNode adds to the graph, as name, an operation like o with other inputs, and
// possibly of another kind or with other types. Control inputs, devices and
// colocation are left out.
func (n *nodes) copyNode(name string, o *tf.Operation, kind string, inputs []tf.Output, types retype) (*tf.Operation, error) {
	def, ok := n.defs[o.Name()]
	if !ok {
		return nil, fmt.Errorf("op %q is not in the exported graph", o.Name())
	}
	def = proto.Clone(def).(*nodepb.NodeDef)
	def.Name, def.Op, def.Device = name, kind, ""
	delete(def.Attr, "_class")
	for attr, t := range types {
		def.Attr[attr] = typeAttr(t)
	}
	return n.importNode(def, inputs)
}

// importNode adds one operation whose inputs are outputs of the graph.
func (n *nodes) importNode(def *nodepb.NodeDef, inputs []tf.Output) (*tf.Operation, error) {
	var o tf.GraphImportOptions
	def.Input = nil
	for i, in := range inputs {
		place := fmt.Sprintf("input_%d", i)
		def.Input = append(def.Input, place)
		o.AddInputMapping(place, 0, in)
	}
	raw, err := proto.Marshal(&graphpb.GraphDef{Node: []*nodepb.NodeDef{def}, Versions: n.versions})
	if err != nil {
		return nil, err
	}
	if err := n.graph.ImportWithOptions(raw, o); err != nil {
		return nil, err
	}
	n.defs[def.Name] = def
	return n.graph.Operation(def.Name), nil
}

func typeAttr(t tf.DataType) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Type{Type: typepb.DataType(t)}}
}

func shapeAttr(s tf.Shape) *attrpb.AttrValue {
	p := &shapepb.TensorShapeProto{UnknownRank: s.NumDimensions() < 0}
	for i := range s.NumDimensions() {
		p.Dim = append(p.Dim, &shapepb.TensorShapeProto_Dim{Size: s.Size(i)})
	}
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Shape{Shape: p}}
}

// typeAttrs are the names of a node's attributes that hold this type.
func (n *nodes) typeAttrs(o *tf.Operation, t tf.DataType) []string {
	var out []string
	for name, a := range n.defs[o.Name()].Attr {
		if v, ok := a.Value.(*attrpb.AttrValue_Type); ok && tf.DataType(v.Type) == t {
			out = append(out, name)
		}
	}
	return out
}

// constant is the value of o, a constant whole number; false for anything else.
func (n *nodes) constant(o tf.Output) (int64, bool) {
	d := n.defs[o.Op.Name()]
	if d == nil || d.Op != "Const" {
		return 0, false
	}
	t := d.Attr["value"].GetTensor()
	switch {
	case t == nil:
	case len(t.IntVal) > 0:
		return int64(t.IntVal[0]), true
	case len(t.Int64Val) > 0:
		return t.Int64Val[0], true
	case o.DataType() == tf.Int32 && len(t.TensorContent) == 4:
		return int64(int32(binary.LittleEndian.Uint32(t.TensorContent))), true
	case o.DataType() == tf.Int64 && len(t.TensorContent) == 8:
		return int64(binary.LittleEndian.Uint64(t.TensorContent)), true
	case len(t.TensorContent) == 0 && (o.DataType() == tf.Int32 || o.DataType() == tf.Int64):
		return 0, true // the format leaves out zeros
	}
	return 0, false
}
