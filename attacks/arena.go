package attacks

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Arena is the part of the graph in which attacks take place: their inputs,
// one gradient pass per loss, shared by all attacks, and the referee's pass.
type Arena struct {
	Victim Victim
	Threat Threat

	b              *graphs.Builder
	images, origin graphs.Input // [B,H,W,C]: the iterate, the clean images
	labels         graphs.Input // [B]
	eps, alpha     graphs.Input // [B]: radius and step size
	direction      graphs.Input // [B,H,W,C]: where to go, for moves without a gradient
	gradients      map[Loss]move
	along          tf.Output // images + alpha·direction, projected
	classes        tf.Output // int32 [B], the referee's verdict on images
}

// move is one step uphill: its direction [B,H,W,C] and the images after it.
type move struct{ direction, next tf.Output }

// NewArena declares inputs and referee for v in b.
func NewArena(b *graphs.Builder, v Victim, t Threat) (*Arena, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	h, w, c := int64(v.H), int64(v.W), int64(v.C)
	a := &Arena{
		Victim: v, Threat: t, b: b, gradients: map[Loss]move{},
		images: b.Input("attack_images", tf.Float, -1, h, w, c),
		origin: b.Input("attack_origin", tf.Float, -1, h, w, c),
		labels: b.Input("attack_labels", tf.Int32, -1),
		eps:    b.Input("attack_eps", tf.Float, -1),
		alpha:  b.Input("attack_alpha", tf.Float, -1),

		direction: b.Input("attack_direction", tf.Float, -1, h, w, c),
	}
	s := b.Pass("referee", graphs.Inference, v.Pass...)
	logits := v.Logits(s, a.images.Value)
	a.classes = op.ArgMax(s.Op("class"), logits, op.Const(s.Op("axis"), int32(1)), op.ArgMaxOutputType(tf.Int32))
	a.along = a.move(b.Pass("attack/along", graphs.Inference), a.direction.Value)
	return a, b.Err()
}

// declare adds the gradient pass of l, once.
func (a *Arena) declare(l Loss) error {
	if _, ok := a.gradients[l]; ok {
		return nil
	}
	s := a.b.Pass("attack/"+string(l), graphs.Inference, a.Victim.Pass...)
	loss := a.Victim.perImage(s, l, a.images.Value, a.labels.Value)
	// Images do not influence each other in an inference pass, so the gradient
	// of the sum holds each image's own.
	g := graphs.Gradients(s, loss, a.images.Value)
	if !s.OK() {
		return a.b.Err()
	}
	direction := a.Threat.Steepest(s, g[0])
	a.gradients[l] = move{direction, a.move(s, direction)}
	return a.b.Err()
}

// move goes alpha along direction and back into ball and box.
func (a *Arena) move(s *graphs.Scope, direction tf.Output) tf.Output {
	alpha := op.Reshape(s.Op("alpha"), a.alpha.Value, op.Const(s.Op("column"), []int64{-1, 1, 1, 1}))
	moved := op.AddV2(s.Op("step"), a.images.Value, op.Mul(s.Op("scaled"), alpha, direction))
	return a.Threat.Project(s, moved, a.origin.Value, a.eps.Value)
}
