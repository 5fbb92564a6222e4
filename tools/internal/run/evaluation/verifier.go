package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
	"unwarp/tools/internal/run/experiment"
)

// NewVerifier restores the weights of the subject into a net without attacks that
// computes in float32, for the claims of another evaluation. Where attack.certify
// names a method, there is a net with that method too.
func NewVerifier(s *experiment.Subject) (*Evaluator, error) {
	e := &Evaluator{subject: s}
	if err := e.openVerifier(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Evaluator) openVerifier() (err error) {
	c := e.subject.Config.Attack
	if e.threat, err = c.ParseThreat(); err != nil {
		return experiment.NewConfigError(err)
	}
	if err := e.openProver(); err != nil {
		return err
	}
	return e.openWithoutAttacks()
}

// openWithoutAttacks opens the reference model alone.
func (e *Evaluator) openWithoutAttacks() (err error) {
	c := e.subject.Config.Attack
	e.Options.Batch = e.batch()
	none := func(attacks.Victim) ([]attacks.Attack, error) { return nil, nil }
	if e.ReferenceModel, err = e.openSession(e.subject.Model, c.Defence, none); err != nil {
		return err
	}
	e.GradientModel = e.ReferenceModel
	if e.model, err = identifyModel(e.subject.Source, e.subject.Config, e.ReferenceModel.Net.Precision); err != nil {
		return err
	}
	e.Weights = e.model.Weights
	return nil
}

// Model says which function of an image the model is.
func (e *Evaluator) Model() ModelIdentity { return e.model }

// NewRunner computes logits of the model itself, in float32, which decide on
// classes. It holds buffers: make one for many images.
func (e *Evaluator) NewRunner() *engine.BatchRunner {
	return engine.NewBatchRunner(e.ReferenceModel, e.Options.Batch)
}

// Reprove tells of which images the configured method proves that no change within
// their size alters the class; those of size 0 are not asked about. When ctx ends
// it returns what was proven so far, with the error of ctx.
func (e *Evaluator) Reprove(ctx context.Context, set attacks.Images, sizes []float32) ([]bool, error) {
	p, ok := e.prover.(certify.EachProver)
	if !ok {
		return nil, errors.New("want a method that proves balls")
	}
	most := 1
	if b, ok := e.prover.(certify.Batcher); ok {
		most = max(1, b.Batch())
	}
	var asked []int
	for i, radius := range sizes {
		if radius > 0 {
			asked = append(asked, i)
		}
	}
	proven := make([]bool, set.Len())
	size := len(set.Pixels) / max(1, set.Len())
	for places := range slices.Chunk(asked, most) {
		batch := attacks.Images{Index: places}
		var radii []float64
		for _, i := range places {
			batch.Pixels = append(batch.Pixels, set.Pixels[i*size:(i+1)*size]...)
			batch.Labels, radii = append(batch.Labels, set.Labels[i]), append(radii, float64(sizes[i]))
		}
		results, err := p.ProveEach(ctx, batch, radii)
		if err != nil {
			return proven, fmt.Errorf("proofs: %w", err)
		}
		for k, r := range results {
			proven[places[k]] = r.Status == certify.Proven
		}
	}
	return proven, nil
}
