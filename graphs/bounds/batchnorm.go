package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// readBatchNorm is the rule of FusedBatchNorm (V1 to V3) in inference: a
// multiplication and an addition by channel. In a network walked [ForTraining],
// an op in training mode counts as one whose moments are those that it took
// of the batch, as constants.
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
		mean, variance = o.Output(1), k.populationVariance(o, in[0].node)
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

// populationVariance is what a batch norm divides by; its output is n/(n-1)
// times as much (Bessel).
func (k *walk) populationVariance(o *tf.Operation, x *node) tf.Output {
	w := k.w
	all := op.Cast(w.s.Op("values"), op.Size(w.s.Op("size"), o.Output(0)), tf.Float)
	n := w.div(all, w.scalar(float64(x.dims[len(x.dims)-1])))
	return w.mul(o.Output(2), w.div(w.sub(n, w.scalar(1)), n))
}
