package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// etaWindows are Square's candidates in L2 and L1. The mass of a set of values is
// the sum of |v|^power of their changes, power being 2 or 1.
type etaWindows struct {
	windowSampler
	side  int       // of pair
	pair  []float64 // the two pyramids, [side,side]
	delta []float32 // the change of the image
}

// power is the exponent of the norm.
func (p *etaWindows) power() float64 {
	if p.o.Threat.Norm == attacks.L1 {
		return 1
	}
	return 2
}

// mass is |v|^power.
func (p *etaWindows) mass(v float64) float64 {
	if p.o.Threat.Norm == attacks.L1 {
		return math.Abs(v)
	}
	return v * v
}

// initialise implements squareProposals: a mosaic of pyramids, five along the
// shorter side.
func (p *etaWindows) initialise(x []float32) {
	o := p.o
	p.delta = make([]float32, len(x))
	s := max(1, min(o.H, o.W)/5)
	for y := o.H % s / 2; y+s <= o.H; y += s {
		for col := o.W % s / 2; col+s <= o.W; col += s {
			p.sampleEta(window{y, col, s, s}, func(_, i int, v float64) { p.delta[i] = float32(v) })
		}
	}
	p.writeImage(x)
}

// sampleEta calls visit with channel, index and value of two pyramids over r, one
// above or beside the other, with a random sign in each channel.
func (p *etaWindows) sampleEta(r window, visit func(k, i int, v float64)) {
	if p.side != r.h {
		p.side, p.pair = r.h, etaPair(r.h, p.power())
	}
	transposed := p.o.Rand.Uint64()&1 == 0
	for k := range p.o.C {
		sign := float64(randomSign(p.o.Rand))
		n := 0
		r.each(p.o, k, func(i int) {
			from := n
			if transposed {
				from = n%r.w*r.w + n/r.w
			}
			n++
			visit(k, i, sign*p.pair[from])
		})
	}
}

// propose implements squareProposals: the mass of one window, and what is missing
// to norm eps, goes to another window in the form of pyramids.
func (p *etaWindows) propose(x, best []float32, share float64) bool {
	o := p.o
	s := max(3, int(math.RoundToEven(math.Sqrt(share*float64(o.H*o.W)))))
	s = min(s+1-s%2, o.H, o.W) // odd
	vector.Sub(p.delta, best, o.Image)
	to, from := p.sample(s, s), p.sample(s, s)
	missing := p.missingMass() / float64(o.C) // for each channel
	inTo, inBoth := p.emptyWindow(to, from)
	p.addPyramids(to, inTo, inBoth, missing)
	p.writeImage(x)
	return true
}

// missingMass is the mass by which delta falls short of norm eps.
func (p *etaWindows) missingMass() float64 {
	var sum float64
	for _, v := range p.delta {
		sum += p.mass(float64(v))
	}
	return max(0, math.Pow(float64(p.o.Eps), p.power())-sum)
}

// emptyWindow sets delta to 0 in from, outside to. It returns the masses, for
// each channel, that were in to and in both windows together.
func (p *etaWindows) emptyWindow(to, from window) (inTo, inBoth []float64) {
	o := p.o
	inTo, inBoth = make([]float64, o.C), make([]float64, o.C)
	for k := range o.C {
		to.each(o, k, func(i int) { inTo[k] += p.mass(float64(p.delta[i])) })
		inBoth[k] = inTo[k]
		from.each(o, k, func(i int) {
			if !to.contains(o, i) {
				inBoth[k] += p.mass(float64(p.delta[i]))
				p.delta[i] = 0
			}
		})
	}
	return inTo, inBoth
}

// addPyramids adds pyramids to the normalised delta in window to, and scales each
// channel to the mass of both windows plus what is missing.
func (p *etaWindows) addPyramids(to window, inTo, inBoth []float64, missing float64) {
	o, q := p.o, p.power()
	sum := make([]float64, o.C)
	p.sampleEta(to, func(k, i int, v float64) {
		v += float64(p.delta[i]) / (1e-12 + math.Pow(inTo[k], 1/q))
		p.delta[i] = float32(v)
		sum[k] += p.mass(v)
	})
	for k := range o.C {
		size := math.Pow(missing+inBoth[k], 1/q)
		if q == 1 {
			size *= float64(o.C)
		}
		f := float32(size / (1e-12 + math.Pow(sum[k], 1/q)))
		to.each(o, k, func(i int) { p.delta[i] *= f })
	}
}

// writeImage writes to x the clean image plus delta, in ball and box: in L2 delta
// is scaled to norm eps first, in L1 x is projected.
func (p *etaWindows) writeImage(x []float32) {
	o := p.o
	if o.Threat.Norm == attacks.L2 {
		vector.Scale(p.delta, p.delta, o.Eps/vector.AtLeastTiny(attacks.L2.Of(p.delta)))
		vector.AXPY(x, o.Image, 1, p.delta)
		o.Threat.Project(x, o.Image, o.Eps)
		return
	}
	vector.AXPY(x, o.Image, 1, p.delta)
	projectL1InBox(o, x, o.Eps)
}
