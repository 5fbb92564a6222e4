package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// Network is the part of a graph from images to logits, as operators that have
// bounds. [Walk] makes it; it holds no values: weights are read where they
// stand in the graph, so bounds follow them, and gradients reach them.
type Network struct {
	// Image and Logits are the ends of the walk, [B,H,W,C] and [B,Classes].
	Image, Logits tf.Output
	// Classes is the number of logits.
	Classes int

	image, logits *node
	nodes         []*node // inputs before those that read them
	activations   []*node // of nodes, those that are not linear
}

// node is a value of the network. Its tensor has the shape [B·lead, dims...]:
// a reshape may split an image over several rows.
type node struct {
	id   int
	name string // of the TensorFlow op, for scopes and errors
	op   any    // linear, *shift or activation; nil for the image
	in   []*node
	lead int64
	dims []int64
	at   int // its number among the activations, if it is one
}

// size is the number of values for each image.
func (n *node) size() int64 { return n.lead * product(n.dims) }

// add appends a node with the rows of its first input.
func (n *Network) add(name string, op any, dims []int64, in ...*node) *node {
	x := &node{id: len(n.nodes), name: name, op: op, in: in, dims: dims, lead: 1}
	if len(in) > 0 {
		x.lead = in[0].lead
	}
	n.nodes = append(n.nodes, x)
	if _, ok := op.(activation); ok {
		x.at = len(n.activations)
		n.activations = append(n.activations, x)
	}
	return x
}

// Activations is the number of operators that are not linear, in the order in
// which [Intervals] holds the bounds of their inputs.
func (n *Network) Activations() int { return len(n.activations) }

// ActivationSizes are the numbers of values for each image at the inputs of the
// activations.
func (n *Network) ActivationSizes() []int {
	var sizes []int
	for _, a := range n.activations {
		sizes = append(sizes, int(a.in[0].size()))
	}
	return sizes
}

// linear is an operator without constant term.
type linear interface {
	// apply computes the operator of inputs [N·lead, dims...], with its weights
	// as they are, their absolute values or their squares.
	apply(w *writer, x []tf.Output, m weights) tf.Output
	// transpose multiplies rows [N·lead, dims of the output] from the left: one
	// result for each input, in its shape.
	transpose(w *writer, a tf.Output) []tf.Output
	// terms are how many products are added up to one value, forwards and
	// transposed; 0 where nothing is rounded.
	terms() (forward, transposed int64)
}

// weights says which weights an operator is applied with.
type weights int

const (
	signed weights = iota
	absolute
	squared
)

// injective is a linear operator each of whose outputs is a multiple of one
// input, and no two of the same.
type injective interface{ injective() }

// mixing is a linear operator that knows its largest weight, for L1 balls.
type mixing interface {
	// largest is the largest absolute weight of each output, in a shape that
	// broadcasts to the outputs.
	largest(w *writer) tf.Output
}

// activation is an operator that is not linear, of one input.
type activation interface {
	// interval bounds the output, given bounds of the input, all in the shape
	// of their nodes.
	interval(w *writer, l, u tf.Output) (lo, hi tf.Output)
	// relax replaces the operator by linear bounds in a back-substitution.
	relax(w *writer, r relaxation) relaxed
}

// relaxation is what an activation's linear bounds are made of.
type relaxation struct {
	a    tf.Output // [B,K,outputs], the coefficients of the operator's outputs
	l, u tf.Output // [B,inputs]
	// slopes [B,K,inputs] or [B,1,inputs] are those of the lower lines of
	// unstable ReLUs; zero Output: chosen by policy.
	slopes tf.Output
	policy Slopes
	// open [B,outputs·places·C] is 1 where a value of a max pooling's window may
	// be the largest; zero Output: all may.
	open tf.Output
}

// relaxed is a back-substitution through an activation.
type relaxed struct {
	a     tf.Output // [B,K,inputs]
	d     tf.Output // [B,K], zero Output for none
	error tf.Output // [B,K], what rounding may have added to d; zero Output for none
	// Where a are sums: their terms, and the sums of the terms' absolute values
	// [B,K,inputs]; else zero.
	terms int64
	sums  tf.Output
}

func product(dims []int64) int64 {
	p := int64(1)
	for _, d := range dims {
		p *= d
	}
	return p
}
