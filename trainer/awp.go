package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// WeightPerturbation makes a step descend at weights that are moved first to
// where the loss of the adversarial images is higher: adversarial weight
// perturbation (AWP; Wu, Xia and Wang 2020, arXiv 2004.05884, eq. 9 and 10, with
// one step). Each kernel w moves by gamma·|w| along its gradient. Biases and the
// parameters of batch norm stay. A step takes about two training passes.
type WeightPerturbation struct {
	Gamma Positive `key:"awp" help:"size of the adversarial perturbation of each kernel, as a share of its norm (.005 to .01 in the paper); without it there is none"`
	After Delay    `key:"awp_after" help:"up to when weights are not perturbed"`
}

// Delay is a duration that a text may leave out.
type Delay struct{ Duration }

// MarshalText writes the duration as it is read, and nothing for none.
func (d Delay) MarshalText() ([]byte, error) {
	if d.Zero() {
		return nil, nil
	}
	return d.Duration.MarshalText()
}

// completeAWP refuses a delay of what there is not.
func (w *WeightPerturbation) completeAWP() error {
	if w.After.Zero() {
		w.After = Delay{}
	}
	if w.Gamma == 0 && !w.After.Zero() {
		return fmt.Errorf("awp_after: want awp beside it, got none: write it like awp=.01,awp_after=%s", w.After)
	}
	return nil
}

// gammas returns the size of the perturbation at each step of a run.
func (w WeightPerturbation) gammas(batch, perEpoch, total int) func(step int) float32 {
	after := w.After.Steps(batch, perEpoch, total)
	return func(step int) float32 {
		if step < after {
			return 0
		}
		return float32(w.Gamma)
	}
}

// perturbWeights is the value of each kernel moved by gamma·|w|·g/|g|, by path.
func perturbWeights(s *graphs.Scope, gamma tf.Output, weights []*graphs.Variable, gradients []tf.Output) map[string]tf.Output {
	moved := map[string]tf.Output{}
	norm := func(x tf.Output) tf.Output {
		half := op.L2Loss(s.Op("half_square"), x)
		return op.Sqrt(s.Op("norm"), op.AddV2(s.Op("square"), half, half))
	}
	for i, w := range weights {
		if !moves(w) || !s.OK() {
			continue
		}
		length := op.DivNoNan(s.Op("length"), op.Mul(s.Op("size"), gamma, norm(w.Read)), norm(gradients[i]))
		step := op.StopGradient(s.Op("step"), op.Mul(s.Op("direction"), length, gradients[i]))
		moved[w.Path] = op.AddV2(s.Op("moved"), w.Read, step)
	}
	return moved
}

// moves is true for kernels: what has two or more axes.
func moves(v *graphs.Variable) bool { return len(v.Shape) > 1 }
