package trainer

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// exportableModel is a trained model of a kind that unwarp.json can describe.
func exportableModel(t *testing.T, kind string) (*TrainGraph, *graphs.Net) {
	t.Helper()
	p, net := trainedExport(t, kind, 0)
	p.Model.Config = graphs.DefaultModel()
	p.Model.Config.Kind = kind
	return p, net
}

// exportedModel is an export of it.
func exportedModel(t *testing.T, kind string) (dir string, p *TrainGraph) {
	t.Helper()
	p, net := exportableModel(t, kind)
	dir = filepath.Join(t.TempDir(), "export")
	mustExport(t, p, net, dir, DefaultExport())
	return dir, p
}

// copied is a copy of an export, to be changed.
func copied(t *testing.T, export string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	if err := os.CopyFS(dir, os.DirFS(export)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// changeGraph rewrites the graph in saved_model.pb.
func changeGraph(t *testing.T, dir string, change func(m *pb.MetaGraphDef)) {
	t.Helper()
	m := metaGraph(t, dir)
	change(m)
	raw, err := proto.Marshal(&pb.SavedModel{SavedModelSchemaVersion: 1, MetaGraphs: []*pb.MetaGraphDef{m}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "saved_model.pb"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func nodeNamed(t *testing.T, m *pb.MetaGraphDef, name string) *nodepb.NodeDef {
	t.Helper()
	for _, n := range m.GraphDef.Node {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no node %s", name)
	return nil
}

func typeAttr(d typespb.DataType) *attrpb.AttrValue {
	return &attrpb.AttrValue{Value: &attrpb.AttrValue_Type{Type: d}}
}

// constant is a node with a value.
func constant(name string, values []float32, shape ...int64) *nodepb.NodeDef {
	x := &tensorpb.TensorProto{Dtype: typespb.DataType_DT_FLOAT, TensorShape: &shapepb.TensorShapeProto{}}
	for _, d := range shape {
		x.TensorShape.Dim = append(x.TensorShape.Dim, &shapepb.TensorShapeProto_Dim{Size: d})
	}
	for _, v := range values {
		x.TensorContent = binary.LittleEndian.AppendUint32(x.TensorContent, math.Float32bits(v))
	}
	return &nodepb.NodeDef{Name: name, Op: "Const", Attr: map[string]*attrpb.AttrValue{
		"dtype": typeAttr(typespb.DataType_DT_FLOAT), "value": {Value: &attrpb.AttrValue_Tensor{Tensor: x}},
	}}
}

// openedExport is the graph of an export in a net of its own.
func openedExport(t *testing.T, dir string, p *TrainGraph) (*TrainGraph, *graphs.Net) {
	t.Helper()
	x, err := OpenExport(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	var g *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 3}, func(b *graphs.Builder) (err error) {
		g, err = DeclareExport(b, c, p.Model, x)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	if err := g.RestoreExport(net); err != nil {
		t.Fatal(err)
	}
	return g, net
}

// halfImages are grey, so that rounding them changes them.
func halfImages(n int) [][][][]float32 {
	images := noiseImages(n, 77)
	for _, image := range images {
		for _, row := range image {
			for _, pixel := range row {
				for c := range pixel {
					pixel[c] = .3 + pixel[c]/10
				}
			}
		}
	}
	return images
}

// sameAsTensorFlow compares what is evaluated of an export with what
// TensorFlow's own loader computes with its files.
func sameAsTensorFlow(t *testing.T, dir string, p *TrainGraph, e Export) {
	t.Helper()
	sm, images := loadExport(t, dir), noiseImages(5, 77)
	g, net := openedExport(t, dir, p)
	for name, out := range map[string]tf.Output{
		"logits": g.Inference.Logits, "embedding": g.Inference.Embedding, "appearance": g.Inference.Appearance,
		"field": g.Inference.Field, "reconstruction": g.Inference.Reconstruction,
	} {
		if out.Op == nil || name == "appearance" && !g.Model.Warp {
			continue
		}
		got, err := net.Run(graphs.Feeds{g.Images.Feed: newTensor(t, images)}, []tf.Output{out})
		if err != nil {
			t.Fatal(err)
		}
		theirs := callExport(t, sm, name, inForm(e, images))
		if e.Input == Uint8Input { // TensorFlow makes a product of the division
			nearly(t, name, theirs, got[0])
			continue
		}
		if mine, want := graphs.Floats(nil, got[0]), graphs.Floats(nil, theirs); !slices.Equal(mine, want) {
			t.Errorf("%s, %s, %+v: got %v…, TensorFlow computes %v…", name, p.Model.Config.Kind, e, mine[:3], want[:3])
		}
	}
}

// TestOpenExport: what is evaluated of an export is what TensorFlow computes with
// its files: bit for bit, of one that takes bytes up to rounding.
func TestOpenExport(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		p, net := exportableModel(t, kind)
		for _, e := range []Export{{false, "float"}, {true, "float"}, {false, "uint8"}} {
			dir := filepath.Join(t.TempDir(), "export")
			mustExport(t, p, net, dir, e)
			sameAsTensorFlow(t, dir, p, e)
		}
	}
}

// TestOpenChangedExport: so it is whatever was done to the graph.
func TestOpenChangedExport(t *testing.T) {
	e := DefaultExport()
	whole, p := exportedModel(t, "disentangled")
	for name, change := range map[string]func(m *pb.MetaGraphDef){
		"a bias added": func(m *pb.MetaGraphDef) {
			logits := nodeNamed(t, m, "logits")
			m.GraphDef.Node = append(m.GraphDef.Node, constant("extra", []float32{5, -3, 1}, 3), &nodepb.NodeDef{
				Name: "shifted", Op: "AddV2", Input: []string{logits.Input[0], "extra"}, Attr: map[string]*attrpb.AttrValue{"T": typeAttr(typespb.DataType_DT_FLOAT)},
			})
			logits.Input[0] = "shifted"
		},
		"a weight folded": func(m *pb.MetaGraphDef) {
			read := nodeNamed(t, m, "vars/classifier/bias/ReadVariableOp")
			folded := constant(read.Name, []float32{1, 2, 3}, 3)
			read.Op, read.Input, read.Attr = folded.Op, nil, folded.Attr
		},
		"hints and devices": func(m *pb.MetaGraphDef) {
			for _, n := range m.GraphDef.Node {
				if n.Op == "Conv2D" || n.Op == "MatMul" {
					n.Device = "/device:CPU:0"
					n.Attr["_output_shapes"] = &attrpb.AttrValue{Value: &attrpb.AttrValue_S{S: []byte("x")}}
				}
			}
		},
		"the image rounded": func(m *pb.MetaGraphDef) {
			checked := nodeNamed(t, m, "model/checked/EnsureShape")
			m.GraphDef.Node = append(m.GraphDef.Node, &nodepb.NodeDef{
				Name: "rounded", Op: "Round", Input: []string{checked.Input[0]}, Attr: map[string]*attrpb.AttrValue{"T": typeAttr(typespb.DataType_DT_FLOAT)},
			})
			checked.Input[0] = "rounded"
		},
		"two weights restored crosswise": func(m *pb.MetaGraphDef) {
			a, b := assignOf(t, m, "encoder/norm/beta"), assignOf(t, m, "encoder/norm/gamma")
			a.Input[1], b.Input[1] = b.Input[1], a.Input[1]
		},
	} {
		dir := copied(t, whole)
		values := func() (all []float32) {
			for _, name := range []string{"reconstruction", "logits"} {
				all = append(all, graphs.Floats(nil, callExport(t, loadExport(t, dir), name, halfImages(5)))...)
			}
			return all
		}
		before := values()
		changeGraph(t, dir, change)
		if changed := !slices.Equal(before, values()); changed == (name == "hints and devices") {
			t.Fatalf("%s: this test would check nothing", name)
		}
		t.Run(name, func(t *testing.T) { sameAsTensorFlow(t, dir, p, e) })
	}
}

// assignOf is the node that restores a variable.
func assignOf(t *testing.T, m *pb.MetaGraphDef, variable string) *nodepb.NodeDef {
	t.Helper()
	for _, n := range m.GraphDef.Node {
		if n.Op == "AssignVariableOp" && n.Input[0] == variable {
			return n
		}
	}
	t.Fatalf("nothing restores %s", variable)
	return nil
}

// TestOpenExportRefuses: a graph that does more than compute, or is not what an
// export holds, is refused before anything of it runs.
func TestOpenExportRefuses(t *testing.T) {
	whole, _ := exportedModel(t, "disentangled")
	put := func(m *pb.MetaGraphDef, n *nodepb.NodeDef) {
		logits := nodeNamed(t, m, "logits")
		m.GraphDef.Node = append(m.GraphDef.Node, n)
		logits.Input = append(logits.Input, "^"+n.Name)
	}
	for name, row := range map[string]struct {
		change func(m *pb.MetaGraphDef)
		want   string
	}{
		"reads a file": {func(m *pb.MetaGraphDef) {
			put(m, &nodepb.NodeDef{Name: "thief", Op: "ReadFile", Input: []string{"ckpt/names/Const"}})
		}, `node "thief" is a ReadFile`},
		"writes a file": {func(m *pb.MetaGraphDef) {
			put(m, &nodepb.NodeDef{Name: "w", Op: "WriteFile", Input: []string{"ckpt/names/Const", "ckpt/names/Const"}})
		}, `is a WriteFile`},
		"runs Python":      {func(m *pb.MetaGraphDef) { put(m, &nodepb.NodeDef{Name: "py", Op: "PyFunc"}) }, `is a PyFunc`},
		"an op of others":  {func(m *pb.MetaGraphDef) { put(m, &nodepb.NodeDef{Name: "x", Op: "MyKernel"}) }, `is a MyKernel`},
		"a call":           {func(m *pb.MetaGraphDef) { put(m, &nodepb.NodeDef{Name: "f", Op: "StatefulPartitionedCall"}) }, "call of a function"},
		"assigns":          {func(m *pb.MetaGraphDef) { put(m, &nodepb.NodeDef{Name: "a", Op: "AssignVariableOp"}) }, "is a AssignVariableOp"},
		"another input":    {func(m *pb.MetaGraphDef) { put(m, &nodepb.NodeDef{Name: "in", Op: "Placeholder"}) }, "is a Placeholder"},
		"no signature":     {func(m *pb.MetaGraphDef) { delete(m.SignatureDef, "serving_default") }, "want a signature serving_default"},
		"no tag":           {func(m *pb.MetaGraphDef) { m.MetaInfoDef.Tags = nil }, `with the tag "serve"`},
		"no node":          {func(m *pb.MetaGraphDef) { nodeNamed(t, m, "logits").Input[0] = "gone" }, `"gone"`},
		"a node twice":     {func(m *pb.MetaGraphDef) { m.GraphDef.Node = append(m.GraphDef.Node, nodeNamed(t, m, "logits")) }, "two nodes"},
		"nothing restored": {func(m *pb.MetaGraphDef) { m.SaverDef = nil }, "restored from variables/"},
		"an init op":       {func(m *pb.MetaGraphDef) { m.SignatureDef["__saved_model_init_op"] = &pb.SignatureDef{} }, "runs nothing when it is loaded"},
		"no image": {func(m *pb.MetaGraphDef) {
			nodeNamed(t, m, "logits").Input[0] = "vars/classifier/kernel/ReadVariableOp"
			delete(m.SignatureDef, "embed")
			delete(m.SignatureDef, "reconstruct")
		}, "depend on the image"},
	} {
		dir := copied(t, whole)
		changeGraph(t, dir, row.change)
		if _, err := OpenExport(dir); err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "saved_model.pb") || len(err.Error()) > 300+len(dir) {
			t.Errorf("%s: want %q, got %v", name, row.want, err)
		}
	}
}

// TestOpenExportSizes: outputs of other sizes than unwarp.json says are refused
// when they are declared.
func TestOpenExportSizes(t *testing.T) {
	dir, p := exportedModel(t, "base")
	changeGraph(t, dir, func(m *pb.MetaGraphDef) { nodeNamed(t, m, "logits").Input[0] = nodeNamed(t, m, "embedding").Input[0] })
	x, err := OpenExport(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
		_, err := DeclareExport(b, DefaultConfig(), p.Model, x)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "want logits of shape [-1 3]") {
		t.Errorf("got %v", err)
	}
}

// FuzzOpenExport: whatever saved_model.pb holds, it is read or refused.
func FuzzOpenExport(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x93\x17\x02unwarp"))
	m := &pb.SavedModel{MetaGraphs: []*pb.MetaGraphDef{{MetaInfoDef: &pb.MetaGraphDef_MetaInfoDef{Tags: []string{"serve"}}}}}
	if raw, err := proto.Marshal(m); err == nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x := &OpenedExport{}
		if x.readGraph(raw) == nil && len(x.outputs) == 0 {
			t.Error("a graph without outputs was accepted")
		}
	})
}
