package engine

import (
	"context"

	"unwarp/attacks"
	"unwarp/graphs"
)

// prepareBatch is the number of requests that are computed at once while a
// source model is trained.
const prepareBatch = 128

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
		return s.Graph.declareLoss(attacks.Classification)
	})
	if err != nil {
		return err
	}
	if err := source.Train(ctx, s.Net, r.images, reference.Graph.Threat, NewBatchRunner(reference, prepareBatch), NewBatchRunner(s, prepareBatch)); err != nil {
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
