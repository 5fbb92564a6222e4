package graphs

import (
	"cmp"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// BatchNorm normalises each channel of [B,H,W,C] (Ioffe and Szegedy 2015):
// by the batch's mean and variance in training, by their moving averages in
// inference. Its updates are collected with [Scope.Update].
type BatchNorm struct {
	Decay   float32 // of the moving averages; 0 means .99 as in Keras (PyTorch's momentum is 1-Decay = .1)
	Epsilon float32 // 0 means 1e-3 as in Keras (PyTorch: 1e-5)
}

// Apply normalises x.
func (l BatchNorm) Apply(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC with known channels")
	if !ok {
		return tf.Output{}
	}
	c := d[3]
	if c < 1 {
		s.Errorf("want known channels, got input %v", d)
		return tf.Output{}
	}
	decay, eps := cmp.Or(l.Decay, .99), cmp.Or(l.Epsilon, 1e-3)
	gamma := s.Variable("gamma", Trainable, Ones, c)
	beta := s.Variable("beta", Trainable, Zeros, c)
	mean := s.findOrDeclare("moving_mean", Statistic, Zeros, c)
	variance := s.findOrDeclare("moving_variance", Statistic, Ones, c)
	if !s.OK() {
		return tf.Output{}
	}
	if s.TwiceDifferentiable() {
		return l.applyTwiceDifferentiable(s, x, gamma, beta, mean, variance, decay, eps)
	}
	if !s.Training() {
		y, _, _, _, _, _ := op.FusedBatchNormV3(s.Op("norm"), x, gamma, beta, mean.Read, variance.Read, op.FusedBatchNormV3IsTraining(false), op.FusedBatchNormV3Epsilon(eps))
		return y
	}
	none := op.Const(s.Op("none"), []float32{})
	y, m, v, _, _, _ := op.FusedBatchNormV3(s.Op("norm"), x, gamma, beta, none, none, op.FusedBatchNormV3IsTraining(true), op.FusedBatchNormV3Epsilon(eps))
	s.updateMovingAverage(mean, m, decay)
	s.updateMovingAverage(variance, v, decay)
	return y
}

// updateMovingAverage registers v += (1-decay)·(value-v).
func (s *Scope) updateMovingAverage(v *Variable, value tf.Output, decay float32) {
	u := StatisticUpdate{v, value, decay}
	s.pass.statistics = append(s.pass.statistics, u)
	s.Update(u.Apply(s))
}

// applyTwiceDifferentiable is the same out of ops whose gradients have gradients: the fused op's
// has none.
func (l BatchNorm) applyTwiceDifferentiable(s *Scope, x, gamma, beta tf.Output, mean, variance *Variable, decay, eps float32) tf.Output {
	m, v := mean.Read, variance.Read
	if s.Training() {
		axes := op.Const(s.Op("axes"), []int32{0, 1, 2})
		m = op.Mean(s.Op("batch_mean"), x, axes)
		v = op.Mean(s.Op("batch_variance"), op.Square(s.Op("square"), op.Sub(s.Op("deviation"), x, m)), axes)
		// What is followed is the unbiased variance, n/(n-1) of it, as in the
		// fused op; a single value counts as it is.
		n := op.Div(s.Op("count"), op.Cast(s.Op("values"), op.Size(s.Op("size"), x), tf.Float), op.Cast(s.Op("channels"), op.Size(s.Op("width"), m), tf.Float))
		one := op.Const(s.Op("one"), float32(1))
		bessel := op.Div(s.Op("bessel"), n, op.Maximum(s.Op("at_least_one"), op.Sub(s.Op("fewer"), n, one), one))
		s.updateMovingAverage(mean, m, decay)
		s.updateMovingAverage(variance, op.Mul(s.Op("unbiased"), v, bessel), decay)
	}
	scale := op.Pow(s.Op("scale"), op.AddV2(s.Op("floored"), v, op.Const(s.Op("epsilon"), eps)), op.Const(s.Op("power"), float32(-.5)))
	centred := op.Mul(s.Op("normalised"), op.Sub(s.Op("centred"), x, m), op.Mul(s.Op("gain"), scale, gamma))
	return op.AddV2(s.Op("norm"), centred, beta)
}
