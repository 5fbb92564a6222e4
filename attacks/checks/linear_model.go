package checks

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// linearSide is the side of the linear model's images.
const linearSide = 4

// newLinearModel is a linear classifier of 4x4 images with the logits
// [-z, z, -1, -2] where z = w·x + b, the model of adversarial-library's tests.
// The smallest perturbation that changes the sign of z is known.
func newLinearModel() (v attacks.Victim, weights []float32) {
	const n = linearSide * linearSide
	weights = make([]float32, n)
	columns := make([][]float32, n)
	bias := float32(0)
	for i := range weights {
		weights[i] = float32(1+i%5) / 10
		if i%3 == 0 {
			weights[i] = -weights[i]
		}
		bias -= weights[i] / 2 // grey is on the boundary
		columns[i] = []float32{-weights[i], weights[i], 0, 0}
	}
	v = attacks.Victim{H: linearSide, W: linearSide, C: 1, Classes: 4}
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		z := op.MatMul(s.Op("z"), s.Reshape(images, n), op.Const(s.Op("w"), columns))
		return op.BiasAdd(s.Op("logits"), z, op.Const(s.Op("b"), []float32{-bias, bias, -1, -2}))
	}
	return v, weights
}

// linearModelImages are n images on both sides of grey, all at the same
// distance from the decision boundary, and that distance in a norm. They differ
// in directions in which the logits do not change.
func linearModelImages(weights []float32, n int, norm attacks.Norm) (images attacks.Images, distance float64) {
	const z = .2
	var l1, squares, largest float64
	for _, w := range weights {
		a := math.Abs(float64(w))
		l1, squares, largest = l1+a, squares+a*a, max(largest, a)
	}
	for i := range n {
		side := float32(2*(i%2) - 1)
		row := make([]float32, len(weights))
		for k, w := range weights {
			row[k] = .5 + side*z*w/float32(squares)
		}
		// A change of two pixels that leaves z as it is.
		a, b := i%len(row), (i+5)%len(row)
		row[a] += .05 * weights[b]
		row[b] -= .05 * weights[a]
		images.Pixels = append(images.Pixels, row...)
		images.Labels = append(images.Labels, int32(i%2))
		images.Index = append(images.Index, i)
	}
	return images, map[attacks.Norm]float64{attacks.Linf: z / l1, attacks.L2: z / math.Sqrt(squares), attacks.L1: z / largest}[norm]
}

// openSession builds a graph that attacks v on the CPU, and opens it.
func openSession(v attacks.Victim, t attacks.Threat, list ...attacks.Attack) (engine.Session, error) {
	var g *engine.AttackGraph
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if g, err = engine.NewAttackGraph(b, v, t); err != nil {
			return err
		}
		return g.Declare(list...)
	})
	return engine.Session{Graph: g, Net: net}, err
}
