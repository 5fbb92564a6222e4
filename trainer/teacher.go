package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Teacher is a trained model whose class probabilities another learns in place
// of labels: distillation (Hinton, Vinyals and Dean 2015), with the same
// architecture for both as a defence (Papernot et al. 2016, "Distillation as a
// defense to adversarial perturbations against deep neural networks"). At
// temperature T the student's loss is the cross-entropy from
// softmax(teacher's logits / T) to softmax(its own logits / T), for each image as
// augmented. In their defence the teacher was trained at T as well.
//
// Adversarial images are taught what the teacher says of their clean versions.
// The teacher computes in float32, as evaluation does, and never changes.
type Teacher struct {
	plan *Plan
	net  *graphs.Net
	feed *feeder
}

// NewTeacher takes a plan of inference and a net with the trained weights, which
// must stay open as long as the teacher teaches.
func NewTeacher(p *Plan, net *graphs.Net) (*Teacher, error) {
	if net.Precision != graphs.Float32 {
		return nil, fmt.Errorf("trainer: teacher: want a net that computes in float32, got %s", net.Precision)
	}
	f, err := p.newFeeder()
	if err != nil {
		return nil, err
	}
	return &Teacher{plan: p, net: net, feed: f}, nil
}

// logits appends those of n images, row-major [n,H,W,C], to dst.
func (t *Teacher) logits(dst, images []float32, n int) ([]float32, error) {
	feeds, err := t.feed.batch(pipelines.Batch{N: n, Images: images, Labels: make([]int32, n)}, false)
	if err != nil {
		return nil, err
	}
	out, err := t.net.Run(feeds, []tf.Output{t.plan.Eval.Logits})
	if err != nil {
		return nil, fmt.Errorf("trainer: teacher: %w", err)
	}
	return append(dst, graphs.Floats(nil, out[0])...), nil
}

// teach returns the logits of a batch's images, and then of its twins.
func (t *Teacher) teach(b pipelines.Batch) ([]float32, error) {
	z, err := t.logits(nil, b.Images, b.N)
	if err != nil || b.Twins == nil {
		return z, err
	}
	return t.logits(z, b.Twins, b.N)
}

// Identity is a hash of all that the teacher computes with: a run that has begun
// with one teacher must not go on with another.
func (t *Teacher) Identity() (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%+v\n%s", t.plan.Model.Config, t.net.Vars.Manifest())
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

// Admit refuses a teacher that a plan has no use for, or lacks.
func (p *Plan) Admit(t *Teacher) error {
	switch {
	case p.Config.Teacher == "" && t == nil:
		return nil
	case t == nil:
		return errors.New("trainer: train.teacher: want a teacher among the inputs of the run, got none: open the run that the key names")
	case p.Config.Teacher == "":
		return errors.New("trainer: train.teacher: want the run that the teacher comes from, got a teacher and no key: set it")
	case t.plan.Shape != p.Shape:
		return fmt.Errorf("train.teacher: want a model of images of %v, as this run's, got one of %v: train a teacher on this data and augmentation", p.Shape, t.plan.Shape)
	case t.plan.Model.Classes != p.Model.Classes:
		return fmt.Errorf("train.teacher: want a model of %d classes, as this run's data have, got one of %d: train a teacher on this data", p.Model.Classes, t.plan.Model.Classes)
	}
	return nil
}

// classification is the cross-entropy of each image, at the temperature, with its
// label or with what the teacher says: logits [B,K] -> [B], in nats. Its gradient
// with respect to the logits is (softmax(logits/T) - target)/T.
func (o Objective) classification(s *graphs.Scope, logits tf.Output, l lesson) tf.Output {
	if _, ok := s.Dims(logits, 2, "logits [batch, classes]"); !ok {
		return tf.Output{}
	}
	cool := func(name string, z tf.Output) tf.Output {
		if o.Temperature == 1 {
			return z
		}
		return op.Div(s.Op(name), z, op.Const(s.Op("temperature"), o.Temperature))
	}
	logits = cool("cooled", logits)
	if l.teacher.Op == nil {
		return graphs.CrossEntropy(s, logits, l.labels)
	}
	target := op.Softmax(s.Op("taught"), cool("teacher", l.teacher))
	loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("distilled"), logits, target)
	return loss
}
