package attacks

// sparseAscent is APGD's in L1 (Croce and Hein 2021, algorithm 1): a step
// changes only the values with the largest gradients, 1/1.5 of as many as the
// best point has changed. Its size falls while that number does not, and is
// eps again when it does.
type sparseAscent struct {
	summit
	c        *Case
	eps      float32
	z, sizes []float32 // scratch
	size     float32   // of a step
	share    float32   // of the values that a step changes; float32 decides roundings as PyTorch's
	changed  float32   // values that the best point had changed at the last checkpoint
	every    int       // steps from one checkpoint to the next
}

// newSparseAscent starts at x, which it keeps. A given start sets the first
// share; otherwise it is a fifth.
func newSparseAscent(c *Case, x []float32, eps float32, steps int, given bool) *sparseAscent {
	a := &sparseAscent{
		summit: summit{x: x, best: clone(x)},
		c:      c, eps: eps, z: make([]float32, len(x)), sizes: make([]float32, len(x)),
		size: eps, share: .2, changed: float32(len(x)), every: max(int(.04*float64(steps)), 1),
	}
	if given {
		a.changed = a.changes()
		a.share = a.changed / float32(len(x)) / 1.5
	}
	return a
}

// changes counts the values in which the best point differs from the image by
// more than a rounding error. AutoAttack counts those too.
func (a *sparseAscent) changes() (n float32) {
	for i, v := range a.best {
		if abs(v-a.c.Image[i]) > 1e-6 {
			n++
		}
	}
	return n
}

func (a *sparseAscent) step() {
	n := len(a.x)
	keep := n - min(max(int((1-a.share)*float32(n)), 0), n-1)
	largestSigns(a.z, a.gradient, keep, a.sizes)
	axpy(a.x, a.x, a.size, a.z)
	shrink(a.x, a.c.Image, float64(a.eps), float64(a.c.Threat.Lo), float64(a.c.Threat.Hi))
}

func (a *sparseAscent) saw(s Slope) {
	a.summit.saw(s)
	if steps := a.seen - 1; steps == 0 || steps%a.every != 0 {
		return
	}
	now := a.changes()
	sparser := now/a.changed < .95
	a.share, a.changed = now/float32(len(a.x))/1.5, now
	if sparser {
		a.size = a.eps
		a.back()
		return
	}
	a.size = max(a.size/1.5, a.eps/10)
}
