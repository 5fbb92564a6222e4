package defences

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bpda"
)

// Pruning is stochastic activation pruning (Dhillon et al. 2018, algorithm 1):
// after each activation, units are drawn with replacement with probabilities
// proportional to their absolute values; those that were never drawn become 0,
// the others are divided by the probability of being drawn at all. It is put into
// the finished network, around any model.
type Pruning struct {
	Samples float32 `key:"samples" default:"1" in:"(0,100]" help:"draws, as a share of the units of the layer"`
}

// activations are the operations after which units are pruned.
var activations = []string{"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus"}

// mostDraws bounds the memory of a pass: 4 bytes for each draw and image.
const mostDraws = 1 << 26

// Wrap implements [Defence].
func (d *Pruning) Wrap(v attacks.Victim) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		logits, n := bpda.InsertAfter(s.In("pruning"), inner(s, images), images, activations, d.prune)
		if n == 0 && s.OK() {
			s.Errorf("defence sap: want a network with activations (%v), found none", activations)
		}
		return logits
	}
	return v
}

// prune prunes the units h [B,...] of a layer.
func (d *Pruning) prune(s *graphs.Scope, h tf.Output) tf.Output {
	units, ok := countUnits(h)
	if !ok {
		s.Errorf("defence sap: want layers of known size, got %v", h.Shape())
		return h
	}
	wanted := float64(d.Samples) * float64(units)
	if wanted > mostDraws {
		s.Errorf("defence sap: want samples= so that at most %d units are drawn of an image, got %.3g of a layer of %d", mostDraws, wanted, units)
		return h
	}
	draws := max(1, int32(wanted))
	size := op.Abs(s.Op("size"), op.Reshape(s.Op("flat"), h, op.Const(s.Op("rows"), []int32{-1, units})))
	all := op.Sum(s.Op("all"), size, op.Const(s.Op("axis"), int32(1)), op.SumKeepDims(true))
	tiny := op.Const(s.Op("tiny"), float32(1e-30))
	p := op.Div(s.Op("p"), size, op.AddV2(s.Op("floored"), all, tiny))
	drawn := d.everDrawn(s, op.Log(s.Op("log_p"), op.AddV2(s.Op("least"), p, tiny)), draws, units)
	// 1 - (1-p)^draws, without losing the digits of a small p.
	miss := op.Mul(s.Op("miss"), op.Const(s.Op("draws"), float32(draws)), op.Log1p(s.Op("log_not"), op.Neg(s.Op("minus"), p)))
	ever := op.Neg(s.Op("ever"), op.Expm1(s.Op("never"), miss))
	factor := op.StopGradient(s.Op("factor"), op.DivNoNan(s.Op("weighed"), drawn, ever))
	return op.Mul(s.Op("pruned"), h, op.Reshape(s.Op("shaped"), factor, op.Shape(s.Op("shape"), h)))
}

// everDrawn is 1 where a unit is among the draws, else 0, [B,units].
func (*Pruning) everDrawn(s *graphs.Scope, logits tf.Output, draws, units int32) tf.Output {
	chosen := op.Multinomial(s.Op("chosen"), logits, op.Const(s.Op("times"), draws), op.MultinomialOutputDtype(tf.Int32))
	return op.DenseBincount(s.Op("drawn"), chosen, op.Const(s.Op("units"), units), op.Const(s.Op("unweighted"), []float32{}), op.DenseBincountBinaryOutput(true))
}

// countUnits is the number of values of one row.
func countUnits(h tf.Output) (n int32, ok bool) {
	shape := h.Shape()
	n = 1
	for i := 1; i < shape.NumDimensions(); i++ {
		if shape.Size(i) < 1 {
			return 0, false
		}
		n *= int32(shape.Size(i))
	}
	return n, shape.NumDimensions() > 1
}
