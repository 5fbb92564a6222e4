package probes

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Neighbours returns the share of the rows of test [M,D] whose class, of labels, is
// that of most of the k nearest rows of train [N,D] in the Euclidean distance;
// among classes with equally many, that of the nearest. k is 1 to N.
func Neighbours(train *mat.Dense, trainLabels []int32, test *mat.Dense, labels []int32, k int) (float64, error) {
	n, d := train.Dims()
	m, e := test.Dims()
	switch {
	case d != e || len(trainLabels) != n || len(labels) != m:
		return 0, fmt.Errorf("probes: neighbours: want codes of one size with a label each, got %dx%d with %d and %dx%d with %d", n, d, len(trainLabels), m, e, len(labels))
	case k < 1 || k > n:
		return 0, fmt.Errorf("probes: neighbours: want 1 to %d of them, got %d", n, k)
	}
	norms := make([]float64, n)
	for i := range norms {
		row := train.RawRowView(i)
		for _, v := range row {
			norms[i] += v * v
		}
	}
	right := 0
	for from := 0; from < m; from += rowsPerBlock {
		to := min(m, from+rowsPerBlock)
		var products mat.Dense
		products.Mul(test.Slice(from, to, 0, d), train.T())
		for i := from; i < to; i++ {
			// Less the test row's own norm, which changes no order.
			distances := products.RawRowView(i - from)
			for j := range distances {
				distances[j] = norms[j] - 2*distances[j]
			}
			if majorityClass(distances, trainLabels, k) == labels[i] {
				right++
			}
		}
	}
	return float64(right) / float64(m), nil
}

// rowsPerBlock is the number of rows that are compared with all others at once.
const rowsPerBlock = 128

// majorityClass returns the most frequent class among the k smallest distances.
func majorityClass(distances []float64, labels []int32, k int) int32 {
	near := make([]int, 0, k+1) // by distance
	for j, v := range distances {
		if len(near) == k && v >= distances[near[k-1]] {
			continue
		}
		at := len(near)
		for at > 0 && v < distances[near[at-1]] {
			at--
		}
		near = append(near, 0)
		copy(near[at+1:], near[at:])
		near[at] = j
		near = near[:min(k, len(near))]
	}
	votes := map[int32]int{}
	most := 0
	for _, j := range near {
		votes[labels[j]]++
		most = max(most, votes[labels[j]])
	}
	for _, j := range near {
		if votes[labels[j]] == most {
			return labels[j]
		}
	}
	return -1
}
