package engine

import (
	"context"
	"fmt"

	"unwarp/attacks"
	"unwarp/graphs"
)

// prepareBatch is the number of requests that are computed at once while a
// source model is trained.
const prepareBatch = 128

// prepareOnce prepares attack a where it needs that, before it sees its first
// image.
func (r *scheduler) prepareOnce(ctx context.Context, a int) error {
	p, ok := r.o.Attacks[a].(attacks.Preparer)
	if _, done := r.prepared[a]; !ok || done {
		return nil
	}
	if err := r.prepare(ctx, a, p); err != nil {
		return fmt.Errorf("attack %q: %w", attacks.Text(r.o.Attacks[a]), err)
	}
	return nil
}

// countedRunner is the attacked model while a source model is trained: its
// passes count against the budget.
type countedRunner struct {
	*BatchRunner
	budget *budget
}

// Logits implements [attacks.Runner].
func (c countedRunner) Logits(images ...[]float32) ([][]float32, error) {
	if err := c.count(plainLogits, len(images)); err != nil {
		return nil, err
	}
	return c.BatchRunner.Logits(images...)
}

// LossGradients implements [attacks.Runner].
func (c countedRunner) LossGradients(l attacks.Loss, requests ...attacks.Request) ([]attacks.LossGradient, error) {
	if err := c.count(computation(l), len(requests)); err != nil {
		return nil, err
	}
	return c.BatchRunner.LossGradients(l, requests...)
}

func (c countedRunner) count(what computation, n int) error {
	if !c.budget.allows(what) || c.budget.affordable(what, n) < n {
		return errBudget
	}
	c.budget.spend(priceOf(what, n))
	c.budget.training += priceOf(what, n)
	return nil
}

// prepare trains the model of an attack that makes its own; it becomes the
// source of that attack's gradients.
func (r *scheduler) prepare(ctx context.Context, attack int, p attacks.Preparer) error {
	reference := r.sessions[referenceSession]
	source := p.NewSource(reference.Graph.Victim)
	var s Session
	var err error
	s.Net, err = graphs.Build(source.Options(), func(b *graphs.Builder) error {
		v := source.Declare(b)
		if err := b.Err(); err != nil {
			return err
		}
		if s.Graph, err = NewAttackGraph(b, v, reference.Graph.Threat); err != nil {
			return err
		}
		return s.Graph.declareLoss(attacks.Classification, attacks.Plain)
	})
	if err != nil {
		return err
	}
	if err := source.Train(ctx, s.Net, r.images, reference.Graph.Threat, countedRunner{NewBatchRunner(reference, prepareBatch), &r.budget}, NewBatchRunner(s, prepareBatch)); err != nil {
		s.Net.Close()
		return err
	}
	r.prepared[attack] = len(r.runners)
	r.runners = append(r.runners, NewBatchRunner(s, r.o.Batch))
	return nil
}

// closePrepared closes the nets that attacks have prepared.
func (r *scheduler) closePrepared() {
	for _, session := range r.prepared {
		r.runners[session].Net.Close()
	}
}
