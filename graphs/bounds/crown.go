package bounds

import tf "github.com/wamuir/graft/tensorflow"

// CROWN bounds the inputs of the activations by back-substitution of each of
// their values, in order, all at once: n values cost as much as 2n margins, so
// that is for small networks. [Verifier] does it in parts, and leaves out values
// whose sign is known. known are intervals by [Bounds.IBP]; the result is
// nowhere wider.
func (b *Bounds) CROWN(known Intervals) Intervals {
	w := b.w
	for i, a := range b.net.activations {
		n := a.in[0]
		if b.net.exactByIBP(n) || !w.s.OK() {
			continue
		}
		size := n.size()
		eye := w.reshape(w.constant(identity(size)), 1, size, size)
		each := w.shapeWith(known.Lower[i], 1, 1)
		rows := w.mul(eye, w.ones(each))
		side := func(rows tf.Output) tf.Output {
			s := &backward{Bounds: b, known: known, policy: b.Slopes}
			s.run(n, rows)
			return s.lower()
		}
		next := Intervals{append([]tf.Output{}, known.Lower...), append([]tf.Output{}, known.Upper...)}
		next.Lower[i] = w.max(known.Lower[i], side(rows))
		next.Upper[i] = w.min(known.Upper[i], w.neg(side(w.neg(rows))))
		if b.alone {
			next.Lower[i], next.Upper[i] = side(rows), w.neg(side(w.neg(rows)))
			known = next
			continue
		}
		known = b.IBP(&next) // carries it to later activations
	}
	return known
}
