package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// backward is a back-substitution (CROWN, Zhang et al. 2018, arXiv 1811.00866,
// section 3.3): rows [B,K,n] of a node's values are bounded from below by rows
// of its inputs, and so on to the image or, with stop, to the outputs of the
// activations.
type backward struct {
	*Bounds
	known  Intervals
	slopes []tf.Output // of each activation, zero Output or nil: by policy
	splits []tf.Output // of each activation: what is added to its input's rows [B,K,n]; zero Output or nil: nothing
	policy Slopes
	stop   bool
	k      int64

	rows   []tf.Output // by node: [B·K·lead, dims...]; zero Output: none
	ends   []end
	sizes  map[int]tf.Output // by node: what bounds its absolute values, [B,1,n]
	d      []tf.Output       // constants, [B,K] each
	errors []tf.Output       // what rounding may have added to them
	inputs []tf.Output       // by activation: its output's rows [B,K,n], for branching
}

// end is where a back-substitution ended.
type end struct {
	node *node
	a    tf.Output // [B,K,n]
}

// run substitutes rows a [B,K,n] of a node.
func (b *backward) run(from *node, a tf.Output) {
	b.k = a.Shape().Size(1)
	b.rows = make([]tf.Output, from.id+1)
	b.sizes = map[int]tf.Output{}
	b.inputs = make([]tf.Output, len(b.net.activations))
	b.rows[from.id] = b.w.rows(a, from)
	for i := from.id; i >= 0; i-- {
		if b.rows[i].Op != nil && b.w.s.OK() {
			b.step(b.net.nodes[i])
		}
	}
}

// step substitutes one node.
func (b *backward) step(n *node) {
	a := b.rows[n.id]
	switch o := n.op.(type) {
	case nil:
		b.ends = append(b.ends, end{n, b.flat(a, n)})
	case activation:
		if b.stop {
			b.ends = append(b.ends, end{n, b.flat(a, n)})
			return
		}
		b.relax(n, o)
	case *shift:
		b.addConstant(n, o)
		b.give(n.in[0], a)
	case linear:
		forward, transposed := o.terms()
		if forward > 0 {
			b.addRounding(a, n, forward+transposed)
		}
		for i, x := range o.transpose(b.w, a) {
			b.give(n.in[i], x)
		}
	}
}

// give adds rows to those of a node.
func (b *backward) give(n *node, a tf.Output) {
	if have := b.rows[n.id]; have.Op != nil {
		a = b.w.add(have, a)
		b.addRounding(a, n, 1)
	}
	b.rows[n.id] = a
}

// flat gives rows of a node the shape [B,K,n].
func (b *backward) flat(a tf.Output, n *node) tf.Output { return b.w.reshape(a, -1, b.k, n.size()) }

// relax substitutes an activation.
func (b *backward) relax(n *node, o activation) {
	w, in, at := b.w, n.in[0], n.at
	r := relaxation{a: b.flat(b.rows[n.id], n), l: b.known.Lower[at], u: b.known.Upper[at], policy: b.policy}
	if b.slopes != nil {
		r.slopes = b.slopes[at]
	}
	b.inputs[at] = r.a
	out := o.relax(w, r)
	a := out.a
	b.addRoundingOf(a, in, slack)
	if b.splits != nil && b.splits[at].Op != nil {
		a = w.add(a, b.splits[at])
		b.addRoundingOf(a, in, 1)
	}
	if out.d.Op != nil {
		b.d = append(b.d, out.d)
	}
	if out.error.Op != nil {
		b.errors = append(b.errors, out.error)
	}
	b.give(in, w.rows(a, in))
}

// addConstant adds the constant of a shift.
func (b *backward) addConstant(n *node, o *shift) {
	w := b.w
	product := func(a, v tf.Output) tf.Output {
		if o.each {
			return w.dot(b.flat(a, n), w.reshape(v, -1, 1, n.size()))
		}
		return w.sum(b.flat(w.mul(a, v), n), 2)
	}
	a := b.rows[n.id]
	b.d = append(b.d, w.times(o.sign, product(a, o.value)))
	if w.on() {
		b.errors = append(b.errors, w.times(w.rounding.factor(n.size()), product(w.abs(a), o.magnitude(w))))
		b.addRounding(a, n, slack)
	}
}

// addRounding adds what the rounding of so many terms, in a step from or to
// these rows of n, can come to: that share of |a|·|value of n|.
func (b *backward) addRounding(a tf.Output, n *node, terms int64) {
	if b.w.on() {
		b.addRoundingOf(b.flat(a, n), n, terms)
	}
}

func (b *backward) addRoundingOf(a tf.Output, n *node, terms int64) {
	if w := b.w; w.on() {
		b.errors = append(b.errors, w.times(w.rounding.factor(terms), w.dot(w.abs(a), b.size(n))))
	}
}

// size bounds the absolute values of a node and of the partial sums that make
// it, [B,1,n], from the intervals of the activations before it.
func (b *backward) size(n *node) tf.Output {
	if s, ok := b.sizes[n.id]; ok {
		return s
	}
	w := b.w
	var s tf.Output
	switch o := n.op.(type) {
	case nil:
		s = w.max(w.abs(b.region.lower), w.abs(b.region.upper))
	case activation:
		l, u := b.knownOf(n)
		lo, hi := o.interval(w, l, u)
		s = w.max(w.abs(lo), w.abs(hi))
	default:
		var in []tf.Output
		for _, x := range n.in {
			in = append(in, w.rows(b.size(x), x))
		}
		s = w.magnitude(n, in)
	}
	s = w.reshape(s, -1, 1, n.size())
	b.sizes[n.id] = s
	return s
}

// knownOf are the bounds of an activation's input, in its shape.
func (b *backward) knownOf(n *node) (l, u tf.Output) {
	return b.w.rows(b.known.Lower[n.at], n.in[0]), b.w.rows(b.known.Upper[n.at], n.in[0])
}

// lower is the bound, [B,K]: the least value at the ends, and the constants.
func (b *backward) lower() tf.Output {
	w := b.w
	sums := append([]tf.Output{}, b.d...)
	for _, e := range b.ends {
		var least, rounding tf.Output
		if e.node.op == nil {
			least, rounding = w.minimum(e.a, b.region)
		} else {
			l, u := b.knownOf(e.node)
			lo, hi := e.node.op.(activation).interval(w, l, u)
			n := e.node.size()
			box := region{norm: Linf, lower: w.reshape(lo, -1, n), upper: w.reshape(hi, -1, n)}
			least, rounding = w.minimum(e.a, box)
		}
		sums = append(sums, least)
		if rounding.Op != nil {
			b.errors = append(b.errors, rounding)
		}
	}
	total := w.total(sums...)
	if !w.on() {
		return total
	}
	for _, x := range sums {
		b.errors = append(b.errors, w.times(w.rounding.factor(int64(len(sums))), w.abs(x)))
	}
	// The sum of the errors is itself rounded, as are the sizes in it.
	return w.sub(total, w.add(w.times(1.02, op.AddN(w.s.Op("widening"), b.errors)), w.scalar(tiny)))
}
