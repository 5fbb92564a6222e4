package engine

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// farFromZero is by how many times its spread a bias must lie away from 0 to be
// centred. The bias of other models stays as it is, bit by bit.
const farFromZero = 16

// centreBias is a bias of K values less their median where that is far from 0.
// The median is that of most classes, where others have a bias of their own, such
// as -1e9. All is computed in float64.
func (c *centring) centreBias(bias tf.Output) tf.Output {
	s := c.s
	wide := op.Cast(s.Op("wide"), bias, tf.Double)
	k := int32(c.classes)
	sorted, _ := op.TopKV2(s.Op("sorted"), op.Reshape(s.Op("flat"), wide, op.Const(s.Op("all"), []int32{-1})), op.Const(s.Op("classes"), k))
	at := func(i int32) tf.Output {
		return op.GatherV2(s.Op("at"), sorted, op.Const(s.Op("place"), i), op.Const(s.Op("axis"), int32(0)))
	}
	median, spread := at(k/2), op.Sub(s.Op("spread"), at(k/4), at(3*k/4))
	limit := op.Mul(s.Op("limit"), spread, op.Const(s.Op("times"), float64(farFromZero)))
	far := op.Cast(s.Op("far"), op.Greater(s.Op("is_far"), op.Abs(s.Op("size"), median), limit), tf.Double)
	near := op.Sub(s.Op("centred"), wide, op.Mul(s.Op("offset"), far, median))
	return op.Cast(s.Op("narrow"), near, bias.DataType())
}

// endsInClasses tells whether the last dimension of x is that of the classes.
func (c *centring) endsInClasses(x tf.Output) bool {
	d, err := x.Shape().ToSlice()
	return err == nil && len(d) > 0 && d[len(d)-1] == c.classes
}

// isCommon tells whether x is the same for all classes: a number, or one that is
// repeated over the classes.
func (c *centring) isCommon(x tf.Output) bool {
	d, err := x.Shape().ToSlice()
	return err == nil && (len(d) == 0 || d[len(d)-1] == 1)
}

// hasShapeOf tells whether x has as many dimensions as y and ends in the classes,
// so that the other operand alone is repeated.
func (c *centring) hasShapeOf(x, y tf.Output) bool {
	return c.endsInClasses(x) && x.Shape().NumDimensions() == y.Shape().NumDimensions()
}

// dependsOnImages tells whether the images are an ancestor of x.
func (c *centring) dependsOnImages(x tf.Output) bool {
	if x.Op.Name() == c.images.Op.Name() {
		return true
	}
	if known, ok := c.depends[x.Op.Name()]; ok {
		return known
	}
	c.depends[x.Op.Name()] = false
	depends := false
	for i := range x.Op.NumInputs() {
		depends = depends || c.dependsOnImages(operand(x, i))
	}
	c.depends[x.Op.Name()] = depends
	return depends
}

func isFloat(x tf.Output) bool {
	return slices.Contains([]tf.DataType{tf.Float, tf.Double}, x.DataType())
}

func elements(dims []int64) int64 {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}
