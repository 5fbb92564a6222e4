package attacks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks/geometry"
	"unwarp/attacks/vector"
)

// Threats are the norms in which a radius can be given.
var Threats = []Norm{Linf, L2, L1}

// Threat is what the attacker may do: change an image by at most eps in Norm,
// and keep every value in [Lo,Hi]. Eps is in units of pixel values of images
// in [0,1] and comes with each call.
//
// Or, where Geometry is a threat, move its pixels: Norm is then "", and eps is a
// size in the unit of the geometric threat.
type Threat struct {
	Norm     Norm
	Lo, Hi   float32
	Geometry geometry.Threat
	// Lattice is L where examples count only if all of their values are k/L: 255 for
	// 8-bit images. 0: any values.
	Lattice int
}

// MaxLattice is the largest number of steps of a lattice: that of 16-bit images.
const MaxLattice = 65535

// Check refuses norms and boxes in which there is no threat.
func (t Threat) Check() error {
	if t.IsGeometric() && (t.Norm != "" || t.Lo != 0 || t.Hi != 1) {
		return fmt.Errorf("attacks: want the threat %s without a norm, of images in [0,1], got %s in [%g,%g]", t.Geometry, t.Norm, t.Lo, t.Hi)
	}
	if !t.IsGeometric() && !slices.Contains(Threats, t.Norm) {
		return fmt.Errorf("attack.norm: want one of %v, got %q", Threats, t.Norm)
	}
	if t.Lattice < 0 || t.Lattice > MaxLattice || t.Lattice > 0 && t.IsGeometric() {
		return fmt.Errorf("attack.lattice: want 0 to %d, of a norm, got %d of %s", MaxLattice, t.Lattice, t)
	}
	if !(t.Lo < t.Hi) {
		return fmt.Errorf("attacks: want a box of pixel values such as [0,1], got [%g,%g]", t.Lo, t.Hi)
	}
	return nil
}

// Steepest writes to d the direction of unit norm in which a linear loss with
// gradient g grows fastest: sign(g) for Linf, g/|g| for L2, the sign of the
// largest element for L1. Where g is zero it is zero. d may be g.
func (t Threat) Steepest(d, g []float32) {
	switch t.Norm {
	case Linf:
		for i, v := range g {
			d[i] = vector.Sign(v)
		}
	case L2:
		// Bring the largest element to 1 first: squares of very small and very
		// large gradients are 0 and infinite in float32.
		vector.Scale(d, g, 1/vector.AtLeastTiny(Linf.Of(g)))
		vector.Scale(d, d, 1/vector.AtLeastTiny(L2.Of(d)))
	case L1:
		k := 0
		for i, v := range g {
			if vector.Abs(v) > vector.Abs(g[k]) {
				k = i
			}
		}
		s := vector.Sign(g[k])
		clear(d)
		d[k] = s
	}
}

// Project moves x to the ball of radius eps around origin and then into the
// box, in place. For L2 and L1 the box only shortens the change, so that the
// result is in both.
func (t Threat) Project(x, origin []float32, eps float32) {
	switch t.Norm {
	case Linf:
		for i, v := range x {
			o := origin[i]
			x[i] = min(max(v, o-eps, t.Lo), o+eps, t.Hi)
		}
		return
	case L2:
		var sum float64
		for i, v := range x {
			d := float64(v - origin[i])
			sum += d * d
		}
		if size := math.Sqrt(sum); size > float64(eps) {
			f := float32(float64(eps) / size)
			for i, o := range origin {
				x[i] = o + f*(x[i]-o)
			}
		}
	case L1:
		vector.ProjectL1(x, origin, float64(eps), math.Inf(-1), math.Inf(1))
	}
	t.Clip(x)
}

// Clip moves x into the box, in place.
func (t Threat) Clip(x []float32) {
	for i, v := range x {
		x[i] = min(max(v, t.Lo), t.Hi)
	}
}
