package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// A capsule is a pose, a matrix of poseSide rows and columns, and an activation
// in [0,1] (Hinton, Sabour and Frosst 2018, "Matrix capsules with EM routing").
const (
	poseSide = 4
	poseSize = poseSide * poseSide
)

// capsuleNumbers is how many numbers of an embedding hold one capsule.
const capsuleNumbers = poseSize + 1

// CapsuleLayout says how capsules lie in an image: so many types at each place of
// a grid.
type CapsuleLayout struct{ Rows, Cols, Types int }

// places is the number of places of the grid.
func (l CapsuleLayout) places() int { return l.Rows * l.Cols }

// size is the length of an embedding that holds the capsules.
func (l CapsuleLayout) size() int { return l.places() * l.Types * capsuleNumbers }

// capsules are those of a batch: poses [B,L,T,16] and activations [B,L,T], L
// places row by row, T types.
type capsules struct {
	CapsuleLayout
	poses, active tf.Output
}

// pack is the capsules as an embedding [B,D]: all poses, then all activations.
func (c capsules) pack(s *Scope) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	n := int64(c.places() * c.Types)
	poses, active := s.Reshape(c.poses, n*poseSize), s.Reshape(c.active, n)
	return op.ConcatV2(s.Op("embedding"), []tf.Output{poses, active}, op.Const(s.Op("axis"), int32(1)))
}

// unpackCapsules is the inverse of pack.
func unpackCapsules(s *Scope, embedding tf.Output, l CapsuleLayout) (c capsules, ok bool) {
	d, ok := s.Dims(embedding, 2, "an embedding [B,D]")
	if !ok {
		return c, false
	}
	if d[1] != int64(l.size()) {
		s.Errorf("want an embedding of %dx%dx%d capsules, %d numbers, got %d", l.Rows, l.Cols, l.Types, l.size(), d[1])
		return c, false
	}
	n, places, types := int32(l.places()*l.Types), int64(l.places()), int64(l.Types)
	slice := func(name string, from, n int32) tf.Output {
		return op.Slice(s.Op(name), embedding, op.Const(s.Op("from"), []int32{0, from}), op.Const(s.Op("size"), []int32{-1, n}))
	}
	poses, active := slice("poses", 0, n*poseSize), slice("active", n*poseSize, n)
	return capsules{l, s.Reshape(poses, places, types, poseSize), s.Reshape(active, places, types)}, true
}

// primaryCapsules makes capsules of features [B,H,W,C]: at each place, of so many
// types, poses that are linear in the features there, and activations that are
// logistic in them.
func primaryCapsules(s *Scope, x tf.Output, types int) (c capsules, ok bool) {
	d, ok := s.Dims(x, 4, "features [B,H,W,C] with known sizes")
	if !ok {
		return c, false
	}
	if d[1] < 1 || d[2] < 1 {
		s.Errorf("want features [B,H,W,C] with known sizes, got %v", d)
		return c, false
	}
	poses := Conv{Out: types * poseSize, Kernel: 1, Init: GlorotUniform}.Apply(s.In("poses"), x)
	active := Conv{Out: types, Kernel: 1, Init: GlorotUniform}.Apply(s.In("active"), x)
	if !s.OK() {
		return c, false
	}
	l := CapsuleLayout{int(d[1]), int(d[2]), types}
	places, n := int64(l.places()), int64(types)
	return capsules{l, s.Reshape(poses, places, n, poseSize), op.Sigmoid(s.Op("activation"), s.Reshape(active, places, n))}, true
}

// densePrimaryCapsules makes capsules of codes [B,D]: poses linear in the one,
// activations logistic in the other.
func densePrimaryCapsules(s *Scope, poses, active tf.Output, types int) (capsules, bool) {
	p := Dense{Out: types * poseSize, Init: GlorotUniform}.Apply(s.In("poses"), poses)
	a := Dense{Out: types, Init: GlorotUniform}.Apply(s.In("active"), active)
	if !s.OK() {
		return capsules{}, false
	}
	n := int64(types)
	return capsules{CapsuleLayout{1, 1, types}, s.Reshape(p, 1, n, poseSize), op.Sigmoid(s.Op("activation"), s.Reshape(a, 1, n))}, true
}
