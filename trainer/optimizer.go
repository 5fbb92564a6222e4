package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Optimizer turns gradients into updates.
type Optimizer struct {
	// Name is the optimiser: adam (Kingma and Ba 2015) or sgd (with momentum).
	Name string `mapstructure:"name" yaml:"name"`
	// Beta1 is the decay of the mean of gradients; for adam.
	Beta1 float32 `mapstructure:"beta1" yaml:"beta1" in:"[0,1)"`
	// Beta2 is the decay of the mean of squared gradients; for adam.
	Beta2 float32 `mapstructure:"beta2" yaml:"beta2" in:"[0,1)"`
	// Epsilon is added to the root of the uncorrected second moment (the
	// paper's "epsilon hat", as in Keras; PyTorch adds it after the
	// correction); for adam.
	Epsilon float32 `mapstructure:"epsilon" yaml:"epsilon" in:"(0,1e6]"`
	// Momentum is the factor m in a ← m·a + g, w ← w - rate·a; for sgd.
	Momentum float32 `mapstructure:"momentum" yaml:"momentum" in:"[0,1)"`
	// Nesterov steps along g + m·a in place of a; for sgd.
	Nesterov bool `mapstructure:"nesterov" yaml:"nesterov"`
	// Decay is the weight decay d of kernels (not of biases or batch norm's
	// parameters): adam subtracts rate·d·w (Loshchilov and Hutter 2019), sgd
	// adds d·w to the gradient (He et al. 2015).
	Decay float32 `mapstructure:"weight_decay" yaml:"weight_decay" in:"[0,1e6]"`
	// Clip is the largest norm of all gradients together. 0: no limit.
	Clip float32 `mapstructure:"clip_norm" yaml:"clip_norm" in:"[0,1e9]"`
}

func (o Optimizer) check() error {
	if o.Name != "adam" && o.Name != "sgd" {
		return fmt.Errorf("train.optimizer.name: want adam or sgd, got %q", o.Name)
	}
	return nil
}

// apply declares the slots and returns one update per variable, and the norm
// of all gradients before clipping. rate is a scalar, step counts from 0.
func (o Optimizer) apply(s *graphs.Scope, vars []*graphs.Variable, grads []tf.Output, rate, step tf.Output) (updates []*tf.Operation, norm tf.Output) {
	if !s.OK() {
		return nil, tf.Output{}
	}
	norm = globalNorm(s, grads)
	if o.Clip > 0 {
		limit := op.Const(s.Op("clip"), o.Clip)
		factor := op.Div(s.Op("factor"), limit, op.Maximum(s.Op("excess"), norm, limit))
		for i, g := range grads {
			grads[i] = op.Mul(s.Op("clipped"), g, factor)
		}
	}
	update := o.adam(s, rate, step)
	if o.Name == "sgd" {
		update = o.sgd(s, rate)
	}
	for i, v := range vars {
		updates = append(updates, update(v, grads[i]))
	}
	return updates, norm
}

type updater func(v *graphs.Variable, g tf.Output) *tf.Operation

func (o Optimizer) adam(s *graphs.Scope, rate, step tf.Output) updater {
	beta1, beta2 := op.Const(s.Op("beta1"), o.Beta1), op.Const(s.Op("beta2"), o.Beta2)
	epsilon := op.Const(s.Op("epsilon"), o.Epsilon)
	t := op.AddV2(s.Op("t"), op.Cast(s.Op("step"), step, tf.Float), op.Const(s.Op("one"), float32(1)))
	power1, power2 := op.Pow(s.Op("power1"), beta1, t), op.Pow(s.Op("power2"), beta2, t)
	shrink := op.Mul(s.Op("shrink"), rate, op.Const(s.Op("decay"), o.Decay))
	return func(v *graphs.Variable, g tf.Output) *tf.Operation {
		m := s.Builder().Declare("adam/m/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
		sq := s.Builder().Declare("adam/v/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
		if m == nil || sq == nil {
			return nil
		}
		at := s.Op("adam")
		if o.decays(v) {
			at = at.WithControlDependencies(op.AssignSubVariableOp(s.Op("decay"), v.Handle, op.Mul(s.Op("shrunk"), shrink, v.Read)))
		}
		return op.ResourceApplyAdam(at, v.Handle, m.Handle, sq.Handle, power1, power2, rate, beta1, beta2, epsilon, g)
	}
}

func (o Optimizer) sgd(s *graphs.Scope, rate tf.Output) updater {
	momentum := op.Const(s.Op("momentum"), o.Momentum)
	decay := op.Const(s.Op("decay"), o.Decay)
	return func(v *graphs.Variable, g tf.Output) *tf.Operation {
		if o.decays(v) {
			g = op.AddV2(s.Op("decayed"), g, op.Mul(s.Op("weighted"), decay, v.Read))
		}
		a := s.Builder().Declare("momentum/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
		if a == nil {
			return nil
		}
		return op.ResourceApplyMomentum(s.Op("momentum"), v.Handle, a.Handle, rate, g, momentum, op.ResourceApplyMomentumUseNesterov(o.Nesterov))
	}
}

// decays is true for kernels: what has two or more axes.
func (o Optimizer) decays(v *graphs.Variable) bool { return o.Decay > 0 && len(v.Shape) > 1 }

// globalNorm is the L2 norm of all gradients taken as one vector.
func globalNorm(s *graphs.Scope, grads []tf.Output) tf.Output {
	half := make([]tf.Output, len(grads))
	for i, g := range grads {
		half[i] = op.L2Loss(s.Op("half_square"), g) // sum(g²)/2
	}
	sum := op.AddN(s.Op("sum"), half)
	return op.Sqrt(s.Op("norm"), op.Mul(s.Op("squares"), sum, op.Const(s.Op("two"), float32(2))))
}

// updateAverages moves each average towards its variable after the updates:
// a += (1-d)(v-a) with d = min(decay, (1+step)/(10+step)), so that the first
// steps are not dominated by the initial values.
func updateAverages(s *graphs.Scope, decay float32, step tf.Output, after []*tf.Operation) []*tf.Operation {
	averages := s.Builder().DeclareAverages()
	t := op.Cast(s.Op("step"), step, tf.Float)
	early := op.Div(s.Op("early"), op.AddV2(s.Op("seen"), t, op.Const(s.Op("one"), float32(1))), op.AddV2(s.Op("seen10"), t, op.Const(s.Op("ten"), float32(10))))
	d := op.Minimum(s.Op("decay"), op.Const(s.Op("limit"), decay), early)
	rate := op.Sub(s.Op("rate"), op.Const(s.Op("unit"), float32(1)), d)
	var out []*tf.Operation
	for i, v := range s.Builder().Variables().All(graphs.Trainable) {
		if i >= len(averages) {
			return nil // the build has failed
		}
		fresh := op.ReadVariableOp(s.Op("fresh").WithControlDependencies(after...), v.Handle, tf.Float)
		delta := op.Mul(s.Op("delta"), rate, op.Sub(s.Op("gap"), fresh, averages[i].Read))
		out = append(out, op.AssignAddVariableOp(s.Op("follow"), averages[i].Handle, delta))
	}
	return out
}
