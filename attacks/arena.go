package attacks

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Arena is the part of a graph in which attacks take place: their inputs and
// one pass for each thing that can be asked of the victim.
type Arena struct {
	Victim Victim
	Threat Threat

	b           *graphs.Builder
	images      graphs.Input          // [B,H,W,C]
	labels      graphs.Input          // int32 [B]
	targets     graphs.Input          // int32 [B]
	temperature graphs.Input          // [B]
	cotangent   graphs.Input          // [B,K]
	references  map[Loss]graphs.Input // [B,D], of the code losses
	logits      tf.Output             // [B,K]: the plain forward pass
	slopes      map[Loss]slopePass
	codes       map[Loss]tf.Output // [B,D]
}

// slopePass are the ends of one gradient pass.
type slopePass struct{ loss, logits, gradient tf.Output }

// NewArena declares the inputs and the plain forward pass for v in b.
func NewArena(b *graphs.Builder, v Victim, t Threat) (*Arena, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	h, w, c, k := int64(v.H), int64(v.W), int64(v.C), int64(v.Classes)
	a := &Arena{
		Victim: v, Threat: t, b: b,
		images:      b.Input("attack_images", tf.Float, -1, h, w, c),
		labels:      b.Input("attack_labels", tf.Int32, -1),
		targets:     b.Input("attack_targets", tf.Int32, -1),
		temperature: b.Input("attack_temperature", tf.Float, -1),
		cotangent:   b.Input("attack_cotangent", tf.Float, -1, k),
		references:  map[Loss]graphs.Input{},
		slopes:      map[Loss]slopePass{},
	}
	a.logits = v.Logits(b.Pass("attack/logits", graphs.Inference, v.Pass...), a.images.Value)
	return a, b.Err()
}

// Declare adds what the attacks need and is not there yet.
func (a *Arena) Declare(attacks ...Attack) error {
	for _, k := range attacks {
		for _, l := range k.Needs(a.Victim) {
			if err := a.declare(l); err != nil {
				return fmt.Errorf("attack %q: %w", Text(k), err)
			}
		}
	}
	return nil
}

// declare adds the gradient pass of l, once.
func (a *Arena) declare(l Loss) error {
	if _, ok := a.slopes[l]; ok {
		return nil
	}
	s := a.b.Pass("attack/"+string(l), graphs.Inference, a.Victim.Pass...)
	loss, logits := a.perImage(s, l)
	if !s.OK() {
		return a.b.Err()
	}
	// Images do not influence each other in an inference pass, so the gradient
	// of the sum holds each image's own.
	g := graphs.Gradients(s, loss, a.images.Value)
	if !s.OK() {
		return a.b.Err()
	}
	a.slopes[l] = slopePass{loss, logits, g[0]}
	if l.IsCode() && a.codes == nil && s.OK() {
		_, a.codes = a.Victim.Codes(a.b.Pass("attack/codes", graphs.Inference, a.Victim.Pass...), a.images.Value)
	}
	return a.b.Err()
}

// Has tells whether the gradient of l was declared.
func (a *Arena) Has(l Loss) bool { _, ok := a.slopes[l]; return ok }
