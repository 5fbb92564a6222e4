package attacks

import "math"

// handful is how many candidates an attack holds at a time: those of all lanes
// together have to fit in memory.
const handful = 128

// sweep has n candidates scored. fill writes candidate i to x, see gets it
// back with its logits, in order; where see returns false the rest is left
// out.
func (c *Case) sweep(n int, fill func(i int, x []float32), see func(i int, x, logits []float32) bool) {
	var held [][]float32
	for from := 0; from < n; from += handful {
		m := min(handful, n-from)
		for i := range m {
			if i == len(held) {
				held = append(held, make([]float32, len(c.Image)))
			}
			fill(from+i, held[i])
		}
		for i, z := range c.Logits(held[:m]...) {
			if !see(from+i, held[i], z) {
				return
			}
		}
	}
}

// tryAll is a Whole attack that has nothing but n candidates: of those that
// succeed the nearest is claimed.
func (c *Case) tryAll(n int, fill func(i int, x []float32)) {
	for from := 0; from < n; from += handful {
		var best []float32
		near := c.Bound
		c.sweep(min(handful, n-from), func(i int, x []float32) { fill(from+i, x) }, func(_ int, x, z []float32) bool {
			if d := c.Distance(x); c.Success(z) && d < near {
				near, best = d, append(best[:0], x...)
			}
			return true
		})
		if best != nil {
			c.Claim(best)
		}
	}
}

// logProb is the logarithm of the softmax of class k.
func logProb(z []float32, k int) float64 {
	top := float64(z[argmax(z)])
	var sum float64
	for _, v := range z {
		sum += math.Exp(float64(v) - top)
	}
	return float64(z[k]) - top - math.Log(sum)
}

// surprise is the cross-entropy of success, which falls as an attack advances:
// that of the target, or the label's negated.
func (c *Case) surprise(z []float32) float64 {
	if c.Target >= 0 {
		return -logProb(z, c.Target)
	}
	return logProb(z, c.Label)
}
