package attacks

import (
	"math"
	"slices"
)

var _ = register(Entry{
	Name: "localsearch", Paper: "Narodytska and Kasiviswanathan 2017", Family: Score, Schedule: Whole, Own: L0,
	New: func() Attack { return new(LocalSearch) },
})

// LocalSearch is the greedy local search of Narodytska and Kasiviswanathan
// 2017. Values are centred: v is a pixel's value less the middle of the box. In
// each round every pixel of a set is tried alone: all its channels become
// p·sign(v), and the probability of the label is read. The T pixels with the
// lowest are then changed for good, by v·R, brought back into the box by once
// its width, and the squares of 2D+1 pixels round them are the next set. The
// search has no radius: it minimises nothing and stops at its first success,
// whose distance is the number of values changed. A target is tried for with
// the probability of not being the target.
//
// There are two readings. Mode paper follows the paper's section on its
// implementation: the first set is a tenth of the pixels, p grows while the
// chosen pixels leave the label near 1 and shrinks when they bring it below .3,
// and a changed pixel is left out for Tabu rounds. The paper gives neither p nor
// what it is multiplied by: here it is 1 at first, doubles where the label keeps
// more than .99, and halves. Mode foolbox is foolbox 1: p is
// 10 throughout, at most 128 pixels are tried in a round, and changed ones may
// change again.
//
// A pixel at p·sign(v) with p above ½ is outside the box: with 10, at -9.5 or
// 10.5 where images are in [0,1]. Such images are only asked about, to find
// out which pixels matter; a victim that refuses them cannot be attacked in
// this way. The image claimed is always inside: the changed pixels stay in the
// box by construction.
//
// The paper's pseudo-code sorts by falling probability, its text wants those
// that make it fall most: order=descending is the former.
type LocalSearch struct {
	Common
	Mode   string  `key:"mode" oneof:"paper foolbox" default:"paper" help:"whose reading of the paper"`
	Rounds int     `key:"rounds" in:"[1,1e6]" default:"150" help:"rounds, the paper's R"`
	R      float32 `key:"r" in:"[0,2]" default:"1.5" help:"factor by which a chosen pixel changes"`
	P      float32 `key:"p" in:"[0,1e6]" default:"0" help:"size of a trial; 0: 10 in mode foolbox, 1 at first in mode paper"`
	D      int     `key:"d" in:"[0,1e4]" default:"5" help:"half the side of the square searched round a changed pixel"`
	T      int     `key:"t" in:"[1,1e6]" default:"5" help:"pixels changed in a round"`
	Tabu   int     `key:"tabu" in:"[0,1e6]" default:"30" help:"rounds for which mode paper leaves a changed pixel out"`
	Order  string  `key:"order" oneof:"ascending descending" default:"ascending" help:"of the label's probability, from which the first t are taken"`
}

const (
	localCap    = 128 // pixels that foolbox tries in a round
	localGrowth = 2   // of p; the paper names none
	localHigh   = .99 // "close to 1"
	localLow    = .3
)

// Needs is nothing.
func (a *LocalSearch) Needs(Victim) []Loss { return nil }

// Attack searches until the first success.
func (a *LocalSearch) Attack(c *Case) { a.search(c, c.Rand.Perm, nil) }

// search takes its permutations from perm, and tells watch the pixels that each
// round changed.
func (a *LocalSearch) search(c *Case, perm func(n int) []int, watch func(chosen []int)) {
	paper := a.Mode == "paper"
	p := a.P
	if p == 0 && paper {
		p = 1
	} else if p == 0 {
		p = 10
	}
	all := c.H * c.W
	first := max(1, all/10)
	if !paper {
		first = min(first, localCap)
	}
	set := perm(all)[:first]
	x := clone(c.Image)
	free := make([]int, all) // the round from which a pixel may be tried
	for round := range a.Rounds {
		if !paper && len(set) > localCap {
			set = picked(set, perm(len(set)), localCap)
		}
		scores := a.scores(c, x, set, p)
		chosen, mean := a.choose(set, scores)
		for _, pixel := range chosen {
			a.change(c, x[pixel*c.C:][:c.C])
			if paper {
				free[pixel] = round + 1 + a.Tabu
			}
		}
		if watch != nil {
			watch(chosen)
		}
		z := c.Logits(x)[0]
		c.Trace(float32(-c.surprise(z)))
		if c.Success(z) && c.Claim(x) {
			return
		}
		p = a.adapted(p, mean)
		set = around(c, chosen, a.D, func(pixel int) bool { return free[pixel] <= round+1 })
		if len(set) == 0 { // every neighbour was changed just now
			clear(free)
			set = perm(all)[:first]
		}
	}
}

// adapted is the size of the next round's trials, after one that left the label
// a mean probability.
func (a *LocalSearch) adapted(p float32, mean float64) float32 {
	switch {
	case a.Mode != "paper":
	case mean > localHigh:
		return p * localGrowth
	case mean < localLow:
		return p / localGrowth
	}
	return p
}

// picked are at most n of set, in the order of a permutation.
func picked(set, order []int, n int) []int {
	out := make([]int, 0, n)
	for _, i := range order[:min(n, len(order))] {
		out = append(out, set[i])
	}
	return out
}

// scores are the probabilities of failure with each pixel of set perturbed
// alone.
func (a *LocalSearch) scores(c *Case, x []float32, set []int, p float32) []float64 {
	out := make([]float64, len(set))
	middle := (c.Threat.Lo + c.Threat.Hi) / 2
	p *= c.Threat.Hi - c.Threat.Lo
	c.sweep(len(set), func(i int, y []float32) {
		copy(y, x)
		at := y[set[i]*c.C:][:c.C]
		for k, v := range at {
			at[k] = middle + p*sign(v-middle)
		}
	}, func(i int, _, z []float32) bool {
		out[i] = math.Exp(c.surprise(z))
		if c.Target >= 0 {
			out[i] = 1 - math.Exp(-c.surprise(z))
		}
		return true
	})
	return out
}

// choose returns the first T pixels in Order, and the mean of their scores.
func (a *LocalSearch) choose(set []int, scores []float64) (chosen []int, mean float64) {
	order := make([]int, len(set))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		d := scores[i] - scores[j]
		if a.Order == "descending" {
			d = -d
		}
		switch {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	for _, i := range order[:min(a.T, len(order))] {
		chosen = append(chosen, set[i])
		mean += scores[i]
	}
	return chosen, mean / float64(len(chosen))
}

// change is the paper's CYCLIC on the channels of one pixel.
func (a *LocalSearch) change(c *Case, pixel []float32) {
	lo, hi := c.Threat.Lo, c.Threat.Hi
	middle := (lo + hi) / 2
	for k, v := range pixel {
		v = a.R * (v - middle)
		if v < lo-middle {
			v += hi - lo
		} else if v > hi-middle {
			v -= hi - lo
		}
		pixel[k] = min(max(v+middle, lo), hi)
	}
}

// around is the union of the squares of half-side d round pixels, cut at the
// image, without those that are not wanted, by rising number.
func around(c *Case, pixels []int, d int, want func(pixel int) bool) []int {
	in := make([]bool, c.H*c.W)
	for _, p := range pixels {
		for y := max(0, p/c.W-d); y <= min(c.H-1, p/c.W+d); y++ {
			for x := max(0, p%c.W-d); x <= min(c.W-1, p%c.W+d); x++ {
				in[y*c.W+x] = true
			}
		}
	}
	var out []int
	for p, near := range in {
		if near && want(p) {
			out = append(out, p)
		}
	}
	return out
}
