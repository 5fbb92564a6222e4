package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// inputGradient is the penalty of Ross and Doshi-Velez 2017 ("Improving the
// adversarial robustness and interpretability of deep neural networks by
// regularizing their input gradients"): the mean over the images of the sum over
// pixels and channels of
//
//	(∂/∂x Σ_n H_n)²
//
// where H_n is the cross-entropy of image n, in nats, as it is trained: [B],
// [B,H,W,C] -> scalar. Without batch norm H_n depends on image n alone. The
// paper adds up both the cross-entropy and the penalty over the images; here both
// are averaged, so that its λ is the same number. Pixels are in [0,1], before any
// normalisation: the penalty of a model that saw them in other units by a factor
// of c is c² times this.
//
// The pass must be twice differentiable, see [graphs.TwiceDifferentiable].
func inputGradient(s *graphs.Scope, entropies, images tf.Output) tf.Output {
	g := graphs.Gradients(s, entropies, images)[0]
	if !s.OK() {
		return tf.Output{}
	}
	// L2Loss is half the sum of all squares. A bfloat16 session computes it in
	// float32, but Square and Sum in bfloat16.
	squares := op.Mul(s.Op("squares"), op.L2Loss(s.Op("half"), g), op.Const(s.Op("two"), float32(2)))
	return op.Div(s.Op("mean"), squares, op.Cast(s.Op("images"), op.Size(s.Op("count"), entropies), tf.Float))
}
