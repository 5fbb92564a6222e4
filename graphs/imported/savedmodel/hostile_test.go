package savedmodel_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	opdefpb "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
)

var float = typeAttr(typespb.DataType_DT_FLOAT)

func typeAttr(t typespb.DataType) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Type{Type: t}}
}

func shape(sides ...int64) *shapepb.TensorShapeProto {
	s := &shapepb.TensorShapeProto{}
	for _, d := range sides {
		s.Dim = append(s.Dim, &shapepb.TensorShapeProto_Dim{Size: d})
	}
	return s
}

func node(name, op string, inputs ...string) *nodepb.NodeDef {
	return &nodepb.NodeDef{Name: name, Op: op, Input: inputs, Attr: map[string]*attrpb.AttrValue{"T": float}}
}

func image() *nodepb.NodeDef {
	n := node("x", "Placeholder")
	n.Attr = map[string]*attrpb.AttrValue{"dtype": float, "shape": {Value: &attrpb.AttrValue_Shape{Shape: shape(-1, 4)}}}
	return n
}

func call(name, function, input string) *nodepb.NodeDef {
	return &nodepb.NodeDef{Name: name, Op: "PartitionedCall", Input: []string{input}, Attr: map[string]*attrpb.AttrValue{
		"f": {Value: &attrpb.AttrValue_Func{Func: &attrpb.NameAttrList{Name: function}}}}}
}

// double is a function that calls another twice: a sum of both.
func double(name, other string) *functionpb.FunctionDef {
	arg := []*opdefpb.OpDef_ArgDef{{Name: "a", Type: typespb.DataType_DT_FLOAT}}
	return &functionpb.FunctionDef{
		Signature: &opdefpb.OpDef{Name: name, InputArg: arg, OutputArg: []*opdefpb.OpDef_ArgDef{{Name: "r", Type: typespb.DataType_DT_FLOAT}}},
		NodeDef:   []*nodepb.NodeDef{call("one", other, "a"), call("two", other, "a"), node("sum", "AddV2", "one:output:0", "two:output:0")},
		Ret:       map[string]string{"r": "sum:z:0"},
	}
}

// written is the folder of a SavedModel with a signature from x to y, images of four
// values.
func written(t testing.TB, nodes []*nodepb.NodeDef, functions ...*functionpb.FunctionDef) string {
	t.Helper()
	return writtenOf(t, []int64{-1, 4}, nodes, functions...)
}

// writtenOf is one for images of other shapes.
func writtenOf(t testing.TB, sides []int64, nodes []*nodepb.NodeDef, functions ...*functionpb.FunctionDef) string {
	t.Helper()
	return writtenAs(t, sides, typespb.DataType_DT_FLOAT, nodes, functions...)
}

// writtenAs is one whose output has another type.
func writtenAs(t testing.TB, sides []int64, out typespb.DataType, nodes []*nodepb.NodeDef, functions ...*functionpb.FunctionDef) string {
	t.Helper()
	info := func(name string, kind typespb.DataType) map[string]*pb.TensorInfo {
		return map[string]*pb.TensorInfo{name: {Encoding: &pb.TensorInfo_Name{Name: name + ":0"}, Dtype: kind, TensorShape: shape(sides...)}}
	}
	raw, err := proto.Marshal(&pb.SavedModel{MetaGraphs: []*pb.MetaGraphDef{{
		GraphDef:     &graphpb.GraphDef{Node: nodes, Library: &functionpb.FunctionDefLibrary{Function: functions}},
		SignatureDef: map[string]*pb.SignatureDef{"serving_default": {Inputs: info("x", typespb.DataType_DT_FLOAT), Outputs: info("y", out)}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return writtenRaw(t, raw)
}

func writtenRaw(t testing.TB, raw []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, savedmodel.GraphFile), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// whole is a scalar of int32.
func whole(v int32) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Tensor{Tensor: &tensorpb.TensorProto{Dtype: typespb.DataType_DT_INT32, TensorShape: shape(), IntVal: []int32{v}}}}
}

func constant(name string, side int64) *nodepb.NodeDef {
	return &nodepb.NodeDef{Name: name, Op: "Const", Attr: map[string]*attrpb.AttrValue{"dtype": float,
		"value": {Value: &attrpb.AttrValue_Tensor{Tensor: &tensorpb.TensorProto{Dtype: typespb.DataType_DT_FLOAT, TensorShape: shape(side), FloatVal: []float32{1}}}}}}
}

// Files that are made to do harm are refused, in little time and memory.
func TestHostile(t *testing.T) {
	chain := []*nodepb.NodeDef{image(), node("n0", "Neg", "x")}
	for i := 1; i < 100_000; i++ {
		chain = append(chain, node(fmt.Sprint("n", i), "Neg", fmt.Sprint("n", i-1)))
	}
	chain = append(chain, node("y", "Neg", fmt.Sprint("n", 99_999)))
	bomb := []*functionpb.FunctionDef{}
	for i := range 60 {
		bomb = append(bomb, double(fmt.Sprint("f", i), fmt.Sprint("f", i+1)))
	}
	last := double("f60", "none")
	last.NodeDef = []*nodepb.NodeDef{node("sum", "Neg", "a")}
	last.Ret["r"] = "sum:y:0"
	nested := []byte{}
	for range 1000 { // an attribute that is a function with an attribute that is one, …
		nested = field(10, field(2, field(2, nested)))
	}
	for name, c := range map[string]struct {
		dir  string
		want string
	}{
		"a function that calls itself":   {written(t, []*nodepb.NodeDef{image(), call("y", "f", "x")}, double("f", "f")), "calls itself"},
		"functions that call each other": {written(t, []*nodepb.NodeDef{image(), call("y", "f", "x")}, double("f", "g"), double("g", "f")), "calls itself"},
		"calls that double":              {written(t, []*nodepb.NodeDef{image(), call("y", "f0", "x")}, append(bomb, last)...), "got more"},
		"a long chain":                   {written(t, chain), "in a row"},
		"a circle":                       {written(t, []*nodepb.NodeDef{image(), node("a", "AddV2", "x", "y"), node("y", "Neg", "a")}), "depends on itself"},
		"a circle of aliases":            {written(t, []*nodepb.NodeDef{image(), node("a", "Identity", "y"), node("y", "Identity", "a")}), "depends on itself"},
		"a large constant":               {written(t, []*nodepb.NodeDef{image(), constant("c", 1<<30), node("y", "AddV2", "x", "c")}), "size of the file"},
		"a constant beyond counting":     {written(t, []*nodepb.NodeDef{image(), constant("c", 1<<60), node("y", "AddV2", "x", "c")}), "below 2^31"},
		"many empty nodes":               {writtenRaw(t, graphOf(bytes.Repeat([]byte{1<<3 | 2, 0}, 7<<20))), "fields"},
		"nested messages":                {writtenRaw(t, graphOf(nodeOf(nested))), "nested"},
		"no protobuf":                    {writtenRaw(t, bytes.Repeat([]byte("SavedModel"), 300)), "damaged"},
		"nothing":                        {writtenRaw(t, nil), "damaged"},
		"an op of a later TensorFlow":    {written(t, []*nodepb.NodeDef{image(), node("y", "Quantum", "x")}), "does not have (Quantum at y)"},
		"a lost input":                   {written(t, []*nodepb.NodeDef{image(), node("y", "Neg", "gone")}), "gone"},
		"too few inputs":                 {written(t, []*nodepb.NodeDef{image(), node("y", "AddV2", "x")}), "want 2 inputs"},
		"a wrong output":                 {written(t, []*nodepb.NodeDef{image(), node("a", "Neg", "x"), node("y", "Neg", "a:7")}), "output 7"},
		"a lost function":                {written(t, []*nodepb.NodeDef{image(), call("y", "f", "x")}), "which it calls"},
		"two nodes of one name":          {written(t, []*nodepb.NodeDef{image(), node("y", "Neg", "x"), node("y", "Neg", "x")}), "two nodes"},
		"nothing of the image":           {written(t, []*nodepb.NodeDef{image(), constant("c", 4), node("y", "Neg", "c")}), "depends on the input"},
		"only the shape of the image":    {written(t, []*nodepb.NodeDef{image(), node("y", "ZerosLike", "x")}), "depends on the input"},
	} {
		_, err := savedmodel.Open(c.dir, imported.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
	}
}

// field is a field of a message that holds bytes.
func field(number protowire.Number, inside []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), inside)
}

// graphOf is a SavedModel with this graph, nodeOf a graph with a node with this
// attribute.
func graphOf(graph []byte) []byte { return field(2, field(2, graph)) }

func nodeOf(value []byte) []byte { return field(1, field(5, field(2, value))) }

// Weights that the files of the variables do not hold are found when the file is
// opened.
func TestDamagedVariables(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"no variables": {func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "variables")) }, "not in variables/"},
		"no data":      {func(t *testing.T, dir string) { remove(t, dir, "variables.data-*") }, "missing or cut"},
		"a cut index":  {func(t *testing.T, dir string) { change(t, dir, func(raw []byte) []byte { return raw[:len(raw)/2] }) }, "damaged"},
		"a spoilt index": {func(t *testing.T, dir string) {
			change(t, dir, func(raw []byte) []byte { return append(bytes.Repeat([]byte{0xff}, len(raw)-48), raw[len(raw)-48:]...) })
		}, "damaged"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(folder(t, "keras3_export"))); err != nil {
			t.Fatal(err)
		}
		c.spoil(t, dir)
		_, err := savedmodel.Open(dir, imported.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
	}
}

func remove(t *testing.T, dir, pattern string) {
	t.Helper()
	all, _ := filepath.Glob(filepath.Join(dir, "variables", pattern))
	for _, path := range all {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func change(t *testing.T, dir string, to func(raw []byte) []byte) {
	t.Helper()
	path := filepath.Join(dir, "variables", "variables.index")
	raw, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, to(raw), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
