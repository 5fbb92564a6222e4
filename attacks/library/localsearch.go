package library

import (
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "localsearch", Title: "LocalSearch", Paper: "Narodytska and Kasiviswanathan 2017", Family: attacks.Score, Search: attacks.MinimumNorm, OwnNorm: attacks.L0,
	Battery: []attacks.Variant{{Rank: 350, Text: "localsearch(rounds=50)"}, {Rank: 360, Text: "localsearch"}},
	New:     func() attacks.Attack { return new(LocalSearch) },
})

// LocalSearch is the greedy local search of Narodytska and Kasiviswanathan 2017.
// Values are centred: v is a pixel's value less the middle of the box. In each
// round every pixel of a set is perturbed alone: all its channels become
// p·sign(v), and the probability of the label is read. The T pixels with the
// lowest probability are then changed permanently, by v·R, brought back into the
// box by once its width, and the squares of 2D+1 pixels around them are the next
// set. The search has no radius: it minimises nothing and ends at its first
// success, whose distance is the number of values changed. With a target the
// probability is that of not being the target.
//
// There are two readings. Mode paper follows the paper's section on its
// implementation: the first set is a tenth of the pixels, p grows while the
// chosen pixels leave the label's probability near 1 and shrinks when they bring
// it below .3, and a changed pixel is left out for Tabu rounds. The paper gives
// neither p nor its factor: here it is 1 at first, doubles where the probability
// stays above .99, and halves. Mode foolbox is foolbox 1: p is always 10, at most
// 128 pixels are perturbed in a round, and changed ones may change again.
//
// A pixel at p·sign(v) with p above ½ is outside the box: with 10, at -9.5 or
// 10.5 where images are in [0,1]. Such images are only evaluated, to find out
// which pixels matter; a victim that refuses them cannot be attacked in this way.
// The image claimed is always inside: changed pixels stay in the box by
// construction.
//
// The paper's pseudo-code sorts by decreasing probability, its text wants the
// pixels that decrease it most: order=descending is the former.
type LocalSearch struct {
	attacks.Common
	Mode   string  `key:"mode" oneof:"paper foolbox" default:"paper" help:"whose reading of the paper"`
	Rounds int     `key:"rounds" in:"[1,1e6]" default:"150" help:"rounds, the paper's R"`
	R      float32 `key:"r" in:"[0,2]" default:"1.5" help:"factor by which a chosen pixel changes"`
	P      float32 `key:"p" in:"[0,1e6]" default:"0" help:"size of the perturbation that is scored; 0: 10 in mode foolbox, 1 at first in mode paper"`
	D      int     `key:"d" in:"[0,1e4]" default:"5" help:"half the side of the square searched around a changed pixel"`
	T      int     `key:"t" in:"[1,1e6]" default:"5" help:"pixels changed in a round"`
	Tabu   int     `key:"tabu" in:"[0,1e6]" default:"30" help:"rounds for which mode paper leaves a changed pixel out"`
	Order  string  `key:"order" oneof:"ascending descending" default:"ascending" help:"of the label's probability, from which the first t are taken"`
}

const (
	foolboxCandidates = 128 // pixels that mode foolbox perturbs in a round
	sizeFactor        = 2   // of p; the paper names none
	highProbability   = .99 // "close to 1"
	lowProbability    = .3
)

// Losses implements [attacks.Attack]; there are none.
func (a *LocalSearch) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run searches until the first success.
func (a *LocalSearch) Run(o *attacks.Oracle) { a.search(o, o.Rand.Perm, nil) }

// search draws its permutations from perm. After each round it calls observe, if
// not nil, with the pixels changed.
func (a *LocalSearch) search(o *attacks.Oracle, perm func(n int) []int, observe func(chosen []int)) {
	paper := a.Mode == "paper"
	p := a.firstSize()
	count := o.H * o.W
	first := max(1, count/10)
	if !paper {
		first = min(first, foolboxCandidates)
	}
	pixels := perm(count)[:first]
	x := slices.Clone(o.Image)
	allowedFrom := make([]int, count) // the round from which a pixel may be perturbed
	for round := range a.Rounds {
		if !paper && len(pixels) > foolboxCandidates {
			pixels = pickFrom(pixels, perm(len(pixels)), foolboxCandidates)
		}
		chosen, mean := a.choosePixels(pixels, a.scorePixels(o, x, pixels, p))
		for _, pixel := range chosen {
			a.perturbPixel(o, x[pixel*o.C:][:o.C])
			if paper {
				allowedFrom[pixel] = round + 1 + a.Tabu
			}
		}
		if observe != nil {
			observe(chosen)
		}
		z := o.Logits(x)[0]
		o.RecordLoss(float32(-successCrossEntropy(o, z)))
		if o.Success(z) && o.Claim(x) {
			return
		}
		p = a.adaptSize(p, mean)
		pixels = neighbourhood(o, chosen, a.D, func(pixel int) bool { return allowedFrom[pixel] <= round+1 })
		if len(pixels) == 0 { // every neighbour was changed lately
			clear(allowedFrom)
			pixels = perm(count)[:first]
		}
	}
}

// firstSize is p in the first round.
func (a *LocalSearch) firstSize() float32 {
	switch {
	case a.P != 0:
		return a.P
	case a.Mode == "paper":
		return 1
	}
	return 10
}

// adaptSize is p in the next round; mean is the mean probability that the chosen
// pixels left to the label.
func (a *LocalSearch) adaptSize(p float32, mean float64) float32 {
	switch {
	case a.Mode != "paper":
	case mean > highProbability:
		return p * sizeFactor
	case mean < lowProbability:
		return p / sizeFactor
	}
	return p
}

// pickFrom are the first n of set, or all, in the order of a permutation.
func pickFrom(set, order []int, n int) []int {
	out := make([]int, 0, n)
	for _, i := range order[:min(n, len(order))] {
		out = append(out, set[i])
	}
	return out
}

// scorePixels are the probabilities of the label, or of not being the target,
// with each of pixels perturbed alone.
func (a *LocalSearch) scorePixels(o *attacks.Oracle, x []float32, pixels []int, p float32) []float64 {
	out := make([]float64, len(pixels))
	middle := (o.Threat.Lo + o.Threat.Hi) / 2
	p *= o.Threat.Hi - o.Threat.Lo
	scoreCandidates(o, len(pixels), func(i int, y []float32) {
		copy(y, x)
		channels := y[pixels[i]*o.C:][:o.C]
		for k, v := range channels {
			channels[k] = middle + p*vector.Sign(v-middle)
		}
	}, func(i int, _, z []float32) bool {
		out[i] = math.Exp(successCrossEntropy(o, z))
		if o.Target >= 0 {
			out[i] = 1 - math.Exp(-successCrossEntropy(o, z))
		}
		return true
	})
	return out
}

// choosePixels returns the first T of pixels in Order, and the mean of their
// scores.
func (a *LocalSearch) choosePixels(pixels []int, scores []float64) (chosen []int, mean float64) {
	order := make([]int, len(pixels))
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
		chosen = append(chosen, pixels[i])
		mean += scores[i]
	}
	return chosen, mean / float64(len(chosen))
}

// perturbPixel multiplies the centred channels of one pixel by R, and brings
// those outside the box back by its width (CYCLIC in the paper).
func (a *LocalSearch) perturbPixel(o *attacks.Oracle, pixel []float32) {
	lo, hi := o.Threat.Lo, o.Threat.Hi
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

// neighbourhood is the union of the squares of 2d+1 pixels around pixels, inside
// the image, in ascending order. Pixels that are not allowed are left out.
func neighbourhood(o *attacks.Oracle, pixels []int, d int, allowed func(pixel int) bool) []int {
	in := make([]bool, o.H*o.W)
	for _, p := range pixels {
		for y := max(0, p/o.W-d); y <= min(o.H-1, p/o.W+d); y++ {
			for x := max(0, p%o.W-d); x <= min(o.W-1, p%o.W+d); x++ {
				in[y*o.W+x] = true
			}
		}
	}
	var out []int
	for p, near := range in {
		if near && allowed(p) {
			out = append(out, p)
		}
	}
	return out
}
