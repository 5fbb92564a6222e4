package imported

import (
	"context"
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Affine is what becomes of a pixel v in [0,1] before the network: Scale·v + Shift,
// with a number for each channel.
type Affine struct{ Scale, Shift []float32 }

// Measured is what a network makes of labelled images.
type Measured struct {
	Images int
	// Correct is the number of images classified correctly, for each preparation.
	Correct []int
	// Loss is the mean cross-entropy, for each preparation.
	Loss []float64
	// Probabilities tells that all scores were in [0,1], with a sum of 1 for each image
	// where there are several, and that the file does not say what they are.
	Probabilities bool
	// Wants is the range of pixels that the first operations of the network bring near
	// 0 or to [0,1], "" where there are none.
	Wants graphs.Range
}

// Measure classifies images [H,W,C], pixels in [0,1], under each of some preparations. It ends
// between two batches when ctx does.
func Measure(ctx context.Context, n Network, o graphs.Options, shape [3]int64, pixels []float32, labels []int32, all []Affine) (Measured, error) {
	m := measurer{network: n, size: int(shape[0] * shape[1] * shape[2])}
	found := Measured{Images: len(labels), Correct: make([]int, len(all)), Loss: make([]float64, len(all)), Probabilities: n.Signature().End == Linear}
	if err := m.build(o, shape); err != nil {
		return found, err
	}
	defer m.net.Close()
	found.Wants = m.rangeWanted()
	const batch = 32
	for from := 0; from < len(labels); from += batch {
		to := min(from+batch, len(labels))
		for i, a := range all {
			if err := ctx.Err(); err != nil {
				return found, err
			}
			scores, err := m.run(pixels[from*m.size:to*m.size], a)
			if err != nil {
				return found, err
			}
			found.Correct[i] += countCorrect(scores, labels[from:to], n.Signature().End)
			probabilities := n.Signature().End == Linear && areProbabilities(scores, to-from)
			found.Probabilities = found.Probabilities && probabilities
			found.Loss[i] += sumLoss(scores, labels[from:to], probabilities, n.Signature().End) / float64(len(labels))
		}
	}
	return found, nil
}

// CountScores is the number of scores of a network for images of a size.
func CountScores(n Network, o graphs.Options, shape [3]int64) (int, error) {
	m := measurer{network: n}
	if err := m.build(o, shape); err != nil {
		return 0, err
	}
	defer m.net.Close()
	return m.classes, nil
}

// measurer is a network whose images are scaled by what is fed.
type measurer struct {
	network      Network
	net          *graphs.Net
	images       graphs.Input
	scale, shift graphs.Input
	prepared     tf.Output
	scores       tf.Output
	classes      int // number of scores
	size         int // values of an image
}

func (m *measurer) build(o graphs.Options, shape [3]int64) (err error) {
	m.net, err = graphs.Build(o, func(b *graphs.Builder) error {
		m.images = b.Input("measured_images", tf.Float, -1, shape[0], shape[1], shape[2])
		m.scale, m.shift = b.Input("scale", tf.Float, shape[2]), b.Input("shift", tf.Float, shape[2])
		s := b.Pass("measured", graphs.Inference)
		m.prepared = op.Add(s.Op("shifted"), op.Mul(s.Op("scaled"), m.images.Value, m.scale.Value), m.shift.Value)
		m.scores = m.network.Declare(s.In(below), m.prepared, Scores)[0]
		d, ok := s.Dims(m.scores, 2, "scores [B,K] at the end of the network: name another output with --scores (scores= in model.encoder)")
		if !ok {
			return b.Err()
		}
		if m.classes = int(d[1]); d[1] < 1 {
			s.Errorf("want a known number of scores, got %v", m.scores.Shape())
		}
		return b.Err()
	})
	if err != nil {
		return err
	}
	if err = Restore(m.network, m.net, below); err != nil {
		m.net.Close()
	}
	return err
}

func (m *measurer) run(pixels []float32, a Affine) ([]float32, error) {
	feeds := graphs.Feeds{}
	shape := append([]int64{int64(len(pixels) / m.size)}, m.images.Shape[1:]...)
	for _, f := range []struct {
		to     graphs.Input
		shape  []int64
		values []float32
	}{{m.images, shape, pixels}, {m.scale, m.scale.Shape, a.Scale}, {m.shift, m.shift.Shape, a.Shift}} {
		b, err := graphs.NewBuffer(tf.Float, f.shape...)
		if err != nil {
			return nil, err
		}
		copy(b.Float32(), f.values)
		feeds[f.to.Feed] = b.Tensor
	}
	out, err := m.net.Run(feeds, []tf.Output{m.scores})
	if err != nil {
		return nil, fmt.Errorf("the network does not run: %w", err)
	}
	scores := graphs.Floats(nil, out[0])
	if want := int(shape[0]) * m.classes; len(scores) != want {
		return nil, fmt.Errorf("want %d scores of %d images, got %d: the network does not take a batch", want, shape[0], len(scores))
	}
	return scores, nil
}

// countCorrect counts the labels whose score is strictly the largest; of one score it is the
// sign, or with a probability whether it is above one half, and of a number whether it is the label's.
func countCorrect(scores []float32, labels []int32, end End) int {
	k, n := len(scores)/len(labels), 0
	for i, label := range labels {
		row := scores[i*k : (i+1)*k]
		if k == 1 {
			if isRight(row[0], label, end) {
				n++
			}
			continue
		}
		right := int(label) < k
		for c, v := range row {
			right = right && (c == int(label) || row[label] > v)
		}
		if right {
			n++
		}
	}
	return n
}

// isRight tells whether one score stands for the label.
func isRight(score float32, label int32, end End) bool {
	switch end {
	case Number:
		return score == float32(label)
	case Sigmoid:
		return (score > 0) == (label == 1)
	}
	return (score > .5) == (label == 1)
}

// sumLoss is the sum of the cross-entropies of rows of logits, or of probabilities; of numbers
// of classes it is how many are wrong.
func sumLoss(scores []float32, labels []int32, probabilities bool, end End) (sum float64) {
	if end == Number {
		return float64(len(labels) - countCorrect(scores, labels, end))
	}
	k := len(scores) / len(labels)
	for i, label := range labels {
		row := scores[i*k : (i+1)*k]
		switch {
		case int(label) >= max(k, 2):
		case k == 1 && probabilities:
			sum += -math.Log(max(math.Abs(float64(1-label)-float64(row[0])), 1e-12))
		case k == 1:
			sum += math.Log1p(math.Exp(float64(1-2*label) * float64(row[0])))
		case probabilities:
			sum += -math.Log(max(float64(row[label]), 1e-12))
		default:
			top, total := float64(slices.Max(row)), 0.
			for _, v := range row {
				total += math.Exp(float64(v) - top)
			}
			sum += math.Log(total) + top - float64(row[label])
		}
	}
	return sum
}

// areProbabilities tells whether n rows of scores could be probabilities.
func areProbabilities(scores []float32, n int) bool {
	const rounding = 1e-3
	k := len(scores) / n
	for i := range n {
		sum := 0.
		for _, v := range scores[i*k : (i+1)*k] {
			if !(v >= -rounding && v <= 1+rounding) {
				return false
			}
			sum += float64(v)
		}
		if k > 1 && math.Abs(sum-1) > rounding {
			return false
		}
	}
	return true
}
