package bounds

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Norm measures a perturbation.
type Norm string

// Norms of balls: the largest change of a value, the root of the sum of
// squares, the sum of absolute values.
const (
	Linf Norm = "linf"
	L2   Norm = "l2"
	L1   Norm = "l1"
)

// Region is a set of images for each image of a batch: a ball, cut by the box
// [0,1], or a box of any kind.
type Region struct {
	norm         Norm // "" or Linf: the box alone
	center, eps  tf.Output
	lower, upper tf.Output   // "" where center and eps say it
	radius       tf.Output   // of a path
	slopes       []tf.Output // of a path
}

// Ball holds the images within eps of images [B,H,W,C] whose values lie in
// [0,1]. eps is a float32 scalar or has one value for each image, [B].
func Ball(n Norm, images, eps tf.Output) Region { return Region{norm: n, center: images, eps: eps} }

// Box holds the images between lower and upper, [B,H,W,C] each.
func Box(lower, upper tf.Output) Region { return Region{lower: lower, upper: upper} }

// region is a Region as computed: all but the norm in the shape of the image,
// eps [B,1,1].
type region struct {
	norm                Norm
	lower, upper, point tf.Output
	eps, reach          tf.Output
	slopes              []tf.Output // of a path, whose center and radius are point and reach
}

// write computes r for a network.
func (r Region) write(w *writer, n *Network) (region, error) {
	if r.lower.Op != nil && r.upper.Op != nil {
		return region{norm: Linf, lower: r.lower, upper: r.upper, point: r.center, reach: r.radius, slopes: r.slopes}, nil
	}
	if r.center.Op == nil || r.eps.Op == nil || r.norm != Linf && r.norm != L2 && r.norm != L1 {
		return region{}, fmt.Errorf("bounds: want a ball of norm linf, l2 or l1 with images and eps, or a box, got norm %q", string(r.norm))
	}
	out := region{norm: r.norm, point: r.center}
	eps := w.reshape(r.eps, append([]int64{-1}, ones(len(n.image.dims))...)...)
	reach := eps
	if w.on() { // what subtraction rounds
		reach = w.widen(eps, w.add(eps, w.scalar(1)), 0)
	}
	out.lower = w.max(w.sub(r.center, reach), w.min(r.center, w.scalar(0)))
	out.upper = w.min(w.add(r.center, reach), w.max(r.center, w.scalar(1)))
	out.eps = w.reshape(reach, -1, 1, 1)
	out.reach = w.mul(reach, op.OnesLike(w.s.Op("ones"), r.center))
	return out, nil
}

// interval is the region as the interval of the image.
func (r region) interval(w *writer) interval {
	i := w.fromBounds(r.lower, r.upper)
	if r.norm != Linf || len(r.slopes) > 0 {
		i.point, i.reach, i.norm, i.slopes = r.point, r.reach, r.norm, r.slopes
	}
	return i
}
