package trainer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	"github.com/wamuir/graft/tensorflow/op"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// DeclareExport writes the inference pass of an export and the restore of its
// variables into b. m describes the model as unwarp.json does; what is computed
// is the graph of the file.
func DeclareExport(b *graphs.Builder, c Config, m graphs.Disentangled, x *OpenedExport) (*TrainGraph, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	g := &TrainGraph{Config: c, Model: m, Shape: x.Info.Shape(), file: &filePass{export: x, handles: map[graphs.Tensor]tf.Output{}, shared: map[graphs.Tensor]tf.Output{}}}
	g.declareInputs(b)
	if err := g.file.declareVariables(b); err != nil {
		return nil, fmt.Errorf("export %s: %s: %w: export it again", x.dir, savedModelFile, err)
	}
	g.declareInference(b)
	g.Saver = declareSaver(b)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("export %s: %s: %w: export it again", x.dir, savedModelFile, err)
	}
	return g, nil
}

// filePass is the graph of an export in a builder. What does not depend on the
// image, such as weights, is there once, whatever the number of passes.
type filePass struct {
	export  *OpenedExport
	handles map[graphs.Tensor]tf.Output // of the variables
	shared  map[graphs.Tensor]tf.Output // what does not depend on the image, as far as it is there
}

// declareVariables declares those of the file, in the order of their keys.
func (f *filePass) declareVariables(b *graphs.Builder) error {
	at := map[string][]string{}
	for node, key := range f.export.keys {
		at[key] = append(at[key], node)
	}
	for _, key := range slices.Sorted(maps.Keys(at)) {
		slices.Sort(at[key])
		shape, err := variableShape(f.export.nodes[at[key][0]])
		if err != nil {
			return err
		}
		v := b.Declare(key, graphs.Trainable, graphs.Zeros, shape...)
		if v == nil {
			return b.Err()
		}
		for _, node := range at[key] {
			f.handles[graphs.Tensor{Node: node}] = v.Handle
		}
	}
	return nil
}

// maxWeights is the largest number of values of a variable of an export.
const maxWeights = 1 << 31

// variableShape is that of a VarHandleOp.
func variableShape(n *nodepb.NodeDef) ([]int64, error) {
	s := n.GetAttr()["shape"].GetShape()
	if s == nil || s.GetUnknownRank() {
		return nil, fmt.Errorf("variable %.60q: want a known shape, got none", n.GetName())
	}
	shape, total := []int64{}, int64(1)
	for _, d := range s.GetDim() {
		if d.GetSize() < 1 || d.GetSize() > maxWeights/total {
			return nil, fmt.Errorf("variable %.60q: want a shape of at most %d values, got a side of %d", n.GetName(), maxWeights, d.GetSize())
		}
		shape, total = append(shape, d.GetSize()), total*d.GetSize()
	}
	return shape, nil
}

// outputs adds a pass over the file's graph on images to s and returns those of
// the named outputs that the export has.
func (f *filePass) outputs(s *graphs.Scope, images tf.Output, names ...string) map[string]tf.Output {
	x := f.export
	var ends []graphs.Tensor
	for _, name := range names {
		if t, ok := x.outputs[name]; ok {
			ends = append(ends, t)
		}
	}
	given, err := f.replaceImage(s, images)
	if err != nil {
		s.Errorf("%w", err)
	}
	for t, value := range f.constants(s, ends, given) {
		given[t] = value
	}
	found := f.add(s, "file", ends, given)
	if !s.OK() {
		return nil
	}
	out := map[string]tf.Output{}
	for _, name := range names {
		if t, ok := x.outputs[name]; ok {
			out[name] = found[t]
		}
	}
	return out
}

// replaceImage lists which tensors of the file stand for the images, values in
// [0,1]. A graph that takes bytes is entered behind the division by 255, so that
// it has a gradient.
func (f *filePass) replaceImage(s *graphs.Scope, images tf.Output) (map[graphs.Tensor]tf.Output, error) {
	x := f.export
	if !x.bytes {
		return map[graphs.Tensor]tf.Output{x.image: images}, nil
	}
	given := map[graphs.Tensor]tf.Output{}
	var scaled tf.Output
	for _, cast := range x.readers(x.image) {
		from := graphs.Tensor{Node: cast.GetName()}
		if cast.GetOp() != "Cast" {
			return nil, fmt.Errorf("want bytes that are cast before anything else, got a %.40s of them", cast.GetOp())
		}
		for _, n := range x.readers(from) {
			by, ok := input(n, 1)
			if from2, _ := input(n, 0); (n.GetOp() == "Div" || n.GetOp() == "RealDiv") && ok && from2 == from && isWhite(x.nodes[by.Node]) {
				given[graphs.Tensor{Node: n.GetName()}] = images
			}
		}
		if scaled.Op == nil && s.OK() {
			scaled = op.Mul(s.Op("bytes"), images, op.Const(s.Op("white"), float32(255)))
		}
		given[from] = scaled
	}
	return given, nil
}

// readers are the nodes that read t, in the order of their names.
func (x *OpenedExport) readers(t graphs.Tensor) (all []*nodepb.NodeDef) {
	for _, n := range x.nodes {
		if n.GetOp() == "EnsureShape" {
			continue // its readers read t
		}
		for i := range n.GetInput() {
			if in, ok := input(n, i); ok && x.seen(in) == t {
				all = append(all, n)
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b *nodepb.NodeDef) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

// constants returns what ends need and what does not depend on the image. It
// adds to the graph what is not there yet.
func (f *filePass) constants(s *graphs.Scope, ends []graphs.Tensor, images map[graphs.Tensor]tf.Output) map[graphs.Tensor]tf.Output {
	edge := f.export.edge(ends, images)
	var missing []graphs.Tensor
	for _, t := range edge {
		if _, there := f.shared[t]; !there {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		maps.Copy(f.shared, f.add(s, "weights", missing, nil))
	}
	out := map[graphs.Tensor]tf.Output{}
	for _, t := range edge {
		if value, ok := f.shared[t]; ok { // not after an error
			out[t] = value
		}
	}
	return out
}

// edge lists the tensors that do not depend on the images but are read by what
// does, or are ends, each once.
func (x *OpenedExport) edge(ends []graphs.Tensor, images map[graphs.Tensor]tf.Output) (edge []graphs.Tensor) {
	depends, listed := map[string]bool{}, map[graphs.Tensor]bool{}
	add := func(all ...graphs.Tensor) {
		for _, t := range all {
			if !depends[t.Node] && !listed[t] {
				listed[t], edge = true, append(edge, t)
			}
		}
	}
	enter := func(t graphs.Tensor) bool {
		_, image := images[t]
		depends[t.Node] = depends[t.Node] || image
		return !image
	}
	x.each(ends, enter, func(n *nodepb.NodeDef) error { // checkOps has gone this way without an error
		var from []graphs.Tensor
		for i := range n.GetInput() {
			if in, ok := input(n, i); ok {
				from = append(from, x.seen(in))
			}
		}
		if slices.ContainsFunc(from, func(t graphs.Tensor) bool { return depends[t.Node] }) {
			depends[n.GetName()] = true
			add(from...)
		}
		return nil
	})
	add(ends...)
	return edge
}

// add adds to s what ends are computed from, up to what is given and the
// variables, and returns them. Devices and hints to the runtime are left out.
func (f *filePass) add(s *graphs.Scope, name string, ends []graphs.Tensor, given map[graphs.Tensor]tf.Output) map[graphs.Tensor]tf.Output {
	x, def := f.export, &graphpb.GraphDef{Versions: f.export.versions}
	used := map[graphs.Tensor]tf.Output{} // TensorFlow refuses others
	enter := func(t graphs.Tensor) bool {
		value, ok := given[t]
		if !ok {
			value, ok = f.handles[t]
		}
		if ok {
			used[t] = value
		}
		return !ok
	}
	x.each(ends, enter, func(n *nodepb.NodeDef) error {
		def.Node = append(def.Node, x.plain(n))
		return nil
	})
	raw, err := proto.Marshal(def)
	if err != nil {
		s.Errorf("%w", err)
	}
	return s.Import(name, raw, used, ends...)
}

// plain is a copy of n without device and hints, that reads what EnsureShape reads.
func (x *OpenedExport) plain(n *nodepb.NodeDef) *nodepb.NodeDef {
	c := proto.Clone(n).(*nodepb.NodeDef)
	c.Device = ""
	for i := range c.Input {
		if in, ok := input(n, i); ok {
			c.Input[i] = x.seen(in).String()
		}
	}
	maps.DeleteFunc(c.Attr, func(name string, _ *attrpb.AttrValue) bool { return strings.HasPrefix(name, "_") })
	return c
}
