package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// regularise adds the regularisers of Shi et al. 2021, section 4.2, each
// averaged over the inputs of the m activations, with the tolerance τ:
//
//	tightness: Σ relu(τ - r_0/r_i) / (τ·m)
//	balance:   Σ (relu(τ - α_i) + relu(τ - β_i)) / (τ·m)
//
// where r_0 is the mean radius of the pixels' intervals, r_i that of layer i's;
// α_i the ratio between the mean centre of active neurons and that of inactive
// ones, β_i that between their variances about the layer's mean, each the
// smaller over the larger. Both fall to 0 as eps rises. All means are over the
// whole batch: a replica is fed those of the others.
func (l boundLoss) regularise(s *graphs.Scope, terms Terms, centers tf.Output, known bounds.Intervals) Terms {
	if len(known.Lower) == 0 || !s.OK() {
		return terms
	}
	own := l.boundMeans(s, centers, known)
	if !s.OK() {
		return terms
	}
	if l.share.weight.Op != nil {
		terms.means = op.Pack(s.Op("means"), own[:])
		own = l.share.wholeMeans(s.In("whole"), own)
	}
	r := regularisers{s, l.Tolerance}
	add := func(name string, each tf.Output, weight float32) tf.Output {
		mean := graphs.Weighted(s, weight/l.Tolerance, graphs.Mean(s, each))
		return l.share.wholeTerm(s.In(name), op.Mul(s.Op("present"), l.in.pull.Value, mean))
	}
	if l.Tightness > 0 {
		terms.Tightness = add("tightness", r.below(op.Div(s.Op("ratio"), own[pixelRadius], r.atLeast(own[radius]))), l.Tightness)
		terms.Total = op.AddV2(s.Op("tightened"), terms.Total, terms.Tightness)
	}
	if l.Balance > 0 {
		terms.Balance = add("balance", r.imbalance(own), l.Balance)
		terms.Total = op.AddV2(s.Op("balanced"), terms.Total, terms.Balance)
	}
	return terms
}

// regularisers compute of a number of each layer, [L].
type regularisers struct {
	s         *graphs.Scope
	tolerance float32
}

// leastMean keeps ratios finite.
const leastMean = 1e-12

func (r regularisers) atLeast(x tf.Output) tf.Output {
	return op.Maximum(r.s.Op("at_least"), x, op.Const(r.s.Op("least"), float32(leastMean)))
}

// below is relu(τ - x).
func (r regularisers) below(x tf.Output) tf.Output {
	return op.Relu(r.s.Op("below"), op.Sub(r.s.Op("short"), op.Const(r.s.Op("tolerance"), r.tolerance), x))
}

// imbalance is relu(τ - α) + relu(τ - β) of [boundLoss.regularise].
func (r regularisers) imbalance(m boundMeans) tf.Output {
	means := r.smallerOverLarger(m[activeCentre], op.Neg(r.s.Op("depth"), m[inactiveCentre]))
	variances := r.smallerOverLarger(m[activeSpread], m[inactiveSpread])
	return op.AddV2(r.s.Op("imbalance"), r.below(means), r.below(variances))
}

// smallerOverLarger is the ratio of two numbers that are not negative.
func (r regularisers) smallerOverLarger(x, y tf.Output) tf.Output {
	s := r.s
	return op.Div(s.Op("ratio"), r.atLeast(op.Minimum(s.Op("smaller"), x, y)), r.atLeast(op.Maximum(s.Op("larger"), x, y)))
}
