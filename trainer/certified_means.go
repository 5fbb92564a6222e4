package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// boundMeans are means of the bounds before each of L activations, [L] each, over
// rows and neurons.
type boundMeans [boundMeanCount]tf.Output

// What is averaged. A neuron is active where its lower bound is above 0, and
// inactive where its upper one is below; a mean over the active ones counts the
// others as 0. The centre of an interval is c, its mean over all neurons μ.
const (
	pixelRadius       = iota // of the pixels' intervals: eps, but for what the box [0,1] cuts off
	radius                   // of the intervals
	centre                   // c
	activeCentre             // c of the active
	inactiveCentre           //
	activeSpread             // (c-μ)² of the active
	inactiveSpread           //
	activeDeviation          // c-μ of the active
	inactiveDeviation        //
	activeShare              // 1 of the active
	inactiveShare            //
	boundMeanCount
)

// boundMeans are those of the rows that the pass sees. The last four are for
// [replicaShare.wholeMeans] alone.
func (l boundLoss) boundMeans(s *graphs.Scope, centers tf.Output, known bounds.Intervals) (all boundMeans) {
	pixels := l.meanPixelRadius(s.In("pixels"), centers)
	var each [boundMeanCount][]tf.Output
	for i := range known.Lower {
		of := layerMeans(s.In("layer"+string(rune('a'+i%26))+string(rune('a'+i/26))), known.Lower[i], known.Upper[i])
		of[pixelRadius] = pixels
		for k, x := range of {
			each[k] = append(each[k], x)
		}
	}
	if !s.OK() {
		return all
	}
	for k := range all {
		all[k] = op.Pack(s.Op("of_layers"), each[k])
	}
	return all
}

// layerMeans are those of the bounds before one activation, [B,n] each; scalars.
func layerMeans(s *graphs.Scope, lower, upper tf.Output) (m boundMeans) {
	if !s.OK() {
		return m
	}
	zero := op.Const(s.Op("zero"), float32(0))
	active := op.Cast(s.Op("active"), op.Greater(s.Op("positive"), lower, zero), tf.Float)
	inactive := op.Cast(s.Op("inactive"), op.Less(s.Op("negative"), upper, zero), tf.Float)
	c := graphs.Weighted(s, .5, op.AddV2(s.Op("ends"), lower, upper))
	of := func(x, mask tf.Output) tf.Output { return meanOfAll(s, op.Mul(s.Op("masked"), x, mask)) }
	m[radius] = graphs.Weighted(s, .5, meanOfAll(s, op.Sub(s.Op("width"), upper, lower)))
	m[centre] = meanOfAll(s, c)
	m[activeCentre], m[inactiveCentre] = of(c, active), of(c, inactive)
	if !s.OK() {
		return m
	}
	deviation := op.Sub(s.Op("deviation"), c, m[centre])
	spread := op.Square(s.Op("spread"), deviation)
	m[activeSpread], m[inactiveSpread] = of(spread, active), of(spread, inactive)
	m[activeDeviation], m[inactiveDeviation] = of(deviation, active), of(deviation, inactive)
	m[activeShare], m[inactiveShare] = meanOfAll(s, active), meanOfAll(s, inactive)
	return m
}

// meanPixelRadius is the mean radius of the pixels' intervals.
func (l boundLoss) meanPixelRadius(s *graphs.Scope, centers tf.Output) tf.Output {
	eps := l.in.eps.Value
	top := op.Minimum(s.Op("top"), op.AddV2(s.Op("above"), centers, eps), op.Const(s.Op("one"), float32(1)))
	bottom := op.Maximum(s.Op("bottom"), op.Sub(s.Op("below"), centers, eps), op.Const(s.Op("zero"), float32(0)))
	return graphs.Weighted(s, .5, meanOfAll(s, op.Sub(s.Op("width"), top, bottom)))
}

// meanOfAll is the mean of all values of x.
func meanOfAll(s *graphs.Scope, x tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	return graphs.Mean(s, op.Reshape(s.Op("flat"), x, op.Const(s.Op("all"), []int32{-1})))
}

// wholeMeans are the means over the whole batch: the replica's own, through which
// gradients go, and those that it is fed of the others. Means of (c-μ)² are joined by
// the shift of each μ, without a difference of large numbers (Chan, Golub and LeVeque
// 1983, "Algorithms for computing the sample variance").
func (r replicaShare) wholeMeans(s *graphs.Scope, own boundMeans) (whole boundMeans) {
	if !s.OK() {
		return own
	}
	column := op.Const(s.Op("column"), []int32{-1, 1})
	first := op.Const(s.Op("axis"), int32(0))
	one, none := op.Const(s.Op("one"), float32(1)), op.Const(s.Op("none"), float32(0))
	is := op.Reshape(s.Op("is"), op.OneHot(s.Op("place"), r.place, op.Size(s.Op("count"), r.weights), one, none), column)
	others := op.Unpack(s.Op("others"), op.Mul(s.Op("masked"), r.means, op.Reshape(s.Op("not"), op.Sub(s.Op("other"), one, is), op.Const(s.Op("cube"), []int32{-1, 1, 1}))), boundMeanCount, op.UnpackAxis(1))
	weights := op.Reshape(s.Op("weights"), r.weights, column)
	mean := func(x tf.Output) tf.Output { return op.Sum(s.Op("sum"), op.Mul(s.Op("weighted"), x, weights), first) }
	var all boundMeans // [N,L]
	for k := range all {
		all[k] = op.AddV2(s.Op("all"), others[k], op.Mul(s.Op("own"), own[k], is))
		whole[k] = mean(all[k])
	}
	gap := op.Sub(s.Op("gap"), all[centre], whole[centre])
	for k := activeSpread; k <= inactiveSpread; k++ {
		deviation, share := all[k+2], all[k+4]
		linear := op.Mul(s.Op("linear"), gap, op.AddV2(s.Op("twice"), deviation, deviation))
		square := op.Mul(s.Op("square"), op.Square(s.Op("gap_squared"), gap), share)
		whole[k] = mean(op.AddN(s.Op("spread"), []tf.Output{all[k], linear, square}))
	}
	return whole
}

// wholeTerm is a term of the whole batch that each replica computes, where other
// terms are means over its rows. Its gradient is divided by the share, by which the
// gradient of the loss is multiplied: what remains is the part of the replica's own
// rows, and these add up.
func (r replicaShare) wholeTerm(s *graphs.Scope, x tf.Output) tf.Output {
	if r.weight.Op == nil || !s.OK() {
		return x
	}
	fixed := op.StopGradient(s.Op("fixed"), x)
	return op.AddV2(s.Op("term"), fixed, op.Div(s.Op("part"), op.Sub(s.Op("nothing"), x, fixed), r.weight))
}
