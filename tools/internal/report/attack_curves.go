package report

import (
	"math"
	"slices"

	"unwarp/attacks"
)

// LossPoint is the mean loss at an iterate; images that were misclassified at an
// earlier one keep their last loss.
type LossPoint struct {
	Iterate int     `json:"iterate"`
	Mean    float64 `json:"mean"`
}

// Queries are the forward passes up to the first confirmed example, of the
// images for which there is one.
type Queries struct {
	Median int   `json:"median"`
	Bins   []Bin `json:"bins"`
}

// Bin counts images with at least From and fewer than To queries.
type Bin struct {
	From  int `json:"from"`
	To    int `json:"to"`
	Count int `json:"count"`
}

// maxLosses is the largest number of points of a curve; no screen shows more.
const maxLosses = 200

func averageLosses(results []attacks.ImageResult) (curve []LossPoint, traced int) {
	longest := 0
	var traces [][]float32
	for _, a := range results {
		if n := finitePrefix(a.LossCurve); n > 0 {
			traces = append(traces, a.LossCurve[:n])
			longest = max(longest, n)
		}
	}
	if longest < 2 {
		return nil, 0
	}
	every := (longest + maxLosses - 1) / maxLosses
	for k := 0; k < longest; k += every {
		var sum float64
		for _, t := range traces {
			sum += float64(t[min(k, len(t)-1)])
		}
		curve = append(curve, LossPoint{k + 1, sum / float64(len(traces))})
	}
	return curve, len(traces)
}

// countQueries counts images in bins that begin at 1, 2, 5, 10, 20, 50 … queries.
func countQueries(results []attacks.ImageResult) *Queries {
	var all []int
	for _, a := range results {
		if wasRun(a) && a.Queries > 0 && !math.IsInf(float64(validDistance(a.Distance)), 1) {
			all = append(all, a.Queries)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	q := &Queries{Median: all[(len(all)-1)/2]}
	from, next := 1, []int{2, 5, 10}
	for k, i := 0, 0; i < len(all); k++ {
		to := next[k%3]
		next[k%3] *= 10
		n := 0
		for ; i < len(all) && all[i] < to; i++ {
			n++
		}
		if n > 0 || len(q.Bins) > 0 {
			q.Bins = append(q.Bins, Bin{from, to, n})
		}
		from = to
	}
	return q
}
