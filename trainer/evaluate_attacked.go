package trainer

import (
	"context"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Attacked is the result of a model under the attack of train.attacked.
type Attacked struct {
	Attack   string  `json:"attack"` // as in a configuration
	Images   int     `json:"images"`
	Accuracy float64 `json:"accuracy"` // share of images classified correctly both as they are and attacked, in [0,1]; ties are errors
}

// EvaluateAttacked attacks the first images of src as train.attacked says, and
// counts; nil where it says off. The attack computes in the precision of net,
// the count in float32.
func (g *TrainGraph) EvaluateAttacked(ctx context.Context, net *graphs.Net, src pipelines.Source, seed uint64) (*Attacked, error) {
	v := g.validationAttack
	if !v.On() {
		return nil, nil
	}
	src, err := g.firstImages(src, v.Images)
	if err != nil {
		return nil, err
	}
	exact, done, err := inFloat32(net)
	if err != nil {
		return nil, err
	}
	defer done()
	a, err := g.newAttacker(net, v.pgd(), g.validationStep, pipelines.Seed(seed).Split("attacked"))
	if err != nil {
		return nil, err
	}
	out := &Attacked{Attack: v.String()}
	correct := 0
	for b, err := range g.streamForEvaluation(ctx, src) {
		if err != nil {
			return nil, err
		}
		n, err := a.countCorrect(exact, b, v.Eps, float32(v.Alpha))
		if err != nil {
			return nil, err
		}
		correct += n
		out.Images += b.N
	}
	out.Accuracy = float64(correct) / float64(out.Images)
	return out, nil
}

// countCorrect counts the images of b that are classified correctly both as
// they are and attacked: an attack may happen to correct an image. exact
// classifies.
func (a *attacker) countCorrect(exact *graphs.Net, b pipelines.Batch, eps, alpha float32) (int, error) {
	ok := slices.Repeat([]bool{true}, b.N)
	if err := a.markMisclassified(exact, b, ok); err != nil {
		return 0, err
	}
	var err error
	if b.Images, err = a.perturb(nil, b, 0, eps, alpha); err != nil {
		return 0, err
	}
	if err := a.markMisclassified(exact, b, ok); err != nil {
		return 0, err
	}
	correct := 0
	for _, o := range ok {
		if o {
			correct++
		}
	}
	return correct, nil
}

// markMisclassified clears ok where net classifies an image wrongly.
func (a *attacker) markMisclassified(net *graphs.Net, b pipelines.Batch, ok []bool) error {
	feeds, err := a.buffers.feedBatch(b, false)
	if err != nil {
		return err
	}
	out, err := net.Run(feeds, []tf.Output{a.graph.judged})
	if err != nil {
		return err
	}
	for i, c := range graphs.Ints(nil, out[0]) {
		ok[i] = ok[i] && c == b.Labels[i]
	}
	return nil
}

// inFloat32 is net, or a copy of it in float32 that done closes: products in
// bfloat16 may train a model, but evaluation is exact.
func inFloat32(net *graphs.Net) (exact *graphs.Net, done func(), err error) {
	if net.Precision == graphs.Float32 {
		return net, func() {}, nil
	}
	exact, err = net.Copy(graphs.Options{Device: deviceOf(net)})
	if err != nil {
		return nil, nil, err
	}
	return exact, func() { exact.Close() }, nil
}
