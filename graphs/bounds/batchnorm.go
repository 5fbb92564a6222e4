package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// readBatchNorm is the rule of FusedBatchNorm (V1 to V3) in inference: a
// multiplication and an addition by channel. In a network walked [ForTraining],
// an op in training mode counts as one whose moments are those of its batch, a
// function of the weights through which gradients go (Shi et al. 2021); the
// change within the ball does not move them.
func readBatchNorm(k *walk, o *tf.Operation, in []value) (*node, error) {
	if f := text(o, "data_format"); f != "NHWC" {
		return nil, refuse("data format " + f)
	}
	for _, c := range in[1:] {
		if c.node != nil {
			return nil, errProduct
		}
	}
	w := k.w
	gamma, beta, mean, variance := in[1].out, in[2].out, in[3].out, in[4].out
	if flag(o, "is_training") {
		if !k.options.training {
			return nil, refuse("batch normalisation by the batch's own moments")
		}
		mean, variance = w.moments(tf.Consumer{Op: o, Index: 0}.Producer())
	}
	eps, _ := attr[float32](o, "epsilon")
	deviation := w.sqrt(w.add(variance, w.constant(eps)))
	gain := w.div(gamma, deviation)
	moved := w.mul(mean, gain)
	x, err := k.addScale(o.Name(), in[0].node, gain, 6)
	if err != nil {
		return nil, err
	}
	size := w.add(w.abs(beta), w.abs(moved))
	s := &shift{value: w.sub(beta, moved), sign: 1, size: size}
	return k.net.add(o.Name(), s, x.dims, x), nil
}

// moments are mean and variance of each channel of x [B,H,W,C]. They are not taken
// from the op's outputs, whose gradients it leaves out.
func (w *writer) moments(x tf.Output) (mean, variance tf.Output) {
	axes := w.constant([]int32{0, 1, 2})
	mean = op.Mean(w.s.Op("mean"), x, axes)
	return mean, op.Mean(w.s.Op("variance"), w.square(w.sub(x, mean)), axes)
}
