package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// DrawFor says that the pass sees some rows of a batch: rows, int32 [n], are their
// positions in it, and all, int32 [], is the number of its rows. Each row gets the
// random numbers that it would have in the whole batch.
func (s *Scope) DrawFor(rows, all tf.Output) { s.pass.rows, s.pass.allRows = rows, all }

// uniform are random numbers in [0,1) of the shape, whose first dimension is that of
// the rows. They depend on seed, path and step alone.
func (s *Scope) uniform(shape tf.Output) tf.Output {
	return s.draw(shape, func(name string, shape tf.Output) tf.Output {
		return op.StatelessRandomUniform(s.Op(name), shape, s.StepSeed())
	})
}

// normal are standard normal numbers, otherwise as those of uniform.
func (s *Scope) normal(shape tf.Output) tf.Output {
	return s.draw(shape, func(name string, shape tf.Output) tf.Output {
		return op.StatelessRandomNormal(s.Op(name), shape, s.StepSeed())
	})
}

// draw takes the rows of the pass out of random numbers of the whole batch.
func (s *Scope) draw(shape tf.Output, random func(name string, shape tf.Output) tf.Output) tf.Output {
	if s.pass.rows.Op == nil || !s.OK() {
		return random("drawn_numbers", shape)
	}
	axis := op.Const(s.Op("axis"), int32(0))
	one := op.Const(s.Op("first"), []int32{1})
	rest := op.Slice(s.Op("rest"), shape, one, op.Const(s.Op("to_end"), []int32{-1}))
	whole := op.ConcatV2(s.Op("whole"), []tf.Output{op.Reshape(s.Op("all_rows"), s.pass.allRows, one), rest}, axis)
	u := op.GatherV2(s.Op("rows"), random("drawn_numbers", whole), s.pass.rows, axis)
	return op.Reshape(s.Op("shaped"), u, shape) // so that its known dimensions stay known
}
