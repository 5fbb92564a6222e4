package tsne

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// affinities are the symmetric neighbour probabilities p_ij, which add up to 1
// over all pairs; for each point only those of its near neighbours are kept.
type affinities struct {
	rows []row
}

// row holds the p_ij of one point, sorted by j.
type row []entry

type entry struct {
	j int
	p float64
}

// newAffinities follows section 4.1 of van der Maaten 2014: each point gives
// its 3·perplexity nearest neighbours a Gaussian whose width makes the entropy
// of their probabilities log(perplexity), and the two directions are averaged.
func newAffinities(x mat.Matrix, perplexity float64) (*affinities, error) {
	n, _ := x.Dims()
	k := min(n-1, int(3*perplexity))
	a := &affinities{rows: make([]row, n)}
	squares := make([][]entry, n) // neighbours with squared distances
	findNeighbours(x, k, squares)
	for i, near := range squares {
		p, err := calibrate(near, perplexity)
		if err != nil {
			return nil, fmt.Errorf("tsne: point %d: %w", i, err)
		}
		for m, e := range near {
			share := p[m] / (2 * float64(n))
			a.rows[i] = append(a.rows[i], entry{e.j, share})
			a.rows[e.j] = append(a.rows[e.j], entry{i, share})
		}
	}
	for i, r := range a.rows {
		slices.SortStableFunc(r, func(a, b entry) int { return cmp.Compare(a.j, b.j) })
		merged := r[:0]
		for _, e := range r {
			if last := len(merged) - 1; last >= 0 && merged[last].j == e.j {
				merged[last].p += e.p
			} else {
				merged = append(merged, e)
			}
		}
		a.rows[i] = merged
	}
	return a, nil
}

// findNeighbours finds the k nearest other points of each point, with squared
// distances, nearest first. It multiplies blocks of rows with all others.
func findNeighbours(x mat.Matrix, k int, out [][]entry) {
	n, d := x.Dims()
	full := mat.DenseCopyOf(x)
	norms := make([]float64, n)
	for i := range norms {
		for _, v := range full.RawRowView(i) {
			norms[i] += v * v
		}
	}
	runParallel((n+pointsPerBlock-1)/pointsPerBlock, func(b int) {
		from, to := b*pointsPerBlock, min(n, (b+1)*pointsPerBlock)
		var products mat.Dense
		products.Mul(full.Slice(from, to, 0, d), full.T())
		all := make([]entry, 0, n-1)
		for i := from; i < to; i++ {
			all = all[:0]
			for j, v := range products.RawRowView(i - from) {
				if j != i {
					all = append(all, entry{j, max(0, norms[i]+norms[j]-2*v)})
				}
			}
			selectNearest(all, k)
			out[i] = slices.Clone(all[:k])
		}
	})
}

// pointsPerBlock is the number of points that are compared with all others at once.
const pointsPerBlock = 128

// selectNearest moves the k smallest entries to the front, in order.
func selectNearest(all []entry, k int) {
	order := func(a, b entry) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.j, b.j)) }
	// A few passes of quickselect, then a sort of what remains.
	lo, hi := 0, len(all)
	for hi-lo > 64 && k > lo && k < hi {
		pivot := all[lo+(hi-lo)/2]
		at := lo
		rest := hi
		for i := lo; i < rest; {
			switch c := order(all[i], pivot); {
			case c < 0:
				all[i], all[at] = all[at], all[i]
				at++
				i++
			case c > 0:
				rest--
				all[i], all[rest] = all[rest], all[i]
			default:
				i++
			}
		}
		switch {
		case k <= at:
			hi = at
		case k >= rest:
			lo = rest
		default:
			lo, hi = k, k
		}
	}
	slices.SortFunc(all[:max(hi, min(k, len(all)))], order)
}

// calibrate finds the precision of the Gaussian by bisection, and returns the
// probabilities of the neighbours, which add up to 1.
func calibrate(near []entry, perplexity float64) ([]float64, error) {
	want := math.Log(min(perplexity, float64(len(near))))
	p := make([]float64, len(near))
	beta, low, high := 1., 0., math.Inf(1)
	if mean := near[len(near)/2].p; mean > 0 {
		beta = 1 / mean
	}
	for range 200 {
		sum, weighted := 0., 0.
		for m, e := range near {
			// Relative to the nearest, so that not all of them underflow.
			p[m] = math.Exp(-beta * (e.p - near[0].p))
			sum += p[m]
			weighted += p[m] * (e.p - near[0].p)
		}
		entropy := math.Log(sum) + beta*weighted/sum
		if math.IsNaN(entropy) {
			return nil, fmt.Errorf("want finite distances, got %g to the nearest", near[0].p)
		}
		for m := range p {
			p[m] /= sum
		}
		switch {
		case math.Abs(entropy-want) < 1e-10:
			return p, nil
		case entropy > want:
			low = beta
		default:
			high = beta
		}
		if math.IsInf(high, 1) {
			beta *= 2
		} else {
			beta = (low + high) / 2
		}
		if math.IsInf(beta, 1) { // many equally near points: their entropy stays above
			break
		}
	}
	return p, nil
}
