package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Routing is how the votes of capsules become the capsules above them.
type Routing struct {
	Method     string  `key:"routing" default:"em" oneof:"em self" help:"em (Hinton et al. 2018), or self (Hahn et al. 2019), which has no iterations"`
	Iterations int     `key:"iterations" default:"2" in:"[1,10]" help:"iterations of EM"`
	Lambda     float32 `key:"lambda" default:"1" in:"(0,1000]" help:"final inverse temperature of EM; iteration t has lambda·(1-.95^t)"`
	Cost       string  `key:"cost" default:"balanced" oneof:"balanced literal" help:"what the cost of a parent is weighed with: its share of the children against an even one, or as published their sum (with lambda=.01)"`
}

// capsuleLayer makes capsules of so many types in windows over c.
func (r Routing) capsuleLayer(s *Scope, c capsules, w windows, types int) capsules {
	v := gatherVoters(s, c, w, types)
	v.cast(s)
	var poses, active tf.Output
	if r.Method == "self" {
		routes, shares := routeSelf(s, v)
		poses, active = v.mean(s, routes), shares
	} else if poses, active = r.routeEM(s, v); s.OK() {
		active = op.Sigmoid(s.Op("activation"), active)
	}
	rows, cols := w.grid()
	out := capsules{CapsuleLayout: CapsuleLayout{rows, cols, types}}
	if s.OK() {
		n := int64(out.places())
		out.poses, out.active = s.Reshape(poses, n, int64(types), poseSize), s.Reshape(active, n, int64(types))
	}
	return out
}

// classify makes a capsule of each class of the whole grid c, and returns the logits
// of their activations [B,classes]. With coordinates votes are given their place.
func (r Routing) classify(s *Scope, c capsules, classes int, coordinates bool) tf.Output {
	v := gatherVoters(s, c, wholeGrid(c.CapsuleLayout), classes)
	if r.Method == "self" { // nothing reads poses of classes, and so no votes
		_, shares := routeSelf(s, v)
		if !s.OK() {
			return tf.Output{}
		}
		return op.Log(s.Op("logits"), op.AddV2(s.Op("positive"), shares, op.Const(s.Op("least"), float32(leastMass))))
	}
	v.cast(s)
	if coordinates {
		v.addCoordinates(s)
	}
	_, logits := r.routeEM(s, v)
	return logits
}

// routeSelf is self-routing: a child's pose alone says, by weights, which parents
// it votes for. A parent's activation is the share of the children's activations
// that it receives, its pose the mean of the votes so weighed (Hahn, Pyeon and Kim
// 2019, eq. 3 to 6). The activations [N,J] of the parents of a window add up to 1;
// routes [N,J,1,I] are what each child gives to each parent.
func routeSelf(s *Scope, v votes) (routes, active tf.Output) {
	if !s.OK() {
		return
	}
	j, i := int64(v.parents), int64(v.perWindow())
	weights := s.Variable("routing", Trainable, GlorotUniform, int64(v.distinct), poseSize, j)
	scores := op.BatchMatMulV2(s.Op("scores"), v.below, weights) // [C,N·Q,J]
	// Softmax of rank 2 alone has a gradient that is sure.
	flat := op.Reshape(s.Op("flat"), scores, op.Const(s.Op("flat_dims"), []int64{-1, j}))
	chosen := op.Softmax(s.Op("chosen"), flat)
	split := op.Reshape(s.Op("split"), chosen, op.Const(s.Op("split_dims"), []int64{int64(v.distinct), -1, int64(v.places), j}))
	chances := s.Reshape(s.transpose("by_parents", split, 1, 3, 2, 0), j, 1, i)
	given := s.Reshape(v.active, 1, 1, i)
	last := op.Const(s.Op("last"), int32(3))
	routes = op.Mul(s.Op("weighed"), chances, given)
	all := op.Sum(s.Op("all"), given, last, op.SumKeepDims(true))
	share := op.Div(s.Op("share"), op.Sum(s.Op("mass"), routes, last, op.SumKeepDims(true)), op.AddV2(s.Op("floored_all"), all, op.Const(s.Op("tiny"), float32(leastMass))))
	return routes, s.Reshape(share, j)
}

// mean is that of the votes, weighed by routes [N,J,1,I]: poses [N,J,16].
func (v votes) mean(s *Scope, routes tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	mass := op.Sum(s.Op("mass"), routes, op.Const(s.Op("last"), int32(3)), op.SumKeepDims(true))
	floored := op.AddV2(s.Op("floored"), mass, op.Const(s.Op("tiny"), float32(leastMass)))
	return s.Reshape(op.Div(s.Op("mean"), op.BatchMatMulV2(s.Op("sum"), routes, v.values), floored), int64(v.parents), poseSize)
}

// leastMass keeps quotients finite where no child is active.
const leastMass = 1e-7
