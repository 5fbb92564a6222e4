package engine

import (
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bpda"
)

// AttackGraph is the part of a graph that answers attacks: their inputs, the
// plain forward pass, and one pass for each loss whose gradient is followed.
type AttackGraph struct {
	Victim attacks.Victim
	Threat attacks.Threat

	b           *graphs.Builder
	images      graphs.Input                  // [B,H,W,C]
	labels      graphs.Input                  // int32 [B]
	targets     graphs.Input                  // int32 [B]
	temperature graphs.Input                  // [B]
	cotangent   graphs.Input                  // [B,K]
	references  map[attacks.Loss]graphs.Input // [B,D], of the code losses
	logits      tf.Output                     // [B,K]: the plain forward pass, the model's own
	centred     tf.Output                     // [B,K]: the same without an offset common to all classes
	gradients   map[computation]gradientPass
	replaced    []bpda.Replacement         // see [AttackGraph.Replaced]
	rewritten   bool                       // gradients of the logits need another form of them
	codes       map[attacks.Loss]tf.Output // [B,D]
}

// gradientPass are the outputs of the pass of one loss.
type gradientPass struct{ loss, logits, gradient tf.Output }

// NewAttackGraph declares the inputs and the plain forward pass for v in b.
func NewAttackGraph(b *graphs.Builder, v attacks.Victim, t attacks.Threat) (*AttackGraph, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	h, w, c, k := int64(v.H), int64(v.W), int64(v.C), int64(v.Classes)
	g := &AttackGraph{
		Victim: v, Threat: t, b: b,
		images:      b.Input("attack_images", tf.Float, -1, h, w, c),
		labels:      b.Input("attack_labels", tf.Int32, -1),
		targets:     b.Input("attack_targets", tf.Int32, -1),
		temperature: b.Input("attack_temperature", tf.Float, -1),
		cotangent:   b.Input("attack_cotangent", tf.Float, -1, k),
		references:  map[attacks.Loss]graphs.Input{},
		gradients:   map[computation]gradientPass{},
	}
	s := b.Pass("attack/logits", graphs.Inference, v.Pass...)
	g.logits = v.Logits(s, g.images.Value)
	g.centred = g.centre(s, g.logits)
	g.findReplaced()
	return g, b.Err()
}

// Declare adds the passes that attacks need and that are not there yet.
func (g *AttackGraph) Declare(list ...attacks.Attack) error {
	for _, a := range list {
		for _, l := range a.Losses(g.Victim) {
			if err := g.declareLoss(l, a.Settings().Gradient); err != nil {
				return fmt.Errorf("attack %q: %w", attacks.Text(a), err)
			}
		}
	}
	return nil
}

// declareLoss adds the pass of one gradient of l, once.
func (g *AttackGraph) declareLoss(l attacks.Loss, from attacks.Gradient) error {
	what := g.gradientOf(l, from)
	if _, ok := g.gradients[what]; ok {
		return nil
	}
	s := g.b.Pass("attack/"+strings.ReplaceAll(string(what), ":", "/"), graphs.Inference, g.Victim.Pass...)
	loss, logits := g.followed(what).perImage(s, l)
	if !s.OK() {
		return g.b.Err()
	}
	// Images do not influence each other in an inference pass, so the gradient
	// of the sum holds each image's own.
	gradient := graphs.Gradients(s, loss, g.images.Value)
	if !s.OK() {
		return g.b.Err()
	}
	g.gradients[what] = gradientPass{loss, logits, gradient[0]}
	if l.IsCode() && g.codes == nil && s.OK() {
		_, g.codes = g.Victim.Codes(g.b.Pass("attack/codes", graphs.Inference, g.Victim.Pass...), g.images.Value)
	}
	return g.b.Err()
}

// Has tells whether the plain gradient of l was declared.
func (g *AttackGraph) Has(l attacks.Loss) bool { return g.HasGradient(l, attacks.Plain) }
