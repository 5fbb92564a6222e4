package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Teacher is a trained model whose class probabilities a student learns in place
// of labels: distillation (Hinton, Vinyals and Dean 2015), with the same
// architecture for both as a defence (Papernot et al. 2016, "Distillation as a
// defense to adversarial perturbations against deep neural networks"). At
// temperature T the student's loss is the cross-entropy from
// softmax(teacher's logits / T) to softmax(its own logits / T), for each image as
// augmented. In their defence the teacher was trained at T as well.
//
// The target of an adversarial image is the teacher's output for its clean
// version. The teacher computes in float32, as evaluation does, and never
// changes.
type Teacher struct {
	graph   *TrainGraph
	net     *graphs.Net
	buffers *inputBuffers
}

// NewTeacher takes a graph declared for inference and a net with the trained
// weights, which must stay open as long as the teacher is used.
func NewTeacher(g *TrainGraph, net *graphs.Net) (*Teacher, error) {
	if net.Precision != graphs.Float32 {
		return nil, fmt.Errorf("trainer: teacher: want a net that computes in float32, got %s", net.Precision)
	}
	buffers, err := g.newInputBuffers()
	if err != nil {
		return nil, err
	}
	return &Teacher{graph: g, net: net, buffers: buffers}, nil
}

// logits appends those of n images, row-major [n,H,W,C], to dst.
func (t *Teacher) logits(dst, images []float32, n int) ([]float32, error) {
	feeds, err := t.buffers.feedBatch(pipelines.Batch{N: n, Images: images, Labels: make([]int32, n)}, false)
	if err != nil {
		return nil, err
	}
	out, err := t.net.Run(feeds, []tf.Output{t.graph.Inference.Logits})
	if err != nil {
		return nil, fmt.Errorf("trainer: teacher: %w", err)
	}
	return append(dst, graphs.Floats(nil, out[0])...), nil
}

// batchLogits returns the logits of a batch's images, and then of their
// deformed views.
func (t *Teacher) batchLogits(b pipelines.Batch) ([]float32, error) {
	z, err := t.logits(nil, b.Images, b.N)
	if err != nil || b.DeformedViews == nil {
		return z, err
	}
	return t.logits(z, b.DeformedViews, b.N)
}

// Identity is a hash of the teacher's architecture and weights: a run that was
// begun with one teacher must not be resumed with another.
func (t *Teacher) Identity() (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s", t.graph.Model.Config.Identity(), t.net.Vars.Manifest())
	for _, v := range t.net.Vars.All() {
		out, err := t.net.Run(nil, []tf.Output{v.Read})
		if err != nil {
			return "", fmt.Errorf("trainer: teacher: %w", err)
		}
		if _, err := out[0].WriteContentsTo(sum); err != nil {
			return "", fmt.Errorf("trainer: teacher: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// CheckTeacher refuses a teacher that the configuration does not ask for or that
// does not fit, and a missing one.
func (g *TrainGraph) CheckTeacher(t *Teacher) error {
	switch {
	case g.Config.Teacher == "" && t == nil:
		return nil
	case t == nil:
		return errors.New("trainer: train.teacher: want a teacher among the inputs of the run, got none: open the run that the key names")
	case g.Config.Teacher == "":
		return errors.New("trainer: train.teacher: want the run that the teacher comes from, got a teacher and no key: set it")
	case t.graph.Shape != g.Shape:
		return fmt.Errorf("train.teacher: want a model of images of %v, as this run's, got one of %v: train a teacher on this data and augmentation", g.Shape, t.graph.Shape)
	case t.graph.Model.Classes != g.Model.Classes:
		return fmt.Errorf("train.teacher: want a model of %d classes, as this run's data have, got one of %d: train a teacher on this data", g.Model.Classes, t.graph.Model.Classes)
	}
	return nil
}
