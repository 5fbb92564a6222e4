package graphs

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// TotalVariation replaces images by the smoothest ones that agree with some of
// their pixels (Guo, Rana, Cissé and van der Maaten 2018, section 4.3): each
// pixel is dropped with probability Drop, anew in each pass, and z minimises
// ½‖m·(z-x)‖² + Weight·TV(z), m being 0 at dropped pixels and TV the sum over
// pixels of the length of the gradient, for each channel (Rudin, Osher and
// Fatemi 1992). So many Steps of the method of Chambolle and Pock 2011 stand for
// Guo et al.'s split Bregman. Like theirs the solver lies outside of plain
// gradients.
type TotalVariation struct {
	Weight float32 `key:"weight" default:".03" in:"(0,100]" help:"of the total variation"`
	Drop   float32 `key:"drop" default:".5" in:"[0,1)" help:"probability with which a pixel is dropped"`
	Steps  int     `key:"steps" default:"60" in:"[1,1000]" help:"of the solver"`
}

// Apply smooths images [B,H,W,C].
func (t TotalVariation) Apply(s *Scope, images tf.Output) tf.Output {
	if _, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes"); !ok {
		return tf.Output{}
	}
	z := t.Solve(s, images, t.kept(s, images))
	z = op.Minimum(s.Op("most"), op.Maximum(s.Op("least"), z, op.Const(s.Op("black"), float32(0))), op.Const(s.Op("white"), float32(1)))
	return op.StopGradient(s.Op("solved"), z)
}

// kept is 1 at the pixels that are kept, the same for all channels, [B,H,W,1].
func (t TotalVariation) kept(s *Scope, images tf.Output) tf.Output {
	shape := op.Shape(s.Op("shape"), op.Slice(s.Op("one_channel"), images, op.Const(s.Op("first"), []int32{0, 0, 0, 0}), op.Const(s.Op("each"), []int32{-1, -1, -1, 1})))
	if t.Drop == 0 {
		return op.Fill(s.Op("all"), shape, op.Const(s.Op("kept"), float32(1)))
	}
	var u tf.Output
	if s.Training() {
		u = s.uniform(shape)
	} else {
		u = op.RandomUniform(s.Op("drawn"), shape, tf.Float)
	}
	mask := op.Cast(s.Op("mask"), op.GreaterEqual(s.Op("stays"), u, op.Const(s.Op("share"), t.Drop)), tf.Float)
	return op.StopGradient(s.Op("stop"), mask)
}

// Solve minimises for images [B,H,W,C] and a mask [B,H,W,1] of zeros and ones.
func (t TotalVariation) Solve(s *Scope, images, kept tf.Output) tf.Output {
	v := tvSolver{s: s, weight: op.Const(s.Op("weight"), t.Weight), step: op.Const(s.Op("step"), float32(1/math.Sqrt(8)))}
	pull := op.Mul(s.Op("pull"), v.step, kept)
	known := op.Mul(s.Op("known"), pull, images)
	share := op.AddV2(s.Op("share"), op.Const(s.Op("one"), float32(1)), pull)
	z := op.Mul(s.Op("start"), images, kept)
	ahead, dx, dy := z, op.ZerosLike(s.Op("dx"), z), op.ZerosLike(s.Op("dy"), z)
	for range t.Steps {
		if !s.OK() {
			return z
		}
		dx, dy = v.ascend(ahead, dx, dy)
		last := z
		moved := op.AddV2(s.Op("moved"), z, op.Mul(s.Op("force"), v.step, v.divergence(dx, dy)))
		z = op.Div(s.Op("z"), op.AddV2(s.Op("joined"), moved, known), share)
		ahead = op.Sub(s.Op("ahead"), op.AddV2(s.Op("twice"), z, z), last)
	}
	return z
}

// tvSolver holds what the steps share.
type tvSolver struct {
	s            *Scope
	weight, step tf.Output
}

// ascend moves the dual field along the gradient of z, and cuts its vectors to
// the length weight.
func (v tvSolver) ascend(z, dx, dy tf.Output) (tf.Output, tf.Output) {
	s := v.s
	dx = op.AddV2(s.Op("up_x"), dx, op.Mul(s.Op("by_x"), v.step, v.difference(z, 2)))
	dy = op.AddV2(s.Op("up_y"), dy, op.Mul(s.Op("by_y"), v.step, v.difference(z, 1)))
	squares := op.AddV2(s.Op("squares"), op.Square(s.Op("x2"), dx), op.Square(s.Op("y2"), dy))
	length := op.Sqrt(s.Op("length"), op.AddV2(s.Op("floored"), squares, op.Const(s.Op("floor"), float32(1e-12))))
	cut := op.Maximum(s.Op("cut"), op.Const(s.Op("unit"), float32(1)), op.Div(s.Op("ratio"), length, v.weight))
	return op.Div(s.Op("cut_x"), dx, cut), op.Div(s.Op("cut_y"), dy, cut)
}

// difference is the next pixel along an axis minus the pixel, 0 at the end.
func (v tvSolver) difference(z tf.Output, axis int) tf.Output {
	return v.pad(op.Sub(v.s.Op("difference"), v.cut(z, axis, 1, 0), v.cut(z, axis, 0, 1)), axis, 0, 1)
}

// divergence is minus the adjoint of the differences.
func (v tvSolver) divergence(dx, dy tf.Output) tf.Output {
	along := func(d tf.Output, axis int) tf.Output {
		before := v.cut(d, axis, 0, 1)
		return op.Sub(v.s.Op("inflow"), v.pad(before, axis, 0, 1), v.pad(before, axis, 1, 0))
	}
	return op.AddV2(v.s.Op("divergence"), along(dx, 2), along(dy, 1))
}

// cut leaves out so many pixels at the begin and at the end of an axis.
func (v tvSolver) cut(x tf.Output, axis, begin, end int) tf.Output {
	from, size := []int32{0, 0, 0, 0}, []int32{-1, -1, -1, -1}
	from[axis] = int32(begin)
	size[axis] = int32(x.Shape().Size(axis)) - int32(begin+end)
	return op.Slice(v.s.Op("cut"), x, op.Const(v.s.Op("from"), from), op.Const(v.s.Op("size"), size))
}

// pad adds so many zeros at the begin and at the end of an axis.
func (v tvSolver) pad(x tf.Output, axis, begin, end int) tf.Output {
	pads := [][]int32{{0, 0}, {0, 0}, {0, 0}, {0, 0}}
	pads[axis] = []int32{int32(begin), int32(end)}
	return op.Pad(v.s.Op("pad"), x, op.Const(v.s.Op("pads"), pads))
}
