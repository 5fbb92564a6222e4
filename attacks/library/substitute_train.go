package library

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/attacks/vector"
	"unwarp/graphs"
)

// Train implements [attacks.SourceModel].
func (s *substituteNet) Train(ctx context.Context, net *graphs.Net, attacked attacks.Images, t attacks.Threat, victim, source attacks.Runner) error {
	size := s.victim.Size()
	n := min(s.a.Holdout, attacked.Len())
	if n < 2 {
		return fmt.Errorf("want at least 2 images to begin with, got %d", n)
	}
	var images [][]float32
	for i := range n {
		images = append(images, attacked.Pixels[i*size:(i+1)*size])
	}
	labels, err := predictedClasses(victim, images)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(s.a.Seed, 4))
	for round := 0; ; round++ {
		if err := s.trainRound(ctx, net, images, labels, r); err != nil {
			return err
		}
		if round == s.a.Rounds {
			return nil
		}
		augmented, err := s.augment(source, t, images, labels)
		if err != nil {
			return err
		}
		more, err := predictedClasses(victim, augmented)
		if err != nil {
			return err
		}
		images, labels = append(images, augmented...), append(labels, more...)
	}
}

// predictedClasses are the classes that a model predicts.
func predictedClasses(model attacks.Runner, images [][]float32) ([]int, error) {
	logits, err := model.Logits(images...)
	classes := make([]int, len(logits))
	for i, z := range logits {
		classes[i] = vector.Argmax(z)
	}
	return classes, err
}

// trainRound trains for the epochs of one round, on batches in random order. What
// does not fill a batch is left out.
func (s *substituteNet) trainRound(ctx context.Context, net *graphs.Net, images [][]float32, labels []int, r *rand.Rand) error {
	size := min(s.a.Batch, len(images))
	v := s.victim
	x, err := graphs.NewBuffer(tf.Float, int64(size), int64(v.H), int64(v.W), int64(v.C))
	if err != nil {
		return err
	}
	y, err := graphs.NewBuffer(tf.Int32, int64(size))
	if err != nil {
		return err
	}
	for range s.a.Epochs {
		order := r.Perm(len(images))
		for from := 0; from+size <= len(order); from += size {
			if err := ctx.Err(); err != nil {
				return err
			}
			for k, i := range order[from : from+size] {
				copy(x.Float32()[k*v.Size():(k+1)*v.Size()], images[i])
				y.Int32()[k] = int32(labels[i])
			}
			if _, err := net.Run(graphs.Feeds{s.images.Feed: x.Tensor, s.labels.Feed: y.Tensor}, nil, s.trainStep); err != nil {
				return err
			}
		}
	}
	return nil
}

// augment makes a new image of each: x + Lambda·sign of the gradient of the
// log-probability of its label, clipped to the box. Eq. 4 of Papernot et al. 2017
// has the gradient of the softmax output; the signs are the same.
func (s *substituteNet) augment(source attacks.Runner, t attacks.Threat, images [][]float32, labels []int) ([][]float32, error) {
	requests := make([]attacks.Request, len(images))
	for i, x := range images {
		requests[i] = attacks.Request{Image: x, Label: labels[i]}
	}
	gradients, err := source.LossGradients(attacks.Classification, requests...)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(images))
	for i, x := range images {
		out[i] = slices.Clone(x)
		for k, v := range gradients[i].Gradient {
			out[i][k] -= s.a.Lambda * vector.Sign(v) // the loss falls where the probability grows
		}
		t.Clip(out[i])
	}
	return out, nil
}
