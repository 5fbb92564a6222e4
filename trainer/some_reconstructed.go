package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// apply builds all of the model, but decoders and warp only for every [Objective.Every]-th
// row of images.
func (o Objective) apply(s *graphs.Scope, m graphs.Disentangled, images tf.Output) graphs.Forward {
	if o.Every <= 1 || !m.Decode {
		return m.Apply(s, images)
	}
	all := m.Classify(s, images)
	f := all
	f.Images, f.Appearance, f.Geometry = o.pick(s, all.Images), o.pick(s, all.Appearance), o.pick(s, all.Geometry)
	m.Reconstruct(s, &f)
	f.Images, f.Appearance, f.Geometry = all.Images, all.Appearance, all.Geometry
	return f
}

// pick is the rows of x that are reconstructed: all of them, or each Every-th from the
// first, [B,...] -> [ceil(B/Every),...].
func (o Objective) pick(s *graphs.Scope, x tf.Output) tf.Output {
	if o.Every <= 1 || x.Op == nil || !s.OK() {
		return x
	}
	rows := func(name string, v int) tf.Output { return op.Const(s.Op(name), []int32{int32(v)}) }
	return op.StridedSlice(s.Op("some"), x, rows("from", 0), rows("to", 0), rows("every", o.Every), op.StridedSliceEndMask(1))
}

// spread puts the errors of the rows that pick took back in their places, [ceil(B/Every)]
// -> [B], with 0 for the others, and scales them so that their mean over B is that over
// the rows picked. all has B rows.
func (o Objective) spread(s *graphs.Scope, errors, all tf.Output) tf.Output {
	if o.Every <= 1 || !s.OK() {
		return errors
	}
	zero := op.Const(s.Op("zero"), []int32{0})
	count := func(x tf.Output) tf.Output {
		return op.Slice(s.Op("rows"), op.Shape(s.Op("shape"), x), zero, op.Const(s.Op("one"), []int32{1}))
	}
	n, picked := count(all), count(errors)
	scale := op.Div(s.Op("scale"), op.Cast(s.Op("all"), n, tf.Float), op.Cast(s.Op("picked"), picked, tf.Float))
	column := op.Reshape(s.Op("column"), op.Mul(s.Op("scaled"), errors, scale), op.Const(s.Op("columns"), []int32{-1, 1}))
	table := op.Pad(s.Op("table"), column, op.Const(s.Op("right"), [][]int32{{0, 0}, {0, int32(o.Every - 1)}}))
	return op.Slice(s.Op("places"), op.Reshape(s.Op("list"), table, op.Const(s.Op("flat"), []int32{-1})), zero, n)
}

// stepObjective is the objective of a training step.
func (c Config) stepObjective() Objective {
	o := c.Objective
	o.Every = c.ReconstructedEvery()
	return o
}

// ReconstructedEvery is N where a training step reconstructs every Nth image of its batch:
// [Objective.Every], but 1 where the objective needs the reconstruction of all.
func (c Config) ReconstructedEvery() int {
	if o := c.Objective; o.Every > 1 && o.Swap.Off() && c.Adversary.Off() && c.Certified.Off() {
		return o.Every
	}
	return 1
}
