package study

import (
	"context"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// Model is a trained model, as far as the studies use it.
type Model interface {
	// Read reads all images of src, prepared as for evaluation.
	Read(ctx context.Context, src pipelines.Source) (attacks.Images, error)
	// Encode computes the codes of images [N,H,W,C] in [0,1], and the class that
	// the classifier predicts for each.
	Encode(ctx context.Context, images []float32) (trainer.Codes, []int32, error)
	// Synthesise decodes appearance codes [N,Da] with geometric codes [N,Dg].
	Synthesise(ctx context.Context, appearance, geometry []float32) (trainer.Decoded, error)
}

// NewModel returns the model of an experiment whose weights are restored.
func NewModel(x *experiment.Experiment) Model { return restored{x} }

type restored struct{ x *experiment.Experiment }

func (m restored) Read(ctx context.Context, src pipelines.Source) (attacks.Images, error) {
	return m.x.Images(ctx, src, 0)
}

func (m restored) Encode(ctx context.Context, images []float32) (trainer.Codes, []int32, error) {
	return m.x.Graph.Encode(ctx, m.x.Net, images)
}

func (m restored) Synthesise(ctx context.Context, appearance, geometry []float32) (trainer.Decoded, error) {
	return m.x.Graph.Synthesise(ctx, m.x.Net, appearance, geometry)
}
