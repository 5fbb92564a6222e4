package library

import (
	"math"

	"unwarp/attacks"
)

// window is a rectangle of pixels.
type window struct{ y, x, h, w int }

// windowSampler draws the places of windows.
type windowSampler struct {
	o     *attacks.Oracle
	short bool // never at the last row and column, as AutoAttack
}

// sample is a window of h by w pixels anywhere in the image.
func (s windowSampler) sample(h, w int) window {
	rows, cols := s.o.H-h+1, s.o.W-w+1
	if s.short {
		rows, cols = max(1, rows-1), max(1, cols-1)
	}
	return window{s.o.Rand.IntN(rows), s.o.Rand.IntN(cols), h, w}
}

// each calls visit with the index of each value of channel k in r, row by row.
func (r window) each(o *attacks.Oracle, k int, visit func(i int)) {
	for y := r.y; y < r.y+r.h; y++ {
		for x := r.x; x < r.x+r.w; x++ {
			visit((y*o.W+x)*o.C + k)
		}
	}
}

// contains reports whether value i of the image is in r.
func (r window) contains(o *attacks.Oracle, i int) bool {
	y, x := i/o.C/o.W, i/o.C%o.W
	return y >= r.y && y < r.y+r.h && x >= r.x && x < r.x+r.w
}

// signWindows are Square's candidates in Linf.
type signWindows struct{ windowSampler }

// initialise implements squareProposals: vertical stripes of ±eps.
func (s signWindows) initialise(x []float32) {
	for col := range s.o.W {
		for k := range s.o.C {
			s.fill(x, window{0, col, s.o.H, 1}, k)
		}
	}
}

// propose implements squareProposals: a window of ±eps.
func (s signWindows) propose(x, best []float32, share float64) bool {
	side := max(1, int(math.RoundToEven(math.Sqrt(share*float64(s.o.H*s.o.W)))))
	r := s.sample(min(side, s.o.H), min(side, s.o.W))
	copy(x, best)
	for k := range s.o.C {
		s.fill(x, r, k)
	}
	for i, v := range x {
		if v != best[i] {
			return true
		}
	}
	return false
}

// fill changes channel k in r by eps with a random sign, as far as the box allows.
func (s signWindows) fill(x []float32, r window, k int) {
	o := s.o
	step := randomSign(o.Rand) * o.Eps
	r.each(o, k, func(i int) { x[i] = min(max(o.Image[i]+step, o.Threat.Lo), o.Threat.Hi) })
}
