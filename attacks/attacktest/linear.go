package attacktest

import (
	"math"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Linear is a classifier with the logits w·x + b, so that the effect of an
// attack on it is known in closed form. Its training loss is the cross-entropy
// plus greyWeight times the squared L2 distance from an image of value grey.
type Linear struct {
	H, W, C, K int         // image size and number of classes
	Weights    [][]float32 // [K][H*W*C]
	Bias       []float32   // [K]
}

const greyWeight, grey = .5, .25

// NewLinear draws weights of standard deviation 1 and biases of .1 from seed.
func NewLinear(seed uint64, h, w, c, k int) Linear {
	r := rand.New(rand.NewPCG(seed, 5))
	l := Linear{H: h, W: w, C: c, K: k, Bias: make([]float32, k)}
	for i := range k {
		row := make([]float32, h*w*c)
		for j := range row {
			row[j] = float32(r.NormFloat64())
		}
		l.Weights = append(l.Weights, row)
		l.Bias[i] = float32(.1 * r.NormFloat64())
	}
	return l
}

// Victim is the classifier in a graph.
func (l Linear) Victim() attacks.Victim {
	px := l.H * l.W * l.C
	logits := func(s *graphs.Scope, images tf.Output) tf.Output {
		columns := make([][]float32, px)
		for i := range columns {
			for k := range l.K {
				columns[i] = append(columns[i], l.Weights[k][i])
			}
		}
		z := op.MatMul(s.Op("logits"), s.Reshape(images, int64(px)), op.Const(s.Op("w"), columns))
		return op.BiasAdd(s.Op("biased"), z, op.Const(s.Op("b"), l.Bias))
	}
	return attacks.Victim{
		H: l.H, W: l.W, C: l.C, Classes: l.K, Logits: logits,
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, z tf.Output) {
			z = logits(s, images)
			ce := graphs.CrossEntropy(s.In("ce"), z, labels)
			d := op.Sub(s.Op("d"), s.Reshape(images, int64(px)), op.Const(s.Op("grey"), float32(grey)))
			distance := op.Sum(s.Op("distance"), op.Square(s.Op("square"), d), op.Const(s.Op("axis"), int32(1)))
			return op.AddV2(s.Op("sum"), ce, graphs.Weighted(s, greyWeight, distance)), z
		},
	}
}

// Logits are those of one image, in float64.
func (l Linear) Logits(x []float32) []float64 {
	z := make([]float64, l.K)
	for k := range z {
		z[k] = float64(l.Bias[k])
		for i, v := range x {
			z[k] += float64(l.Weights[k][i]) * float64(v)
		}
	}
	return z
}

// Loss is the loss of one image, in float64: Margin, ProbabilityMargin, Training,
// or Classification for any other kind.
func (l Linear) Loss(kind attacks.Loss, x []float32, label int32) float64 {
	z := l.Logits(x)
	if kind == attacks.Margin {
		return z[ArgmaxExcept64(z, int(label))] - z[label]
	}
	top, sum := z[Argmax64(z)], 0.
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	if kind == attacks.ProbabilityMargin {
		return (math.Exp(z[ArgmaxExcept64(z, int(label))]-top) - math.Exp(z[label]-top)) / sum
	}
	loss := top + math.Log(sum) - z[label]
	if kind == attacks.Training {
		for _, v := range x {
			loss += greyWeight * (float64(v) - grey) * (float64(v) - grey)
		}
	}
	return loss
}

// Gradient is the gradient of Loss with respect to the image, in float64.
func (l Linear) Gradient(kind attacks.Loss, x []float32, label int32) []float64 {
	z := l.Logits(x)
	byLogit := make([]float64, l.K) // derivative of the loss with respect to each logit
	if kind == attacks.Margin {
		byLogit[ArgmaxExcept64(z, int(label))] = 1
	} else {
		top, sum := z[Argmax64(z)], 0.
		for _, v := range z {
			sum += math.Exp(v - top)
		}
		for k, v := range z {
			byLogit[k] = math.Exp(v-top) / sum
		}
	}
	byLogit[label]--
	if kind == attacks.ProbabilityMargin {
		byLogit = l.probabilityMarginByLogit(z, int(label))
	}
	g := make([]float64, len(x))
	for i := range g {
		for k := range byLogit {
			g[i] += byLogit[k] * float64(l.Weights[k][i])
		}
		if kind == attacks.Training {
			g[i] += 2 * greyWeight * (float64(x[i]) - grey)
		}
	}
	return g
}

// probabilityMarginByLogit are the derivatives of p_a - p_y by logits z, where a is
// the other class with the largest logit: p_a·(δ_ak - p_k) - p_y·(δ_yk - p_k).
func (l Linear) probabilityMarginByLogit(z []float64, y int) []float64 {
	a, sum := ArgmaxExcept64(z, y), 0.
	p, out := make([]float64, l.K), make([]float64, l.K)
	for k, v := range z {
		p[k] = math.Exp(v - z[Argmax64(z)])
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	for k := range out {
		out[k] = (p[y] - p[a]) * p[k]
	}
	out[a] += p[a]
	out[y] -= p[y]
	return out
}

// Argmax64 is the index of the largest value, the first of equal ones.
func Argmax64(z []float64) int {
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	return best
}

// ArgmaxExcept64 is the index of the largest value but z[label].
func ArgmaxExcept64(z []float64, label int) int {
	best := -1
	for k, v := range z {
		if k != label && (best < 0 || v > z[best]) {
			best = k
		}
	}
	return best
}

// Labelled are n images with values in [lo,hi), drawn from seed, with index 100,
// 101, … Their labels are the predicted classes, except for every fourth, whose
// label is the next class.
func (l Linear) Labelled(seed uint64, n int, lo, hi float32) attacks.Images {
	r := rand.New(rand.NewPCG(seed, 6))
	var images attacks.Images
	px := l.H * l.W * l.C
	for i := range n {
		for range px {
			images.Pixels = append(images.Pixels, lo+(hi-lo)*r.Float32())
		}
		class := Argmax64(l.Logits(Row(images.Pixels, i, px)))
		images.Labels = append(images.Labels, int32(shiftFourth(i, class, l.K)))
		images.Index = append(images.Index, 100+i)
	}
	return images
}
