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
// would be multiplied when the graph is optimised, elsewhere. Of a convolution of 3x3
// that picks the middle value, every second operand is 2^12 times as large: sums of
// products keep the others, algorithms that first add neighbours (Winograd, FFT) do not.
type probe struct {
	input   graphs.Input
	results []tf.Output // as large as the input, which they repeat
	names   []string
}

const probeSide, probeValue = 64, 1 + 0x1p-20

func newProbe(b *graphs.Builder, w *writer, name string) probe {
	p := probe{input: b.Input(name+"_probe", tf.Float, probeSide, probeSide)}
	eye := w.reshape(w.constant(identity(probeSide)), probeSide, probeSide)
	// Abs, because what is fetched is never rewritten to another precision.
	add := func(name string, x tf.Output) {
		p.results, p.names = append(p.results, w.abs(x)), append(p.names, name)
	}
	strides := []int64{1, 1, 1, 1}
	add("matrix products", op.MatMul(w.s.Op("probe"), p.input.Value, eye))
	image := w.reshape(p.input.Value, 1, 8, 8, probeSide)
	add("convolutions", op.Conv2D(w.s.Op("probe"), image, w.reshape(eye, 1, 1, probeSide, probeSide), strides, "VALID"))
	mixed := make([]float32, probeSide)
	for i := range mixed {
		mixed[i] = [2]float32{1, 1 << 12}[(i/8+i%8)%2]
	}
	factors := w.reshape(w.constant(mixed), 1, 8, 8, 1)
	back := w.reshape(w.constant(inverses(mixed)), 1, 8, 8, 1) // TensorFlow's division is not exact
	uneven := w.mul(image, factors)
	kernel := make([]float32, 9*probeSide*probeSide)
	copy(kernel[4*probeSide*probeSide:], identity(probeSide))
	middle := w.reshape(w.constant(kernel), 3, 3, probeSide, probeSide)
	add("convolutions of 3x3", w.mul(op.Conv2D(w.s.Op("probe"), uneven, middle, strides, "SAME"), back))
	add("transposed convolutions of 3x3", w.mul(op.Conv2DBackpropInput(w.s.Op("probe"), w.constant([]int32{1, 8, 8, probeSide}), middle, uneven, strides, "SAME"), back))
	return p
}

// inverses are those of powers of two.
func inverses(powers []float32) []float32 {
	out := make([]float32, len(powers))
	for i, v := range powers {
		out[i] = 1 / v
	}
	return out
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
	out, err := net.Run(graphs.Feeds{p.input.Feed: b.Tensor}, p.results)
	if err != nil {
		return err
	}
	for i, t := range out {
		for _, x := range graphs.Floats(nil, t) {
			if d := math.Abs(float64(x) - probeValue); !(d <= float64(u)*probeValue) {
				return fmt.Errorf("bounds: want products of unit roundoff %g, but this session's %s are off by %.2g: use precision float32, and on a GPU set NVIDIA_TF32_OVERRIDE=0 before the program starts", float64(u), p.names[i], d)
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
