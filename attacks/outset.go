package attacks

// outset is an image that succeeds, from which a decision attack walks home:
// uniform noise, or a clean image of another class, whichever comes first in
// how and exists. Noise is no start for most targets. Nil if neither succeeds.
func (c *Case) outset(how string) []float32 {
	first, second := c.noise, c.other
	if how == "example" || how == "" && c.Target >= 0 {
		first, second = second, first
	}
	if x := first(); x != nil {
		return x
	}
	return second()
}

// outsetDraws is how much noise is tried, foolbox's number.
const outsetDraws = 1000

// noise is uniform noise that succeeds. It is asked about in groups that
// double, since often the first will do.
func (c *Case) noise() (found []float32) {
	for from, n := 0, 1; from < outsetDraws && found == nil; from, n = from+n, 2*n {
		c.sweep(min(n, outsetDraws-from), func(_ int, x []float32) {
			for i := range x {
				x[i] = c.Threat.Lo + (c.Threat.Hi-c.Threat.Lo)*c.Rand.Float32()
			}
		}, func(_ int, x, z []float32) bool {
			if c.Success(z) {
				found = clone(x)
			}
			return found == nil
		})
	}
	return found
}

// other is a clean image that the victim takes for the target, or for any
// class but the label.
func (c *Case) other() []float32 {
	classes := []int{c.Target}
	if c.Target < 0 {
		classes = c.Rand.Perm(c.Classes)
	}
	for _, k := range classes {
		if k == c.Label {
			continue
		}
		if x := c.Example(k); x != nil && c.Success(c.Logits(x)[0]) {
			return clone(x)
		}
	}
	return nil
}

// between writes to x what lies a part of the way from the clean image to far:
// on the straight line, in Linf on the way on which the largest changes shrink
// first.
func (c *Case) between(x, far []float32, n Norm, part float64) {
	if n != Linf {
		for i, o := range c.Image {
			x[i] = o + float32(part)*(far[i]-o)
		}
	} else {
		reach := float32(part * distance(Linf, far, c.Image))
		for i, o := range c.Image {
			x[i] = min(max(far[i], o-reach), o+reach)
		}
	}
	c.Threat.Clip(x)
}

// homeward moves far, which succeeds, towards the clean image to where it just
// does, by bisection to within a part of the way. The result was asked about,
// and succeeded.
func (c *Case) homeward(far []float32, n Norm, within float64) []float32 {
	best, x := clone(far), make([]float32, len(far))
	// Float32 has 24 bits: after as many halvings, or a few more near 0, nothing moves.
	for lo, hi, halvings := 0., 1., 0; hi-lo > within && halvings < 40; halvings++ {
		mid := (lo + hi) / 2
		c.between(x, far, n, mid)
		if c.Success(c.Logits(x)[0]) {
			hi = mid
			copy(best, x)
		} else {
			lo = mid
		}
	}
	return best
}
