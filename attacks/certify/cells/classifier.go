package cells

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// classifier is a forward pass, for threats of finitely many transforms: they need no
// bounds, so that models whose operators have none can be judged.
type classifier struct {
	images graphs.Input
	logits tf.Output // [B,classes]
	fed    graphs.FedBuffers
}

// newClassifier adds the pass to b.
func newClassifier(b *graphs.Builder, v attacks.Victim) (*classifier, error) {
	c := &classifier{images: b.Input("moves_images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))}
	c.logits = v.Logits(b.Pass("moves", graphs.Inference, v.Pass...), c.images.Value)
	return c, b.Err()
}

// Misclassified tells which images do not have strictly the largest logit at their label.
func (c *classifier) Misclassified(net *graphs.Net, images []float32, labels []int32) ([]bool, error) {
	memory, err := c.fed.Of(c.images, len(labels))
	if err != nil {
		return nil, err
	}
	copy(memory.Float32(), images)
	out, err := net.Run(graphs.Feeds{c.images.Feed: memory.Tensor}, []tf.Output{c.logits})
	if err != nil {
		return nil, err
	}
	return bounds.MisclassifiedBy(graphs.Floats(nil, out[0]), labels), nil
}
