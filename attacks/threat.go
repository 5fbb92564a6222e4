package attacks

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Norm measures a perturbation.
type Norm string

// Linf is the largest change of a pixel value; L2 the root of the sum of
// squares over all pixels and channels.
const (
	Linf Norm = "linf"
	L2   Norm = "l2"
)

// Threat is what the attacker may do: change an image by at most eps in Norm,
// and keep every value in [Lo,Hi]. Eps is in units of pixel values of images
// in [0,1] and comes with each call, one value per image.
type Threat struct {
	Norm   Norm
	Lo, Hi float32
}

func (t Threat) check() error {
	if t.Norm != Linf && t.Norm != L2 {
		return fmt.Errorf("attack.norm: want linf or l2, got %q", t.Norm)
	}
	if !(t.Lo < t.Hi) {
		return fmt.Errorf("attacks: want a box of pixel values such as [0,1], got [%g,%g]", t.Lo, t.Hi)
	}
	return nil
}

// Steepest is the direction of unit norm in which a linear loss with gradient
// g [B,H,W,C] grows fastest: sign(g), or g/|g|. Where g is zero it is zero.
func (t Threat) Steepest(s *graphs.Scope, g tf.Output) tf.Output {
	if t.Norm == Linf {
		return op.Sign(s.Op("sign"), g)
	}
	// The squares of very small and very large gradients are 0 and infinite in
	// float32: bring the largest element to 1 first.
	axes := op.Const(s.Op("axes"), []int32{1, 2, 3})
	largest := op.Max(s.Op("largest"), op.Abs(s.Op("size"), g), axes, op.MaxKeepDims(true))
	g = op.Div(s.Op("scaled"), g, op.Maximum(s.Op("positive"), largest, op.Const(s.Op("least"), float32(1e-37))))
	return op.Div(s.Op("unit"), g, norm(s, g))
}

// Project moves x [B,H,W,C] to the ball of radius eps [B] around origin and
// then into the box.
func (t Threat) Project(s *graphs.Scope, x, origin, eps tf.Output) tf.Output {
	radius := op.Reshape(s.Op("radius"), eps, op.Const(s.Op("column"), []int64{-1, 1, 1, 1}))
	d := op.Sub(s.Op("change"), x, origin)
	if t.Norm == Linf {
		d = op.Maximum(s.Op("floor"), op.Minimum(s.Op("ceiling"), d, radius), op.Neg(s.Op("minus"), radius))
	} else {
		one := op.Const(s.Op("one"), float32(1))
		d = op.Mul(s.Op("shrunk"), d, op.Minimum(s.Op("factor"), one, op.Div(s.Op("ratio"), radius, norm(s, d))))
	}
	x = op.AddV2(s.Op("moved"), origin, d)
	return op.ClipByValue(s.Op("box"), x, op.Const(s.Op("lo"), t.Lo), op.Const(s.Op("hi"), t.Hi))
}

// norm is the L2 norm of each image, [B,1,1,1], never zero.
func norm(s *graphs.Scope, x tf.Output) tf.Output {
	axes := op.Const(s.Op("axes"), []int32{1, 2, 3})
	sum := op.Sum(s.Op("sum"), op.Square(s.Op("square"), x), axes, op.SumKeepDims(true))
	return op.Sqrt(s.Op("norm"), op.Maximum(s.Op("positive"), sum, op.Const(s.Op("tiny"), float32(1e-30))))
}

// Excess says by how much x leaves the ball of radius eps around origin or the
// box; 0 where it does neither, +Inf where a value is not a number. It is the
// referee's, and shares nothing with Project.
func (t Threat) Excess(x, origin []float32, eps float32) float64 {
	var size, out float64
	for i, v := range x {
		d := math.Abs(float64(v) - float64(origin[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		if t.Norm == Linf {
			size = max(size, d)
		} else {
			size += d * d
		}
		out = max(out, float64(t.Lo)-float64(v), float64(v)-float64(t.Hi))
	}
	if t.Norm == L2 {
		size = math.Sqrt(size)
	}
	return max(0, size-float64(eps), out)
}
