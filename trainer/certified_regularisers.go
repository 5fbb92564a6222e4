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
// smaller over the larger. Both fall to 0 as eps rises.
func (l boundLoss) regularise(s *graphs.Scope, terms Terms, centers tf.Output, known bounds.Intervals) Terms {
	pixels := l.pixelRadius(s.In("pixels"), centers)
	var tight, balance []tf.Output
	for i := range known.Lower {
		r := layerBounds{s: s.In("layer" + string(rune('a'+i%26)) + string(rune('a'+i/26))), lower: known.Lower[i], upper: known.Upper[i]}
		if !s.OK() {
			return terms
		}
		tight = append(tight, r.below(l.Tolerance, op.Div(r.s.Op("ratio"), pixels, r.atLeast(r.meanRadius()))))
		balance = append(balance, r.imbalance(l.Tolerance))
	}
	if len(tight) == 0 {
		return terms
	}
	add := func(each []tf.Output, weight float32) tf.Output {
		sum := op.AddN(s.Op("sum"), each)
		return op.Mul(s.Op("present"), l.in.pull.Value, graphs.Weighted(s, weight/(l.Tolerance*float32(len(each))), sum))
	}
	if l.Tightness > 0 {
		terms.Tightness = add(tight, l.Tightness)
		terms.Total = op.AddV2(s.Op("tightened"), terms.Total, terms.Tightness)
	}
	if l.Balance > 0 {
		terms.Balance = add(balance, l.Balance)
		terms.Total = op.AddV2(s.Op("balanced"), terms.Total, terms.Balance)
	}
	return terms
}

// pixelRadius is the mean radius of the pixels' intervals: eps, but for what the
// box [0,1] cuts off.
func (l boundLoss) pixelRadius(s *graphs.Scope, centers tf.Output) tf.Output {
	eps := l.in.eps.Value
	top := op.Minimum(s.Op("top"), op.AddV2(s.Op("above"), centers, eps), op.Const(s.Op("one"), float32(1)))
	bottom := op.Maximum(s.Op("bottom"), op.Sub(s.Op("below"), centers, eps), op.Const(s.Op("zero"), float32(0)))
	return graphs.Weighted(s, .5, meanOfAll(s, op.Sub(s.Op("width"), top, bottom)))
}

// layerBounds are the bounds before one activation, [B,n] each.
type layerBounds struct {
	s            *graphs.Scope
	lower, upper tf.Output
}

// leastMean keeps ratios finite.
const leastMean = 1e-12

func (b layerBounds) atLeast(x tf.Output) tf.Output {
	return op.Maximum(b.s.Op("at_least"), x, op.Const(b.s.Op("least"), float32(leastMean)))
}

// below is relu(tolerance - x).
func (b layerBounds) below(tolerance float32, x tf.Output) tf.Output {
	return op.Relu(b.s.Op("below"), op.Sub(b.s.Op("short"), op.Const(b.s.Op("tolerance"), tolerance), x))
}

func (b layerBounds) meanRadius() tf.Output {
	return graphs.Weighted(b.s, .5, meanOfAll(b.s, op.Sub(b.s.Op("width"), b.upper, b.lower)))
}

// imbalance is relu(τ - α) + relu(τ - β) of [boundLoss.regularise].
func (b layerBounds) imbalance(tolerance float32) tf.Output {
	s, zero := b.s, op.Const(b.s.Op("zero"), float32(0))
	active := op.Cast(s.Op("active"), op.Greater(s.Op("positive"), b.lower, zero), tf.Float)
	inactive := op.Cast(s.Op("inactive"), op.Less(s.Op("negative"), b.upper, zero), tf.Float)
	centre := graphs.Weighted(s, .5, op.AddV2(s.Op("ends"), b.lower, b.upper))
	spread := op.Square(s.Op("spread"), op.Sub(s.Op("deviation"), centre, meanOfAll(s, centre)))
	of := func(x, mask tf.Output) tf.Output { return meanOfAll(s, op.Mul(s.Op("masked"), x, mask)) }
	means := b.smallerOverLarger(of(centre, active), op.Neg(s.Op("depth"), of(centre, inactive)))
	variances := b.smallerOverLarger(of(spread, active), of(spread, inactive))
	return op.AddV2(s.Op("imbalance"), b.below(tolerance, means), b.below(tolerance, variances))
}

// smallerOverLarger is the ratio of two numbers that are not negative.
func (b layerBounds) smallerOverLarger(x, y tf.Output) tf.Output {
	return op.Div(b.s.Op("ratio"), b.atLeast(op.Minimum(b.s.Op("smaller"), x, y)), b.atLeast(op.Maximum(b.s.Op("larger"), x, y)))
}

// meanOfAll is the mean of all values of x.
func meanOfAll(s *graphs.Scope, x tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	return graphs.Mean(s, op.Reshape(s.Op("flat"), x, op.Const(s.Op("all"), []int32{-1})))
}
