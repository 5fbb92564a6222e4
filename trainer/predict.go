package trainer

import (
	"context"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Predict computes the class probabilities of every image of src, prepared as for evaluation, in float32:
// [images][classes], each row a softmax of the logits. Labels of src are not looked at.
func (g *TrainGraph) Predict(ctx context.Context, net *graphs.Net, src pipelines.Source) ([][]float32, error) {
	if err := g.CheckSource(src); err != nil {
		return nil, err
	}
	net, done, err := inFloat32(net)
	if err != nil {
		return nil, err
	}
	defer done()
	buffers, err := g.newInputBuffers()
	if err != nil {
		return nil, err
	}
	var all [][]float32
	for b, err := range g.streamForEvaluation(ctx, src) {
		if err != nil {
			return nil, err
		}
		feeds, err := buffers.feedBatch(b, false)
		if err != nil {
			return nil, err
		}
		out, err := net.Run(feeds, []tf.Output{g.Inference.Logits})
		if err != nil {
			return nil, err
		}
		n := g.Model.Classes
		all = slices.AppendSeq(all, slices.Chunk(softmax(graphs.Floats(nil, out[0]), n), n))
	}
	return all, nil
}
