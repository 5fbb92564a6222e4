package graphs

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// MaxPool takes the maximum of Size×Size windows with stride Size, SAME
// padding: [B,H,W,C] -> [B,ceil(H/Size),ceil(W/Size),C].
type MaxPool struct{ Size int }

// Apply pools x.
func (l MaxPool) Apply(s *Scope, x tf.Output) tf.Output {
	k, ok := s.poolingWindow(x, l.Size)
	if !ok {
		return tf.Output{}
	}
	if s.TwiceDifferentiable() {
		return l.applyTwiceDifferentiable(s, x)
	}
	return op.MaxPool(s.Op("maxpool"), x, k, k, "SAME")
}

// applyTwiceDifferentiable is the same out of ops whose gradients have gradients. Of equal values
// the first in reading order gets the gradient, as in the fused op: Maximum
// gives it to its first argument.
func (l MaxPool) applyTwiceDifferentiable(s *Scope, x tf.Output) tf.Output {
	largest := func(x []tf.Output) tf.Output {
		y := x[0]
		for _, z := range x[1:] {
			y = op.Maximum(s.Op("larger"), y, z)
		}
		return y
	}
	return s.foldWindows(x, l.Size, -math.MaxFloat32, largest)
}

// AvgPool averages Size×Size windows with stride Size, SAME padding; padding
// does not count.
type AvgPool struct{ Size int }

// Apply pools x.
func (l AvgPool) Apply(s *Scope, x tf.Output) tf.Output {
	k, ok := s.poolingWindow(x, l.Size)
	if !ok {
		return tf.Output{}
	}
	if s.TwiceDifferentiable() {
		return l.applyTwiceDifferentiable(s, x)
	}
	return op.AvgPool(s.Op("avgpool"), x, k, k, "SAME")
}

// applyTwiceDifferentiable is the same out of ops whose gradients have gradients: the sum of each
// window, divided by how many values of it are no padding.
func (l AvgPool) applyTwiceDifferentiable(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC")
	if !ok {
		return tf.Output{}
	}
	sum := s.foldWindows(x, l.Size, 0, func(x []tf.Output) tf.Output { return op.AddN(s.Op("sum"), x) })
	if !s.OK() {
		return tf.Output{}
	}
	rows, cols := countUnpadded(d[1], l.Size), countUnpadded(d[2], l.Size)
	share := make([]float32, 0, len(rows)*len(cols))
	for _, r := range rows {
		for _, c := range cols {
			share = append(share, 1/float32(r*c))
		}
	}
	shape := op.Const(s.Op("grid"), []int32{1, int32(len(rows)), int32(len(cols)), 1})
	return op.Mul(s.Op("mean"), sum, op.Reshape(s.Op("share"), op.Const(s.Op("shares"), share), shape))
}

// poolingWindow is the size and stride of pooling over x.
func (s *Scope) poolingWindow(x tf.Output, size int) ([]int64, bool) {
	if _, ok := s.Dims(x, 4, "NHWC"); !ok {
		return nil, false
	}
	if size < 1 {
		s.Errorf("want a pooling size of at least 1, got %d", size)
		return nil, false
	}
	return []int64{1, int64(size), int64(size), 1}, true
}

// foldWindows folds size×size windows of x [B,H,W,C], padded as SAME does with pad,
// to one value each: first the columns of a row, then the rows.
func (s *Scope) foldWindows(x tf.Output, size int, pad float32, fold func(x []tf.Output) tf.Output) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC")
	if !ok {
		return tf.Output{}
	}
	k := int64(size)
	if d[1] < 1 || d[2] < 1 || d[3] < 1 {
		s.Errorf("want known height, width and channels for pooling that is twice differentiable, got %v", d)
		return tf.Output{}
	}
	rows, cols := (d[1]+k-1)/k, (d[2]+k-1)/k
	if rows*k > d[1] || cols*k > d[2] {
		top, left := int32(rows*k-d[1]), int32(cols*k-d[2])
		edges := [][]int32{{0, 0}, {top / 2, top - top/2}, {left / 2, left - left/2}, {0, 0}}
		x = op.PadV2(s.Op("padded"), x, op.Const(s.Op("edges"), edges), op.Const(s.Op("value"), pad))
	}
	for _, n := range []int64{d[3], cols * d[3]} { // values that stay together: a pixel, a folded row
		x = op.Reshape(s.Op("split"), x, op.Const(s.Op("parts"), []int64{-1, k, n}))
		x = fold(op.Unpack(s.Op("unpacked"), x, k, op.UnpackAxis(1)))
	}
	return s.Reshape(x, rows, cols, d[3])
}

// countUnpadded counts, for each window of size along a side of n, the values that are
// no padding.
func countUnpadded(n int64, size int) []int64 {
	k := int64(size)
	out := make([]int64, (n+k-1)/k)
	before := (int64(len(out))*k - n) / 2
	for i := range out {
		from := int64(i)*k - before
		out[i] = min(from+k, n) - max(from, 0)
	}
	return out
}
