package attacks

import "math"

// pyramidWindows are Square's moves in L2 and L1.
type pyramidWindows struct {
	spots
	side int
	pair []float64 // the pyramids of side
	d    []float32
}

// power of the norm.
func (p *pyramidWindows) power() float64 {
	if p.c.Threat.Norm == L1 {
		return 1
	}
	return 2
}

// mass is the sum of |v|^power.
func (p *pyramidWindows) mass(v float64) float64 {
	if p.c.Threat.Norm == L1 {
		return math.Abs(v)
	}
	return v * v
}

// start is a mosaic of pyramids, five along the shorter side.
func (p *pyramidWindows) start(x []float32) {
	c := p.c
	p.d = make([]float32, len(x))
	s := max(1, min(c.H, c.W)/5)
	for y := c.H % s / 2; y+s <= c.H; y += s {
		for col := c.W % s / 2; col+s <= c.W; col += s {
			p.cast(rect{y, col, s, s}, func(_, i int, v float64) { p.d[i] = float32(v) })
		}
	}
	p.put(x)
}

// cast hands out a pair of pyramids of norm 1 over r, lying or standing, with
// a random sign in each channel.
func (p *pyramidWindows) cast(r rect, give func(k, i int, v float64)) {
	if p.side != r.h {
		p.side, p.pair = r.h, pyramidPair(r.h, p.power())
	}
	across := p.c.Rand.Uint64()&1 == 0
	for k := range p.c.C {
		sign := 1.
		if p.c.Rand.Uint64()&1 == 0 {
			sign = -1
		}
		at := 0
		r.each(p.c, k, func(i int) {
			from := at
			if across {
				from = at%r.w*r.w + at/r.w
			}
			at++
			give(k, i, sign*p.pair[from])
		})
	}
}

func (p *pyramidWindows) move(x, best []float32, share float64) bool {
	c := p.c
	s := max(3, int(math.RoundToEven(math.Sqrt(share*float64(c.H*c.W)))))
	s = min(s+1-s%2, c.H, c.W) // odd
	sub(p.d, best, c.Image)
	to, from := p.window(s, s), p.window(s, s)
	q, eps := p.power(), float64(c.Eps)
	var whole float64
	for _, v := range p.d {
		whole += p.mass(float64(v))
	}
	// Each channel of the window may weigh what both windows did, and its part
	// of what is left.
	left := max(0, math.Pow(eps, q)-whole) / float64(c.C)
	inTo, both := make([]float64, c.C), make([]float64, c.C)
	for k := range c.C {
		to.each(c, k, func(i int) { inTo[k] += p.mass(float64(p.d[i])) })
		both[k] = inTo[k]
		from.each(c, k, func(i int) {
			if y, col := i/c.C/c.W, i/c.C%c.W; y < to.y || y >= to.y+s || col < to.x || col >= to.x+s {
				both[k] += p.mass(float64(p.d[i]))
				p.d[i] = 0
			}
		})
	}
	sum := make([]float64, c.C)
	p.cast(to, func(k, i int, v float64) {
		v += float64(p.d[i]) / (1e-12 + math.Pow(inTo[k], 1/q))
		p.d[i] = float32(v)
		sum[k] += p.mass(v)
	})
	for k := range c.C {
		size := math.Pow(left+both[k], 1/q)
		if q == 1 {
			size *= float64(c.C)
		}
		f := float32(size / (1e-12 + math.Pow(sum[k], 1/q)))
		to.each(c, k, func(i int) { p.d[i] *= f })
	}
	p.put(x)
	return true
}

// put writes the image moved by d, as far as the ball allows: in L2 scaled to
// its surface, in L1 projected.
func (p *pyramidWindows) put(x []float32) {
	c := p.c
	if c.Threat.Norm == L2 {
		scale(p.d, p.d, c.Eps/nonzero(norm(L2, p.d)))
		axpy(x, c.Image, 1, p.d)
		c.Threat.Project(x, c.Image, c.Eps)
		return
	}
	axpy(x, c.Image, 1, p.d)
	shrink(x, c.Image, float64(c.Eps), float64(c.Threat.Lo), float64(c.Threat.Hi))
}

// pyramidPair are two pyramids of opposite sign, one above the other, on s by s
// pixels (section 3.3 of the paper), of norm 1. Those of L1 are steeper.
func pyramidPair(s int, power float64) []float64 {
	fall := 2.
	if power == 1 {
		fall = 4
	}
	out := append(pyramid(s/2, s, fall, power), pyramid(s-s/2, s, fall, power)...)
	for i := s / 2 * s; i < len(out); i++ {
		out[i] = -out[i]
	}
	return unit(out, power)
}

// pyramid sums boxes round the middle of h by w pixels; box k weighs
// 1/(k+1)^fall.
func pyramid(h, w int, fall, power float64) []float64 {
	out := make([]float64, h*w)
	for k := range max(h, w)/2 + 1 {
		for y := max(0, h/2-k); y < min(h, h/2+k+1); y++ {
			for x := max(0, w/2-k); x < min(w, w/2+k+1); x++ {
				out[y*w+x] += 1 / math.Pow(float64(k+1), fall)
			}
		}
	}
	return unit(out, power)
}

// unit scales v to norm 1, in place.
func unit(v []float64, power float64) []float64 {
	var sum float64
	for _, x := range v {
		sum += math.Pow(math.Abs(x), power)
	}
	f := 1 / math.Pow(max(sum, 1e-300), 1/power)
	for i := range v {
		v[i] *= f
	}
	return v
}
