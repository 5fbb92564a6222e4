package bounds

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Option changes how a graph is read.
type Option func(*options)

type options struct{ training bool }

// ForTraining reads a pass in training mode: dropout masks and the batch
// moments of batch normalisation count as constants. Bounds of such a network
// are a loss, and prove nothing.
func ForTraining() Option { return func(o *options) { o.training = true } }

// Walk reads the graph from logits [B,classes] back to image [B,H,W,C]. What
// does not depend on the image is a constant: weights, variables that are read,
// and what is computed of them. s takes the few ops that constants need.
//
// The error is an [*UnsupportedError] where operators have no bounds; it names
// all of them.
func Walk(s *graphs.Scope, image, logits tf.Output, opts ...Option) (*Network, error) {
	if image.Op == nil || logits.Op == nil || !s.OK() {
		return nil, errors.New("bounds: want a built image and logits, got none")
	}
	k := &walk{w: &writer{s: s}, seen: map[place]value{}, dependent: map[string]bool{}}
	for _, o := range opts {
		o(&k.options)
	}
	size, err := image.Shape().ToSlice()
	if err != nil || len(size) < 2 || product(size[1:]) < 1 {
		return nil, fmt.Errorf("bounds: want images [B,…] of known size, got shape %v", image.Shape())
	}
	k.batch = size[0]
	k.sources = sourcesOf(image)
	k.net = &Network{Image: image, Logits: logits}
	k.net.image = k.net.add("image", nil, size[1:])
	k.image = image
	k.seen[placeOf(image)] = value{node: k.net.image, out: image}
	end := k.visit(logits)
	if err := k.fault.orNil(); err != nil {
		return nil, err
	}
	if end.node == nil || len(end.node.dims) != 1 || end.node.lead != 1 {
		return nil, fmt.Errorf("bounds: want logits [B,classes] computed from the image, got %q of shape %v", logits.Op.Name(), logits.Shape())
	}
	k.net.logits, k.net.Classes = end.node, int(end.node.dims[0])
	return k.net, nil
}

// walk is the state of a [Walk].
type walk struct {
	net       *Network
	w         *writer
	options   options
	image     tf.Output
	batch     int64 // -1 for any
	seen      map[place]value
	dependent map[string]bool // by op: does it depend on the image?
	sources   map[string]bool // placeholders that the image is computed from
	fault     UnsupportedError
}

// value is an output of the graph: a node, or a constant where node is nil.
type value struct {
	node *node
	out  tf.Output
}

// place identifies an output.
type place struct {
	op    string
	index int
}

func placeOf(x tf.Output) place { return place{x.Op.Name(), x.Index} }

func inputs(o *tf.Operation) []tf.Output {
	all := make([]tf.Output, o.NumInputs())
	for i := range all {
		all[i] = tf.Consumer{Op: o, Index: i}.Producer()
	}
	return all
}

// visit returns the value of x. After a fault it goes on, to name all faults:
// then nodes are missing.
func (k *walk) visit(x tf.Output) value {
	at := placeOf(x)
	if v, ok := k.seen[at]; ok {
		return v
	}
	if x.DataType() != tf.Float { // a shape, which rules read from the result
		return value{out: x}
	}
	if !k.depends(x.Op) {
		k.checkConstant(x.Op)
		k.seen[at] = value{out: x}
		return value{out: x}
	}
	known := k.fault.count()
	var in []value
	for _, y := range inputs(x.Op) {
		in = append(in, k.visit(y))
	}
	nodes, err := k.read(x.Op, in)
	if err != nil {
		// What reads a value that is missing is no fault of its own.
		if missing := k.fault.count() > known || k.missing(in); !missing || isUnknown(err) {
			k.fault.add(x.Op, err)
		}
	}
	for i := range x.Op.NumOutputs() {
		v := value{out: x.Op.Output(i), node: missingNode}
		if err == nil && i < len(nodes) {
			v.node = nodes[i]
		}
		k.seen[place{at.op, i}] = v
	}
	return k.seen[at]
}

// missingNode stands for the value of an op that was refused.
var missingNode = &node{}

func (k *walk) missing(in []value) bool {
	for _, v := range in {
		if v.node == missingNode {
			return true
		}
	}
	return false
}

// read applies the rule of an op.
func (k *walk) read(o *tf.Operation, in []value) ([]*node, error) {
	if aliases[o.Type()] {
		if k.missing(in[:1]) {
			return nil, errMissing
		}
		return []*node{in[0].node}, nil
	}
	split := o.Type() == "Split" || o.Type() == "SplitV"
	rule, ok := rules[o.Type()]
	switch {
	case !ok && !split:
		return nil, errUnknown
	case k.missing(in):
		return nil, errMissing
	case split:
		return readSplit(k, o, in)
	}
	if first[o.Type()] && in[0].node == nil {
		return nil, refuse("a constant where a value of the image is wanted")
	}
	n, err := rule(k, o, in)
	return []*node{n}, err
}

// depends reports whether o is computed from the image.
func (k *walk) depends(o *tf.Operation) bool {
	name := o.Name()
	if d, ok := k.dependent[name]; ok {
		return d
	}
	if name == k.image.Op.Name() {
		return true
	}
	d := false
	k.dependent[name] = false
	if readsShape(o) {
		return false
	}
	for _, x := range inputs(o) {
		d = k.depends(x.Op) || d
	}
	k.dependent[name] = d
	return d
}

// readsShape reports whether o depends on the size of a batch, not on its values.
func readsShape(o *tf.Operation) bool {
	t := o.Type()
	return t == "Shape" || t == "ShapeN" || t == "Size" || t == "Rank"
}

// checkConstant refuses what is no constant: what is read around the image, and
// randomness.
func (k *walk) checkConstant(o *tf.Operation) {
	at := place{o.Name(), -1}
	if _, ok := k.seen[at]; ok || readsShape(o) {
		return
	}
	k.seen[at] = value{}
	switch {
	case k.sources[o.Name()]:
		k.fault.add(o, refuse("what the image is computed from, read around it"))
	case graphs.IsRandomOp(o.Type()) && !k.options.training:
		k.fault.add(o, refuse("a random number"))
	}
	for _, x := range inputs(o) {
		k.checkConstant(x.Op)
	}
}

// sourcesOf are the placeholders that x is computed from.
func sourcesOf(x tf.Output) map[string]bool {
	sources, seen := map[string]bool{}, map[string]bool{}
	var visit func(o *tf.Operation)
	visit = func(o *tf.Operation) {
		if seen[o.Name()] {
			return
		}
		seen[o.Name()] = true
		if o.Type() == "Placeholder" {
			sources[o.Name()] = true
		}
		for _, y := range inputs(o) {
			visit(y.Op)
		}
	}
	visit(x.Op)
	return sources
}

// dims are the static sizes of x after the first, nil where one is unknown.
func (k *walk) dims(x tf.Output) []int64 {
	size, err := x.Shape().ToSlice()
	if err != nil || len(size) < 1 {
		return nil
	}
	for _, d := range size[1:] {
		if d < 1 {
			return nil
		}
	}
	return append([]int64{}, size[1:]...)
}
