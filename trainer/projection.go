package trainer

import (
	"math"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// steepest is the direction of unit norm in which a loss with gradient g
// [B,H,W,C] grows fastest: its sign, or g/|g|; zero where g is.
func steepest(s *graphs.Scope, norm string, g tf.Output) tf.Output {
	if norm == linf {
		return op.Sign(s.Op("sign"), g)
	}
	// Gradients of 1e-20 are common where a classifier is sure; their squares
	// are 0 in float32. The largest element becomes 1 first.
	top := op.Max(s.Op("top"), op.Abs(s.Op("abs"), g), imageAxes(s), op.MaxKeepDims(true))
	g = op.DivNoNan(s.Op("scaled"), g, top)
	return op.DivNoNan(s.Op("unit"), g, imageNorm(s, g))
}

// inBall shortens each image of d [B,H,W,C] to at most eps in the norm.
func inBall(s *graphs.Scope, norm string, d, eps tf.Output) tf.Output {
	if norm == linf {
		return op.Maximum(s.Op("above"), op.Minimum(s.Op("below"), d, eps), op.Neg(s.Op("minus"), eps))
	}
	// eps/max(|d|, eps) is 1 inside the ball.
	return op.Mul(s.Op("shortened"), d, op.Div(s.Op("factor"), eps, op.Maximum(s.Op("longest"), imageNorm(s, d), eps)))
}

// inBox is origin + d with values in [0,1]. A pixel that augmentation has
// brought outside may stay where it is: the box reaches to it.
func inBox(s *graphs.Scope, origin, d tf.Output) tf.Output {
	zero, one := op.Const(s.Op("zero"), float32(0)), op.Const(s.Op("one"), float32(1))
	x := op.AddV2(s.Op("perturbed"), origin, d)
	x = op.Minimum(s.Op("under"), x, op.Maximum(s.Op("top"), origin, one))
	return op.Maximum(s.Op("over"), x, op.Minimum(s.Op("bottom"), origin, zero))
}

// imageNorm is the L2 norm of each image, [B,1,1,1].
func imageNorm(s *graphs.Scope, x tf.Output) tf.Output {
	return op.Sqrt(s.Op("length"), op.Sum(s.Op("sum"), op.Square(s.Op("square"), x), imageAxes(s), op.SumKeepDims(true)))
}

func imageAxes(s *graphs.Scope) tf.Output { return op.Const(s.Op("axes"), []int32{1, 2, 3}) }

// uniformStart moves x, an image, to a point drawn uniformly from the ball of
// radius eps round it.
func uniformStart(x []float32, norm string, eps float32, r *rand.Rand) {
	if norm == l2 {
		uniformBall(x, eps, r)
		return
	}
	for i := range x {
		x[i] += eps * (2*r.Float32() - 1)
	}
}

// uniformBall adds a vector drawn uniformly from the L2 ball of radius eps: a
// normal direction, and a length whose power len(x) is uniform.
func uniformBall(x []float32, eps float32, r *rand.Rand) {
	d, squares := make([]float64, len(x)), 0.
	for i := range d {
		d[i] = r.NormFloat64()
		squares += d[i] * d[i]
	}
	scale := float64(eps) * math.Pow(r.Float64(), 1/float64(len(x))) / math.Sqrt(squares)
	for i, v := range d {
		x[i] += float32(scale * v)
	}
}

// clampToBox brings x into [0,1]. Where image is outside, the box reaches to it.
func clampToBox(x, image []float32) {
	for i, v := range image {
		x[i] = min(max(x[i], min(v, 0)), max(v, 1))
	}
}
