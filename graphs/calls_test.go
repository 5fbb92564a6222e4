package graphs

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	attr "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	fn "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	gr "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	node "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	opdef "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	types "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	"github.com/wamuir/graft/tensorflow/op"
	"google.golang.org/protobuf/proto"
)

// TestGradientsThroughCall imports a graph as Keras exports it, its classifier
// hidden in a function: the error must say so. It lies inside the package
// because only an import brings functions into a graph.
func TestGradientsThroughCall(t *testing.T) {
	float := &attr.AttrValue{Value: &attr.AttrValue_Type{Type: types.DataType_DT_FLOAT}}
	floats := &attr.AttrValue{Value: &attr.AttrValue_List{List: &attr.AttrValue_ListValue{Type: []types.DataType{types.DataType_DT_FLOAT}}}}
	name := &attr.AttrValue{Value: &attr.AttrValue_Func{Func: &attr.NameAttrList{Name: "same"}}}
	arg := func(name string) []*opdef.OpDef_ArgDef {
		return []*opdef.OpDef_ArgDef{{Name: name, Type: types.DataType_DT_FLOAT}}
	}
	for _, ty := range []string{"PartitionedCall", "StatefulPartitionedCall"} {
		def, err := proto.Marshal(&gr.GraphDef{
			Node: []*node.NodeDef{
				{Name: "x", Op: "Placeholder", Attr: map[string]*attr.AttrValue{"dtype": float}},
				{Name: "call", Op: ty, Input: []string{"x"}, Attr: map[string]*attr.AttrValue{"Tin": floats, "Tout": floats, "f": name}},
			},
			Library: &fn.FunctionDefLibrary{Function: []*fn.FunctionDef{{
				Signature: &opdef.OpDef{Name: "same", InputArg: arg("a"), OutputArg: arg("b")},
				NodeDef:   []*node.NodeDef{{Name: "n", Op: "Identity", Input: []string{"a"}, Attr: map[string]*attr.AttrValue{"T": float}}},
				Ret:       map[string]string{"b": "n:output:0"},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		g := tf.NewGraph()
		if err := g.Import(def, ""); err != nil {
			t.Fatal(err)
		}
		b := newBuilder(0)
		b.root = op.NewScopeWithGraph(g)
		Gradients(b.Pass("p", Inference), g.Operation("call").Output(0), g.Operation("x").Output(0))
		if err := b.Err(); err == nil || !strings.Contains(err.Error(), `op "call": gradients do not go through function calls`) {
			t.Errorf("%s: want an error that names the call, got %v", ty, err)
		}
	}
}
