package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Free uses each batch replays times. One backward pass serves weights and
// perturbation, which goes on from batch to batch (Shafahi et al. 2019,
// algorithm 1). Each replay is a step of the run: an epoch takes replays times
// as many.
type Free struct {
	Eps     float32  `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Alpha   Positive `key:"alpha" help:"size of a step; eps unless given"`
	Replays int      `key:"replays" in:"[1,1000]" default:"8" help:"training steps per batch"`
	Followed
	Common
}

func (*Free) name() string { return "free" }

// Validate fills in alpha.
func (m *Free) Validate() error {
	m.normalise()
	if m.Alpha == 0 {
		m.Alpha = Positive(m.Eps)
	}
	return nil
}

func (m *Free) settings() settings {
	return settings{Common: m.Common, eps: m.Eps, alpha: float32(m.Alpha), replays: m.Replays}
}

func (m *Free) check(c Config) error { return refuseInputGradient(c.Objective, m) }

// inPassAttack is a method whose perturbation is a variable that the training
// pass adds to the images, and that each step moves.
type inPassAttack interface {
	Method
	// perturb declares the perturbation of a batch, and adds it to images [B,H,W,C].
	// seen is the part of it that belongs to images; none where that is all.
	perturb(s *graphs.Scope, images, seen tf.Output, batch []int64) *perturbation
}

// perturbation is the variable of an [inPassAttack].
type perturbation struct {
	delta  *graphs.Variable // [B,H,W,C], goes on from batch to batch and is saved with the weights
	images tf.Output        // the fed images with the perturbation, in the box
	norm   string
	loss   string // that is raised, see [Followed]
}

func (m *Free) perturb(s *graphs.Scope, images, seen tf.Output, batch []int64) *perturbation {
	p := &perturbation{norm: m.Norm, loss: m.Loss}
	p.delta = s.Builder().Declare("adversary/perturbation", graphs.Slot, graphs.Zeros, batch...)
	switch {
	case p.delta == nil:
	case seen.Op == nil:
		p.images = inBox(s, images, p.delta.Read)
	default:
		p.images = inBox(s, images, seen)
	}
	return p
}

// move is the op that moves the perturbation by alpha along gradient, that of
// the raised loss with respect to the images, within the ball of radius eps.
func (p *perturbation) move(s *graphs.Scope, gradient, eps, alpha tf.Output) *tf.Operation {
	moved := op.AddV2(s.Op("climbed"), p.delta.Read, op.Mul(s.Op("climb"), steepest(s, p.norm, gradient), alpha))
	return op.AssignVariableOp(s.Op("perturbation"), p.delta.Handle, inBall(s, p.norm, moved, eps))
}
