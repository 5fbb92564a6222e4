package bounds

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// probe are products whose results show in which precision a session computes
// them: operands are 1 + 2^-20, which only float32 keeps. They are fed: constants
// would be multiplied when the graph is optimised, elsewhere.
type probe struct {
	input         graphs.Input
	matrix, image tf.Output
}

const probeSide, probeValue = 64, 1 + 0x1p-20

func newProbe(b *graphs.Builder, w *writer, name string) probe {
	p := probe{input: b.Input(name+"_probe", tf.Float, probeSide, probeSide)}
	eye := w.reshape(w.constant(identity(probeSide)), probeSide, probeSide)
	// Abs, because what is fetched is never rewritten to another precision.
	p.matrix = w.abs(op.MatMul(w.s.Op("probe"), p.input.Value, eye))
	image := w.reshape(p.input.Value, 1, 8, 8, probeSide)
	p.image = w.abs(op.Conv2D(w.s.Op("probe"), image, w.reshape(eye, 1, 1, probeSide, probeSide), []int64{1, 1, 1, 1}, "VALID"))
	return p
}

// check refuses a session that computes products less exactly than u.
func (p probe) check(net *graphs.Net, u Rounding) error {
	b, err := graphs.NewBuffer(tf.Float, probeSide, probeSide)
	if err != nil {
		return err
	}
	for i := range b.Float32() {
		b.Float32()[i] = probeValue
	}
	out, err := net.Run(graphs.Feeds{p.input.Feed: b.Tensor}, []tf.Output{p.matrix, p.image})
	if err != nil {
		return err
	}
	for i, t := range out {
		for _, x := range graphs.Floats(nil, t) {
			if d := math.Abs(float64(x) - probeValue); !(d <= float64(u)*probeValue) {
				return fmt.Errorf("bounds: want products of unit roundoff %g, but this session's %s are off by %.2g: use precision float32, and on a GPU set NVIDIA_TF32_OVERRIDE=0 before the program starts", float64(u), [...]string{"matrix products", "convolutions"}[i], d)
			}
		}
	}
	return nil
}

// Probe shows in which precision a session computes products.
type Probe struct{ probe }

// NewProbe adds a probe to the graph of s, which b builds. name is free for the
// name of its input.
func NewProbe(b *graphs.Builder, s *graphs.Scope, name string) Probe {
	return Probe{newProbe(b, &writer{s: s}, name)}
}

// Check refuses a session whose products are less exact than u.
func (p Probe) Check(net *graphs.Net, u Rounding) error { return p.check(net, u) }
