package attacks

import "math"

// closest shows the referee what is closer to the clean image than all it has
// confirmed. An attack that gains a little at every step would otherwise ask
// at every step: gains below one percent wait for the next, or for show.
type closest struct {
	c    *Case
	x    []float32
	size float64 // of x, +Inf where nothing waits
}

func (c *Case) closest() *closest { return &closest{c: c, size: math.Inf(1)} }

// offer an image that looks like a success; it may be overwritten afterwards.
func (k *closest) offer(x []float32) {
	c := k.c
	d := c.Distance(x)
	if d >= min(k.size, c.Bound) {
		return
	}
	if d < .99*c.Bound || c.opens(d) {
		if c.Claim(x) && c.Bound <= k.size {
			k.size = math.Inf(1)
		}
		return
	}
	k.x, k.size = append(k.x[:0], x...), d
}

// show what waits.
func (k *closest) show() {
	if k.size < k.c.Bound {
		k.c.Claim(k.x)
	}
	k.size = math.Inf(1)
}

// opens tells whether an example at distance d breaks a radius that the
// confirmed ones do not.
func (c *Case) opens(d float64) bool {
	if c.Norm != c.Threat.Norm {
		return false
	}
	for _, r := range c.Radii {
		if d <= float64(r) {
			return c.Bound > float64(r)
		}
	}
	return false
}

// clear tells whether logits are those of a success by more than rounding. An
// example on the boundary itself is a success in one batch and none in another.
func (c *Case) clear(z []float32) bool { return c.margin(z) > rounding(z) }

// rounding is what logits may differ by from one batch to another.
func rounding(z []float32) float32 { return 1e-5 * max(1, norm(Linf, z)) }

// settled tells whether nothing is left to break: an attack that looks for the
// smallest perturbation may leave out further tries.
func (c *Case) settled() bool {
	return !c.further && c.Norm == c.Threat.Norm && len(c.Radii) > 0 && c.Bound <= float64(c.Radii[0])
}

// margin is by how much logits are a success: positive where they are.
func (c *Case) margin(z []float32) float32 {
	if c.Target >= 0 {
		return z[c.Target] - z[rival(z, c.Target)]
	}
	return z[rival(z, c.Label)] - z[c.Label]
}

// worst is the distance of the farthest corner of the box.
func (c *Case) worst(n Norm) float64 {
	far := make([]float32, len(c.Image))
	for i, v := range c.Image {
		far[i] = max(v-c.Threat.Lo, c.Threat.Hi-v)
	}
	return float64(norm(n, far))
}

// anneal goes from a to b along a cosine as t goes from 0 to 1.
func anneal(a, b, t float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*t))/2 }
