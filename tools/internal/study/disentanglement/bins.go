package disentanglement

import (
	"math"
	"slices"
	"sort"

	"unwarp/pipelines"
)

const (
	codeBins   = 20 // of equal width, of a unit
	factorBins = 10 // of equal frequency, of a factor that is a number
)

// binByWidth returns the bin of each value among n of equal width between the
// least and the largest value, as numpy.digitize over numpy.histogram's edges.
func binByWidth(x []float64, n int) []int {
	lo, hi := slices.Min(x), slices.Max(x)
	if lo == hi {
		lo, hi = lo-.5, hi+.5
	}
	edges := make([]float64, n)
	for k := range edges {
		edges[k] = lo + float64(k)*((hi-lo)/float64(n))
	}
	bins := make([]int, len(x))
	for i, v := range x {
		bins[i] = max(0, sort.SearchFloat64s(edges, math.Nextafter(v, math.Inf(1)))-1)
	}
	return bins
}

// binByRank returns the bin of each value among n with about as many values each.
// Equal values share a bin.
func binByRank(x []float64, n int) []int {
	sorted := slices.Sorted(slices.Values(x))
	bins := make([]int, len(x))
	for i, v := range x {
		bins[i] = sort.SearchFloat64s(sorted, v) * n / len(x)
	}
	return bins
}

// binFactor returns the value of a category, or the bin of a number. Numbers with
// no more values than bins, such as levels, are left as they are.
func binFactor(f pipelines.Factor, x []float64) []int {
	if f.Values == 0 && len(slices.Compact(slices.Sorted(slices.Values(x)))) > factorBins {
		return binByRank(x, factorBins)
	}
	bins := make([]int, len(x))
	values := slices.Compact(slices.Sorted(slices.Values(x)))
	for i, v := range x {
		bins[i], _ = slices.BinarySearch(values, v)
	}
	return bins
}
