package savedmodel

import (
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	versionspb "github.com/wamuir/graft/tensorflow/core/framework/versions_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// flatGraph is what an output is computed from, without calls, in the file's
// layout. Each node comes after those that it reads; the first is the image.
type flatGraph struct {
	nodes    []*nodepb.NodeDef
	byName   map[string]*nodepb.NodeDef
	versions *versionspb.VersionDef
	shapes   map[graphs.Tensor][]int64 // nil where the rank is not known
	depends  map[string]bool           // nodes whose values depend on the image
	output   graphs.Tensor
	weights  []*variable
	library  *functionpb.FunctionDefLibrary // of loops
	remarks  remarks
}

// pullOutput pulls one output of a signature.
func pullOutput(f *file, vs *variables, s signature, out output) (*flatGraph, error) {
	defs, err := opDefs()
	if err != nil {
		return nil, err
	}
	in, err := graphs.ParseTensor(s.input.GetName())
	if err != nil || in.Index != 0 || f.nodes[in.Node] == nil {
		return nil, fmt.Errorf("input %.40q: want a node of the graph, got %.60q", s.inputName, s.input.GetName())
	}
	p := &puller{file: f, ops: defs, image: in.Node, flatByName: map[string]*nodepb.NodeDef{}, variables: vs}
	p.names.Unique(imageNode)
	shape := shapeAttr(s.imageShape())
	if shapeOf(s.input.GetTensorShape()) == nil {
		shape.GetShape().UnknownRank = true
	}
	p.write(&nodepb.NodeDef{Name: imageNode, Op: "Placeholder", Attr: map[string]*attrpb.AttrValue{"dtype": typeAttr(typespb.DataType_DT_FLOAT), "shape": shape}})
	v := p.input(newFrame(f.nodes), out.tensor.String())
	switch {
	case p.err != nil:
		return nil, p.err
	case p.problems.err() != nil:
		return nil, p.problems.err()
	case !p.imageRead || v.variable != nil || v.at.Node == "":
		return nil, fmt.Errorf("output %.40q: want one that depends on the input %.40q, got a constant", out.name, s.inputName)
	}
	v = p.cast(out.name, v, typespb.DataType_DT_FLOAT)
	g := &flatGraph{nodes: p.flat, byName: p.flatByName, versions: f.meta.GetGraphDef().GetVersions(), output: v.at, weights: vs.used, remarks: p.remarks, library: p.functions()}
	g.findDependent()
	if !g.depends[g.output.Node] {
		return nil, fmt.Errorf("output %.40q: want one that depends on the input %.40q, got a constant", out.name, s.inputName)
	}
	return g, g.inferShapes()
}

// imageShape is the shape of the input as the file has it.
func (s signature) imageShape() []int64 { return shapeOf(s.input.GetTensorShape()) }

// shapeOnly depend on the shape of their input alone.
var shapeOnly = map[string]bool{"Shape": true, "ShapeN": true, "Size": true, "Rank": true, "ZerosLike": true, "OnesLike": true}

func (g *flatGraph) findDependent() {
	g.depends = map[string]bool{imageNode: true}
	for _, n := range g.nodes {
		if !shapeOnly[n.GetOp()] && slices.ContainsFunc(n.GetInput(), func(text string) bool { return g.depends[tensorOf(text).Node] }) {
			g.depends[n.GetName()] = true
		}
	}
}

// inferShapes has TensorFlow find the shapes, in a graph that never runs.
func (g *flatGraph) inferShapes() error {
	graph, err := importNodes(g.nodes, g.versions, g.library)
	if err != nil {
		return err
	}
	g.shapes = map[graphs.Tensor][]int64{}
	for _, n := range g.nodes {
		o := graph.Operation(n.GetName())
		if o == nil {
			return fmt.Errorf("node %.60q: want an op of the graph, got none", n.GetName())
		}
		for i := range o.NumOutputs() {
			g.shapes[graphs.Tensor{Node: n.GetName(), Index: i}] = staticShape(o.Output(i))
		}
	}
	return nil
}

func staticShape(o tf.Output) []int64 {
	s := o.Shape()
	if s.NumDimensions() < 0 {
		return nil
	}
	shape := make([]int64, s.NumDimensions())
	for i := range shape {
		shape[i] = max(s.Size(i), -1)
	}
	return shape
}

// importNodes makes a graph of nodes.
func importNodes(nodes []*nodepb.NodeDef, versions *versionspb.VersionDef, library *functionpb.FunctionDefLibrary) (*tf.Graph, error) {
	raw, err := proto.Marshal(&graphpb.GraphDef{Node: nodes, Versions: versions, Library: library})
	if err != nil {
		return nil, err
	}
	graph := tf.NewGraph()
	if err := graph.Import(raw, ""); err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("TensorFlow refuses the graph: %.200s", text)
	}
	return graph, nil
}
