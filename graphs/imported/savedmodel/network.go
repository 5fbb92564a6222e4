package savedmodel

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	graphpb "github.com/wamuir/graft/tensorflow/core/framework/graph_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	versionspb "github.com/wamuir/graft/tensorflow/core/framework/versions_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// Network is the network of a SavedModel. It implements [imported.Network].
type Network struct {
	signature  imported.Signature
	layers     []layer
	weights    []*variable
	checkpoint *checkpoint
	files      []string
	nodes      []*nodepb.NodeDef // of the rewritten graph, each after those that it reads
	byName     map[string]*nodepb.NodeDef
	versions   *versionspb.VersionDef
	library    *functionpb.FunctionDefLibrary // of loops
	scores     graphs.Tensor
	pixels     int64 // of a row where images are rows, 0 where any number will do
}

var _ imported.Network = (*Network)(nil)

// newNetwork rewrites what an output is computed from.
func newNetwork(f *file, vs *variables, s signature, c candidate, o imported.Options) (*Network, error) {
	g := c.flat
	image, err := s.imageOf(g, o)
	if err != nil {
		return nil, err
	}
	n := &Network{checkpoint: vs.checkpoint, weights: g.weights, versions: g.versions, library: g.library}
	n.files = append([]string{filepath.Join(f.dir, GraphFile)}, vs.index.files...)
	r := newRewriter(g)
	r.batch = int64(image.Batch)
	r.names.Unique(imageNode)
	r.setImage(image, s.imageShape())
	if image.Flat {
		n.pixels = max(size(s.imageShape()[1:], 1<<40), 0)
	}
	r.rewrite()
	hidden := g.hidden(c.scores)
	n.layers = g.findLayers(hidden)
	scores, classes, err := r.scoresOf(c)
	if err != nil {
		return nil, err
	}
	n.scores = scores
	n.signature = imported.Signature{Format: f.format(s), Name: s.name, Input: image, Output: c.name, End: c.end, Classes: classes, Remarks: g.remarks.texts()}
	for i, l := range n.layers {
		if l.at == hidden {
			n.signature.Hidden = l.Name
		}
		n.layers[i].at = r.forms[l.at].last
		if n.layers[i].at.Node == "" {
			n.layers[i].at = r.plain(l.at)
		}
	}
	for _, w := range n.weights {
		w.name = r.plain(w.read.at).Node
		if w.handle != "" {
			w.handle = r.plain(graphs.Tensor{Node: w.handle}).Node
		}
	}
	n.nodes, n.byName = r.nodes, r.byName
	n.markStatistics()
	n.note(s)
	return n, n.checkShapes()
}

// note adds remarks about what runs otherwise than in the file.
func (n *Network) note(s signature) {
	add := func(text string) { n.signature.Remarks = append(n.signature.Remarks, text) }
	if t := s.input.GetDtype(); wide(t) == typespb.DataType_DT_FLOAT && t != typespb.DataType_DT_FLOAT {
		add(fmt.Sprintf("Images of %s are taken as float32.", typeName(t)))
	}
	if n.signature.End == imported.Linear && n.signature.Classes == 1 {
		n.signature.End = imported.Sigmoid
		add("The one output is taken for the logit of the second of two classes.")
	}
}

// scoresOf are the scores [B,K] in the rewritten graph, with K, 0 where it is not
// known.
func (r *rewriter) scoresOf(c candidate) (graphs.Tensor, int, error) {
	shape := r.shape(c.scores)
	t := r.plain(c.scores)
	rest := slices.Clone(shape)
	if len(rest) > 0 {
		rest = slices.DeleteFunc(rest[1:], func(d int64) bool { return d == 1 })
	}
	switch {
	case shape == nil:
		return t, 0, nil
	case len(shape) == 2:
		return t, int(max(shape[1], 0)), nil
	case len(shape) == 0 || len(rest) > 1:
		u := &problems{}
		u.add(fmt.Sprintf("an output of shape %v instead of scores of classes for each image", shape), "", c.name)
		return t, 0, u.err()
	}
	classes := int64(1)
	if len(rest) == 1 {
		classes = rest[0]
	}
	t = r.add("scores", "Reshape", floatType("Tshape", int32Type), t, r.list("scores/shape", -1, classes))
	return t, int(max(classes, 0)), nil
}

// checkShapes has TensorFlow find the shapes of what was written, for any number of
// images. A number that the file fixes stays where the graph is built for it.
func (n *Network) checkShapes() error {
	im := n.signature.Input
	shape := []int64{-1, -1, -1, -1}
	for i, d := range []int{im.H, im.W, im.C} {
		if d > 0 && !im.Flat {
			shape[i+1] = int64(d)
		}
	}
	place := &nodepb.NodeDef{Name: imageNode, Op: "Placeholder", Attr: map[string]*attrpb.AttrValue{"dtype": typeAttr(typespb.DataType_DT_FLOAT), "shape": shapeAttr(shape)}}
	graph, err := importNodes(append([]*nodepb.NodeDef{place}, n.nodes...), n.versions, n.library)
	if err != nil {
		return err
	}
	at := func(t graphs.Tensor) []int64 { return staticShape(graph.Operation(t.Node).Output(t.Index)) }
	if s := at(n.scores); im.Batch > 0 && (len(s) == 0 || s[0] == -1) {
		n.signature.Remarks = append(n.signature.Remarks, fmt.Sprintf("The file fixes %d images at once; here it may be any number.", im.Batch))
		n.signature.Input.Batch = 0
	}
	for i, l := range n.layers {
		n.layers[i].Shape = at(l.at)
	}
	return nil
}

// Signature tells what goes in and what comes out.
func (n *Network) Signature() imported.Signature {
	s := n.signature
	s.Remarks = slices.Clone(s.Remarks)
	return s
}

// Layers are the places whose value can be taken: the last op of each layer of
// Keras, or each op.
func (n *Network) Layers() []imported.Layer {
	all := make([]imported.Layer, len(n.layers))
	for i, l := range n.layers {
		all[i] = l.Layer
	}
	return all
}

// Weights are the variables of the file, and large constants of a frozen graph.
func (n *Network) Weights() []imported.Weight {
	all := make([]imported.Weight, len(n.weights))
	for i, w := range n.weights {
		all[i] = imported.Weight{Name: w.name, Shape: slices.Clone(w.shape)}
	}
	return all
}

// ReadWeight reads a weight from the folder variables.
func (n *Network) ReadWeight(name string) ([]float32, error) {
	i := slices.IndexFunc(n.weights, func(w *variable) bool { return w.name == name })
	if i < 0 {
		return nil, fmt.Errorf("want one of the %d weights of the file, got %.60q", len(n.weights), name)
	}
	w := n.weights[i]
	if w.values != nil {
		return slices.Clone(w.values), nil
	}
	t, err := n.checkpoint.read(w.place.key, w.place.slice, tf.DataType(w.dtype))
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape(), w.shape) {
		return nil, fmt.Errorf("want values of shape %v, got %v: the files of %s/ do not belong to the graph", w.shape, t.Shape(), variablesDir)
	}
	return graphs.Floats(nil, t), nil
}

// Files are saved_model.pb and the files of the variables.
func (n *Network) Files() []string { return slices.Clone(n.files) }

// Close gives back what reading weights holds.
func (n *Network) Close() { n.checkpoint.close() }

// Declare writes the network from images to the ends.
func (n *Network) Declare(s *graphs.Scope, images tf.Output, ends ...string) []tf.Output {
	none := make([]tf.Output, len(ends))
	if !n.checkImages(s, images) {
		return none
	}
	at := make([]graphs.Tensor, len(ends))
	for i, end := range ends {
		t, ok := n.endOf(end)
		if !ok {
			s.Errorf("want a layer of the network, got %.60q", end)
			return none
		}
		at[i] = t
	}
	def, given := n.part(s, images, at)
	raw, err := proto.Marshal(def)
	if err != nil {
		s.Errorf("%w", err)
		return none
	}
	found := s.Import("file", raw, given, at...)
	if !s.OK() {
		return none
	}
	for i, t := range at {
		none[i] = found[t]
	}
	return none
}

func (n *Network) endOf(name string) (graphs.Tensor, bool) {
	if name == imported.Scores {
		return n.scores, true
	}
	i := slices.IndexFunc(n.layers, func(l layer) bool { return l.Name == name })
	if i < 0 {
		return graphs.Tensor{}, false
	}
	return n.layers[i].at, true
}

// part are the nodes that the ends need, and what stands for images and weights.
func (n *Network) part(s *graphs.Scope, images tf.Output, ends []graphs.Tensor) (*graphpb.GraphDef, map[graphs.Tensor]tf.Output) {
	needed := map[string]bool{}
	for _, t := range ends {
		needed[t.Node] = true
	}
	for _, node := range slices.Backward(n.nodes) {
		if needed[node.GetName()] {
			for _, text := range node.GetInput() {
				needed[tensorOf(text).Node] = true
			}
		}
	}
	given, isWeight := map[graphs.Tensor]tf.Output{}, map[string]bool{}
	for _, w := range n.weights {
		isWeight[w.name], isWeight[w.handle] = true, true
		if !needed[w.name] && !needed[w.handle] {
			continue
		}
		read := s.Variable(w.name, w.kind(), graphs.Zeros, w.shape...)
		if needed[w.name] {
			given[graphs.Tensor{Node: w.name}] = read
		}
		if v := s.Builder().Variables().Find(path.Join(s.Path(), w.name)); v != nil && needed[w.handle] {
			given[graphs.Tensor{Node: w.handle}] = v.Handle
		}
	}
	if needed[imageNode] {
		given[graphs.Tensor{Node: imageNode}] = images
	}
	def := &graphpb.GraphDef{Versions: n.versions, Library: n.library}
	for _, node := range n.nodes {
		if needed[node.GetName()] && !isWeight[node.GetName()] {
			def.Node = append(def.Node, node)
		}
	}
	return def, given
}

// checkImages refuses images that the file does not take.
func (n *Network) checkImages(s *graphs.Scope, images tf.Output) bool {
	im := n.signature.Input
	d, ok := s.Dims(images, 4, "images [B,H,W,C]")
	if !ok {
		return false
	}
	if im.Flat {
		if pixels := size(d[1:], 1<<40); pixels >= 0 && n.pixels > 0 && pixels != n.pixels {
			s.Errorf("want images of %d values, got %d x %d x %d", n.pixels, d[1], d[2], d[3])
		}
		return s.OK()
	}
	for i, want := range []int{im.H, im.W, im.C} {
		if want > 0 && d[i+1] >= 0 && d[i+1] != int64(want) {
			s.Errorf("want images of height, width and channels %d, %d, %d (0 is any), got %v", im.H, im.W, im.C, d[1:])
			return false
		}
	}
	return s.OK()
}

// contents are the bytes of a tensor.
func contents(t *tf.Tensor) ([]byte, error) {
	var b bytes.Buffer
	_, err := t.WriteContentsTo(&b)
	return b.Bytes(), err
}
