package attacks

import "math"

var _ = register(Entry{
	Name: "square", Paper: "Andriushchenko, Croce, Flammarion and Hein 2020", Family: Score,
	New: func() Attack { return new(Square) },
})

// Square is the random search of Andriushchenko et al. 2020: it changes the
// image in square windows that shrink on a schedule, and keeps a change if the
// loss falls. In Linf every pixel is at one end of its range from the start,
// and a window gets one sign per channel. In L2, and in L1 (Croce and Hein
// 2021), a window gets a pair of pyramids of opposite sign, and the mass of a
// second window, which is emptied.
//
// AutoAttack's windows never reach the last row and column, and its start in L2
// and L1 fails on sides such as 12 or 24, into which more than five tiles fit,
// and on images that are not square; here windows are anywhere, and both sides
// count. That matters on small images, where the rim is a large part: Short
// draws windows as AutoAttack does, to compare with it. A candidate that changes nothing (in Linf a window of one pixel meets
// the sign it has half the time) is one of Queries, but is not asked about: the
// search is AutoAttack's, with fewer passes.
type Square struct {
	Common
	Queries  int     `key:"queries" in:"[1,1e6]" default:"5000" help:"candidates per restart"`
	P        float32 `key:"p" in:"[1e-6,1]" default:".8" help:"share of the pixels in the first windows"`
	Rescale  bool    `key:"rescale" help:"stretch the schedule of p, which is made for 10000 queries, to queries; AutoAttack's standard does not"`
	Loss     Loss    `key:"loss" oneof:"margin classification" help:"to bring down; none: margin, or the cross-entropy of a target"`
	Short    bool    `key:"short" help:"draw windows as AutoAttack does, never at the last row and column"`
	Restarts int     `key:"restarts" in:"[1,1e3]" default:"1" help:"searches, each from a start of its own"`
}

// Needs is nothing.
func (a *Square) Needs(Victim) []Loss { return nil }

// squareSchedule are the candidates after which p is halved.
var squareSchedule = []int{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000}

// share of the pixels in the window of candidate i.
func (a *Square) share(i int) float64 {
	if a.Rescale {
		i = int(float64(i) / float64(a.Queries) * 10000)
	}
	p := float64(a.P)
	for _, after := range squareSchedule {
		if i > after {
			p /= 2
		}
	}
	return p
}

// Attack searches from several starts.
func (a *Square) Attack(c *Case) {
	for range a.Restarts {
		if a.search(c) {
			return
		}
	}
}

// squareMoves are the start and the candidates in one norm. Move writes to x
// what becomes of best by a window of a share of the pixels, and says whether
// that is anything new.
type squareMoves interface {
	start(x []float32)
	move(x, best []float32, share float64) bool
}

func (a *Square) search(c *Case) bool {
	spots := spots{c, a.Short}
	var moves squareMoves = signWindows{spots}
	if c.Threat.Norm != Linf {
		moves = &pyramidWindows{spots: spots}
	}
	loss := func(z []float32) float64 { return -float64(c.margin(z)) }
	if a.Loss == Classification || a.Loss == "" && c.Target >= 0 {
		loss = c.surprise
	}
	x, best := make([]float32, len(c.Image)), make([]float32, len(c.Image))
	low := math.Inf(1)
	moves.start(x)
	for i := 0; ; i++ {
		z := c.Logits(x)[0]
		won := c.Success(z)
		if won && c.Claim(x) {
			return true
		}
		if l := loss(z); l < low || won {
			low = min(low, l)
			copy(best, x)
		}
		c.Trace(float32(-low))
		for ; i < a.Queries && !moves.move(x, best, a.share(i)); i++ {
			c.Trace(float32(-low))
		}
		if i >= a.Queries {
			return false
		}
	}
}

// rect is a window of an image.
type rect struct{ y, x, h, w int }

// spots says where windows may be.
type spots struct {
	c     *Case
	short bool
}

// window is one of h by w pixels anywhere in the image.
func (s spots) window(h, w int) rect {
	rows, cols := s.c.H-h+1, s.c.W-w+1
	if s.short {
		rows, cols = max(1, rows-1), max(1, cols-1)
	}
	return rect{s.c.Rand.IntN(rows), s.c.Rand.IntN(cols), h, w}
}

// each visits the values of channel k in r, row by row.
func (r rect) each(c *Case, k int, visit func(i int)) {
	for y := r.y; y < r.y+r.h; y++ {
		for x := r.x; x < r.x+r.w; x++ {
			visit((y*c.W+x)*c.C + k)
		}
	}
}

// signWindows are the moves in Linf.
type signWindows struct{ spots }

// start is vertical stripes.
func (s signWindows) start(x []float32) {
	for col := range s.c.W {
		for k := range s.c.C {
			s.fill(x, rect{0, col, s.c.H, 1}, k)
		}
	}
}

func (s signWindows) move(x, best []float32, share float64) bool {
	side := max(1, int(math.RoundToEven(math.Sqrt(share*float64(s.c.H*s.c.W)))))
	r := s.window(min(side, s.c.H), min(side, s.c.W))
	copy(x, best)
	for k := range s.c.C {
		s.fill(x, r, k)
	}
	for i, v := range x {
		if v != best[i] {
			return true
		}
	}
	return false
}

// fill moves channel k of r to one end of what is allowed.
func (s signWindows) fill(x []float32, r rect, k int) {
	c := s.c
	step := c.Eps
	if c.Rand.Uint64()&1 == 0 {
		step = -step
	}
	r.each(c, k, func(i int) { x[i] = min(max(c.Image[i]+step, c.Threat.Lo), c.Threat.Hi) })
}
