package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// votes are what capsules, the children, predict for the poses of the capsules
// above them, the parents. N = B·P counts the windows of all images, I the
// children of a window, J the types of parents.
type votes struct {
	values tf.Output // [N,J,I,16]; see cast
	active tf.Output // [N,I], activations of the children
	below  tf.Output // [C,N·Q,16], poses of the children: C of their own weights, at Q places each, I = Q·C
	windows
	places, distinct, types, parents int // Q, C, types of children, J
}

// perWindow is the number of children of a window, I.
func (v votes) perWindow() int { return v.places * v.distinct }

// gatherVoters arranges the capsules of c as children of the parents of the windows
// w. In windows of a kernel each place has weights of its own; in the whole grid
// all places share them.
func gatherVoters(s *Scope, c capsules, w windows, parents int) votes {
	v := votes{windows: w, types: c.Types, parents: parents, places: 1, distinct: w.kernel * w.kernel * c.Types}
	poses, active := c.poses, c.active
	if w.isWhole() {
		v.places, v.distinct = c.places(), c.Types
	} else {
		at := op.Const(s.Op("children"), w.children())
		one := op.Const(s.Op("places_axis"), int32(1))
		poses = op.GatherV2(s.Op("windows"), poses, at, one)
		active = op.GatherV2(s.Op("active_windows"), active, at, one)
	}
	if !s.OK() {
		return v
	}
	v.active = s.Reshape(active, int64(v.perWindow()))
	q, k := int64(v.places), int64(v.distinct)
	first := s.transpose("by_weights", s.Reshape(poses, q, k, poseSize), 2, 0, 1, 3)
	v.below = op.Reshape(s.Op("below"), first, op.Const(s.Op("below_dims"), []int64{k, -1, poseSize}))
	return v
}

// cast lets each child vote for its parents: its pose times a matrix of weights
// for each.
func (v *votes) cast(s *Scope) {
	if !s.OK() {
		return
	}
	q, k, parents := int64(v.places), int64(v.distinct), v.parents
	rows := op.Reshape(s.Op("rows"), v.below, op.Const(s.Op("rows_dims"), []int64{k, -1, poseSide}))
	// Weights multiply from the right: rows of a pose stay rows.
	weights := s.Variable("kernel", Trainable, TruncatedNormal(voteDeviation), k, poseSide, int64(parents)*poseSide)
	product := op.BatchMatMulV2(s.Op("product"), rows, weights)
	split := op.Reshape(s.Op("split"), product, op.Const(s.Op("split_dims"), []int64{k, -1, q, poseSide, int64(parents), poseSide}))
	v.values = s.Reshape(s.transpose("by_parents", split, 1, 4, 2, 0, 3, 5), int64(parents), int64(v.perWindow()), poseSize)
}

// voteDeviation keeps the variance of the elements of a pose, each a sum of four
// products with weights.
const voteDeviation = .5 / cutDeviation

// addCoordinates adds the centre of each child's place, in shares of the grid, to
// the first two elements of the right-hand column of its votes (row, then
// column): parents that take the whole grid learn where their parts are.
func (v *votes) addCoordinates(s *Scope) {
	if !s.OK() {
		return
	}
	at := make([][poseSize]float32, v.perWindow())
	for i := range at {
		place := i / v.distinct
		at[i][poseSide-1] = (float32(place/v.cols) + .5) / float32(v.rows)
		at[i][2*poseSide-1] = (float32(place%v.cols) + .5) / float32(v.cols)
	}
	v.values = op.AddV2(s.Op("coordinates"), v.values, op.Const(s.Op("places"), at))
}

// transpose reorders the axes of x.
func (s *Scope) transpose(name string, x tf.Output, axes ...int32) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return op.Transpose(s.Op(name), x, op.Const(s.Op("axes"), axes))
}
