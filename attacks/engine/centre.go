package engine

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// A constant added to all logits changes no class, but float32 keeps 24 bits of
// the sum: next to 1e6 what is left of the logits are multiples of 1/16. Attacks
// therefore see centred logits. The end of the victim's graph is rebuilt without
// the offset, which is found from the logits backwards in the terms that are
// added to them. What decides whether an image is misclassified are the model's
// own logits, and nothing else.

// centring rebuilds the end of a graph.
type centring struct {
	s       *graphs.Scope
	images  tf.Output
	classes int64
	depends map[string]bool // by op name: are the images an ancestor?
}

// centre is logits [B,K] without an offset common to all classes, or logits
// themselves where no constant is added to them.
func (g *AttackGraph) centre(s *graphs.Scope, logits tf.Output) tf.Output {
	if !s.OK() || logits.Op == nil {
		return logits
	}
	c := &centring{s, g.images.Value, int64(g.Victim.Classes), map[string]bool{}}
	return c.rebuild(logits)
}

// centredVictim is the victim with centred logits beside which its training loss
// stays as it is.
func (g *AttackGraph) centredVictim() attacks.Victim {
	v := g.Victim
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output { return g.centre(s, g.Victim.Logits(s, images)) }
	if g.Victim.Codes != nil {
		v.Codes = func(s *graphs.Scope, images tf.Output) (tf.Output, map[attacks.Loss]tf.Output) {
			logits, codes := g.Victim.Codes(s, images)
			return g.centre(s, logits), codes
		}
	}
	return v
}

// rebuild is y without the offset. A common shift of its inputs must shift y by
// something common to all classes: ops of which that is not known stay as they
// are, with all that is before them.
func (c *centring) rebuild(y tf.Output) tf.Output {
	if y.Index != 0 || !c.endsInClasses(y) {
		return y
	}
	switch y.Op.Type() {
	case "BiasAdd", "Add", "AddV2", "Sub":
		return c.rebuildSum(y)
	case "Mul", "Div", "RealDiv":
		return c.rebuildProduct(y)
	}
	again, ok := reapplied[y.Op.Type()]
	if !ok || !c.endsInClasses(operand(y, 0)) || y.Op.Type() == "Mean" && !keepsClasses(y) {
		return y
	}
	x := operand(y, 0)
	if z := c.rebuild(x); z != x {
		return again(c.s, y, z)
	}
	return y
}

// rebuildSum centres both terms of a sum or difference, and leaves out one that
// is common to all classes.
func (c *centring) rebuildSum(y tf.Output) tf.Output {
	if format, _ := y.Op.Attr("data_format"); y.Op.Type() == "BiasAdd" && format == "NCHW" {
		return y
	}
	a, b := operand(y, 0), operand(y, 1)
	minus := y.Op.Type() == "Sub"
	switch {
	case c.isCommon(b) && c.hasShapeOf(a, y):
		return c.rebuild(a)
	case c.isCommon(a) && c.hasShapeOf(b, y) && minus:
		return op.Neg(c.s.Op("centred"), c.rebuild(b))
	case c.isCommon(a) && c.hasShapeOf(b, y):
		return c.rebuild(b)
	}
	p, q := c.rebuildTerm(a), c.rebuildTerm(b)
	switch {
	case p == a && q == b:
		return y
	case minus:
		return op.Sub(c.s.Op("centred"), p, q)
	case y.Op.Type() == "BiasAdd":
		return op.BiasAdd(c.s.Op("centred"), p, q)
	}
	return op.AddV2(c.s.Op("centred"), p, q)
}

// rebuildTerm is a term of a sum without its offset.
func (c *centring) rebuildTerm(x tf.Output) tf.Output {
	if c.dependsOnImages(x) {
		return c.rebuild(x)
	}
	if d, err := x.Shape().ToSlice(); err == nil && elements(d) == c.classes && c.endsInClasses(x) && isFloat(x) {
		return c.centreBias(x)
	}
	return x
}

// rebuildProduct centres a product or quotient of logits and a factor common to
// all classes.
func (c *centring) rebuildProduct(y tf.Output) tf.Output {
	a, b := operand(y, 0), operand(y, 1)
	isProduct := y.Op.Type() == "Mul"
	if isProduct && c.isCommon(a) {
		a, b = b, a
	}
	if !c.isCommon(b) || !c.hasShapeOf(a, y) {
		return y
	}
	switch z := c.rebuild(a); {
	case z == a:
		return y
	case isProduct:
		return op.Mul(c.s.Op("centred"), z, b)
	default:
		return op.Div(c.s.Op("centred"), z, b)
	}
}
