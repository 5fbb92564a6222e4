package bounds

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Bounds writes bounds of a network over a region into a graph. All of it can
// be differentiated, with respect to weights too.
type Bounds struct {
	net    *Network
	w      *writer
	region region
	// Slopes is the policy of unstable ReLUs, "" means Adaptive.
	Slopes Slopes
	// alone leaves intervals by CROWN as the paper has them, not cut by those of
	// IBP: for comparisons.
	alone bool
	// paths are those of the outputs of activations, by node, where IBP has found
	// some.
	paths map[int]interval
}

// Intervals are bounds of the inputs of the activations, in the network's
// order: [B,n] each.
type Intervals struct{ Lower, Upper []tf.Output }

// New prepares bounds of n over r, widened for arithmetic of the given unit
// roundoff. Errors of the graph are kept by s.
func New(s *graphs.Scope, n *Network, r Region, u Rounding) (*Bounds, error) {
	if n == nil || !s.OK() {
		return nil, errors.New("bounds: want a network and a scope without errors")
	}
	if err := n.checkTerms(u); err != nil {
		return nil, err
	}
	w := &writer{s: s, rounding: u}
	reg, err := r.write(w, n)
	if err != nil {
		return nil, err
	}
	return &Bounds{net: n, w: w, region: reg, paths: map[int]interval{}}, nil
}

// mostError is up to which share sums may be off: beyond, factors of the
// analysis no longer hold.
const mostError = .01

// checkTerms refuses sums too long for the arithmetic.
func (n *Network) checkTerms(u Rounding) error {
	for _, x := range n.nodes {
		terms := x.size()
		if o, ok := x.op.(linear); ok {
			forward, transposed := o.terms()
			terms = max(terms, forward+transposed)
		}
		if float64(terms)*float64(u) > mostError {
			return fmt.Errorf("bounds: op %q: want sums of at most %.0f terms in arithmetic of unit roundoff %g, got %d: take smaller images, a smaller network or, where it is not, float32", x.name, mostError/float64(u), float64(u), terms)
		}
	}
	return nil
}

// IBP bounds the inputs of the activations by interval bound propagation
// (Gowal et al. 2018). known, where it is not nil, holds bounds of some of
// them, which are used where they are tighter.
func (b *Bounds) IBP(known *Intervals) Intervals {
	w := b.w
	var out Intervals
	state := make([]interval, len(b.net.nodes))
	needed := b.net.beforeActivations()
	for i, n := range b.net.nodes {
		if !needed[i] || !w.s.OK() {
			continue
		}
		if n.op == nil {
			state[i] = b.region.interval(w)
			continue
		}
		var in []interval
		for _, x := range n.in {
			in = append(in, state[x.id])
		}
		if _, ok := n.op.(activation); ok {
			l, u := b.cut(in[0], n.in[0], known, n.at)
			out.Lower, out.Upper = append(out.Lower, l), append(out.Upper, u)
			path := in[0]
			in[0] = w.fromBounds(w.rows(l, n.in[0]), w.rows(u, n.in[0]))
			if hasPath([]interval{path}) {
				in[0].point, in[0].reach, in[0].slopes = path.point, path.reach, path.slopes
			}
		}
		state[i] = w.propagate(n, in)
		if _, ok := n.op.(activation); ok && hasPath(state[i:i+1]) {
			b.paths[n.id] = state[i]
		}
	}
	return out
}

// cut is the interval of a node as bounds [B,n], cut by known ones.
func (b *Bounds) cut(i interval, n *node, known *Intervals, at int) (l, u tf.Output) {
	w := b.w
	l, u = w.bounds(i)
	l, u = w.reshape(l, -1, n.size()), w.reshape(u, -1, n.size())
	if known != nil {
		l, u = w.max(l, known.Lower[at]), w.min(u, known.Upper[at])
	}
	return l, u
}

// beforeActivations marks the nodes that activations are computed from, and
// the activations, by id.
func (n *Network) beforeActivations() []bool {
	marked := make([]bool, len(n.nodes))
	for i := len(n.nodes) - 1; i >= 0; i-- {
		x := n.nodes[i]
		if _, ok := x.op.(activation); ok {
			marked[i] = true
		}
		for _, in := range x.in {
			marked[in.id] = marked[in.id] || marked[i]
		}
	}
	return marked
}

// IBPMargins bounds the margins z_y - z_k from below, [B,classes], 0 for k = y.
// The layers after the last activations are merged into the margins: bounds of
// the logits, taken apart, are looser. labels is int32 [B].
func (b *Bounds) IBPMargins(labels tf.Output, known Intervals) tf.Output {
	s := &backward{Bounds: b, known: known, stop: true}
	s.run(b.net.logits, b.marginRows(labels))
	return s.lower()
}

// CROWNMargins bounds the margins by back-substitution to the image. With
// intervals by IBP that is CROWN-IBP (Zhang et al. 2020, arXiv 1906.06316).
func (b *Bounds) CROWNMargins(labels tf.Output, known Intervals) tf.Output {
	s := &backward{Bounds: b, known: known, policy: b.Slopes}
	s.run(b.net.logits, b.marginRows(labels))
	return s.lower()
}

// Mix is beta·crown + (1-beta)·ibp, the margins that CROWN-IBP trains with; beta
// is a float32 scalar.
func Mix(s *graphs.Scope, beta, crown, ibp tf.Output) tf.Output {
	w := &writer{s: s}
	return w.mix(beta, crown, ibp)
}

// marginRows are the rows e_y - e_k, [B,classes,classes].
func (b *Bounds) marginRows(labels tf.Output) tf.Output {
	w, k := b.w, int64(b.net.Classes)
	one := op.OneHot(w.s.Op("label"), labels, w.constant(int32(k)), w.scalar(1), w.scalar(0))
	eye := w.reshape(w.constant(identity(k)), 1, k, k)
	return w.sub(w.reshape(one, -1, 1, k), eye)
}
