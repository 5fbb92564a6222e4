package engine

import (
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bpda"
)

const straightPrefix = "straight-through:"

// Replaced are the operations between image and logits that have no gradient,
// with what stands in for it in straight-through passes. Where there are none,
// both gradients are the same.
func (g *AttackGraph) Replaced() []bpda.Replacement { return g.replaced }

// findReplaced looks for such operations. A model that gradients do not enter, for
// its functions or loops, has none; only its gradients are refused.
func (g *AttackGraph) findReplaced() {
	if g.b.Err() != nil || bpda.CheckPath(g.logits, g.images.Value) != nil {
		g.rewritten = true
		return
	}
	s := g.b.Pass("attack/straight-through/logits", graphs.Inference, g.Victim.Pass...)
	_, found := bpda.StraightThrough(s, g.logits, g.images.Value)
	g.replaced, g.rewritten = bpda.Approximated(found), len(found) > 0
	g.Victim.StraightThroughDiffers = len(g.replaced) > 0
}

// gradientOf is the computation of a loss with a gradient.
func (g *AttackGraph) gradientOf(l attacks.Loss, from attacks.Gradient) computation {
	if from == attacks.StraightThrough && len(g.replaced) > 0 {
		return straightPrefix + computation(l)
	}
	return computation(l)
}

// HasGradient tells whether a gradient of l was declared.
func (g *AttackGraph) HasGradient(l attacks.Loss, from attacks.Gradient) bool {
	_, ok := g.gradients[g.gradientOf(l, from)]
	return ok
}

// lossOf is the loss of a gradient's computation.
func lossOf(what computation) attacks.Loss {
	return attacks.Loss(strings.TrimPrefix(string(what), straightPrefix))
}

// followed is g with a victim whose gradient what needs: of centred logits, one
// that TensorFlow can compute, straight through operations without a gradient
// where what says so. The offset is found in the graph of the model itself, so
// logits are centred before they get another form.
func (g *AttackGraph) followed(what computation) *AttackGraph {
	form := bpda.Differentiable
	if strings.HasPrefix(string(what), straightPrefix) {
		form = func(s *graphs.Scope, y, x tf.Output) tf.Output {
			out, _ := bpda.StraightThrough(s, y, x)
			return out
		}
	}
	out, centred := *g, g.centredVictim()
	out.Victim = withForm(centred, form)
	if !g.rewritten {
		out.Victim.Logits = centred.Logits // as it is, its gradient can be computed
	}
	return &out
}

// withForm is v with another form of what gradients are taken of.
func withForm(v attacks.Victim, form func(s *graphs.Scope, y, x tf.Output) tf.Output) attacks.Victim {
	plain := v
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		return form(s.In("gradient_form"), plain.Logits(s, images), images)
	}
	if plain.TrainingLoss != nil {
		v.TrainingLoss = func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output) {
			loss, logits = plain.TrainingLoss(s, images, labels)
			return form(s.In("gradient_form"), loss, images), logits
		}
	}
	if plain.Codes != nil {
		v.Codes = func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
			logits, codes = plain.Codes(s, images)
			for _, name := range plain.CodeNames {
				codes[name] = form(s.In("gradient_form_"+string(name)), codes[name], images)
			}
			return logits, codes
		}
	}
	return v
}
