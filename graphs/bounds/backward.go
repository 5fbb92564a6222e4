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
	open   []tf.Output // of each max pooling: 1 where a value may be the largest of a window; zero Output or nil: all may
	policy Slopes
	stop   bool
	k      int64

	rows   []tf.Output         // by node: [B·K·lead, dims...]; zero Output: none
	flats  map[place]tf.Output // rows [B,K,n], by rows in the shape of a node
	ends   []end
	sizes  map[int]tf.Output // by node: what bounds its absolute values, [B,1,n]
	d      []tf.Output       // constants, [B,K] each
	errors []tf.Output       // what rounding may have added to them
	shares []share           // the same, of absolute rows
	inputs []tf.Output       // by activation: its output's rows [B,K,n], for branching
}

// share is a rounding error Σ|a|·v, of rows a [B,K,n] and v [B,1,n] or [1,1,n].
// Those of one a are added up before a is read: a is large.
type share struct{ a, v tf.Output }

// end is where a back-substitution ended.
type end struct {
	node *node
	a    tf.Output // [B,K,n]
}

// run substitutes rows a [B,K,n] of a node.
func (b *backward) run(from *node, a tf.Output) {
	b.k = a.Shape().Size(1)
	b.rows = make([]tf.Output, from.id+1)
	b.sizes, b.flats = map[int]tf.Output{}, map[place]tf.Output{}
	b.inputs = make([]tf.Output, len(b.net.activations))
	b.rows[from.id] = b.rowsOf(a, from)
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
func (b *backward) flat(a tf.Output, n *node) tf.Output {
	if a.Op == nil {
		return a
	}
	at := placeOf(a)
	f, ok := b.flats[at]
	if !ok {
		f = b.w.reshape(a, -1, b.k, n.size())
		b.flats[at] = f
	}
	return f
}

// rowsOf gives rows [B,K,n] the shape of a node.
func (b *backward) rowsOf(a tf.Output, n *node) tf.Output {
	x := b.w.rows(a, n)
	if x.Op != nil {
		b.flats[placeOf(x)] = a
	}
	return x
}

// relax substitutes an activation.
func (b *backward) relax(n *node, o activation) {
	w, in, at := b.w, n.in[0], n.at
	r := relaxation{a: b.flat(b.rows[n.id], n), l: b.known.Lower[at], u: b.known.Upper[at], policy: b.policy}
	if b.slopes != nil {
		r.slopes = b.slopes[at]
	}
	if b.open != nil {
		r.open = b.open[at]
	}
	b.inputs[at] = r.a
	out := o.relax(w, r)
	a := out.a
	b.addRoundingOf(a, in, slack)
	if b.splits != nil && b.splits[at].Op != nil {
		a = w.add(a, b.splits[at])
		b.addRoundingOf(a, in, 1)
		b.addRoundingOf(b.splits[at], in, 1) // each is a sum of multipliers, rounded once
	}
	if out.d.Op != nil {
		b.d = append(b.d, out.d)
	}
	if out.error.Op != nil {
		b.errors = append(b.errors, out.error)
	}
	if out.sums.Op != nil {
		b.addRoundingOf(out.sums, in, out.terms)
	}
	b.give(in, b.rowsOf(a, in))
}

// addConstant adds the constant of a shift.
func (b *backward) addConstant(n *node, o *shift) {
	w := b.w
	a := b.flat(b.rows[n.id], n)
	b.d = append(b.d, w.times(o.sign, w.dot(a, o.spread(w, o.value, n))))
	if w.on() {
		b.share(a, w.times(w.rounding.factor(n.size()), o.spread(w, o.magnitude(w), n)))
		b.addRoundingOf(a, n, slack)
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
		b.share(a, w.times(w.rounding.factor(terms), b.size(n)))
	}
}

// share adds Σ|a|·v to the errors.
func (b *backward) share(a, v tf.Output) {
	for i := range b.shares {
		if s := &b.shares[i]; a.Op != nil && s.a.Op != nil && placeOf(s.a) == placeOf(a) {
			s.v = b.w.add(s.v, v)
			return
		}
	}
	b.shares = append(b.shares, share{a, v})
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
			if p, ok := b.paths[e.node.id]; ok {
				box.point, box.reach, box.slopes = p.point, p.reach, p.slopes
			}
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
	for _, x := range b.shares {
		b.errors = append(b.errors, w.dot(w.abs(x.a), x.v))
	}
	for _, x := range sums {
		b.errors = append(b.errors, w.times(w.rounding.factor(int64(len(sums))), w.abs(x)))
	}
	// The sum of the errors is itself rounded, as are the sizes in it.
	return w.sub(total, w.add(w.times(1.02, op.AddN(w.s.Op("widening"), b.errors)), w.scalar(tiny)))
}
