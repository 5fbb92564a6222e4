package disentanglement

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"unwarp/pipelines"
)

const (
	votesTrain    = 10000 // as Locatello et al.
	votesTest     = 5000
	votesBatch    = 64
	leastExamples = 5 // images with one value of a factor, to be drawn from
)

// measureFactorVAE returns the score of Kim and Mnih 2018, section 4: a factor is
// held still in a batch, the unit that varies least over it, each in parts of its
// variance over all, votes for that factor, and the score is the accuracy of the
// majority vote. The paper draws the images of a batch anew; here they are drawn,
// with replacement, from those of s whose value, or bin of ten, is the same.
func measureFactorVAE(s Sample, factors []pipelines.Factor, seed uint64) float64 {
	v := newVoting(s, factors)
	if len(v.units) == 0 || len(v.pools) == 0 {
		return 0
	}
	r := rand.New(rand.NewPCG(seed, 0x7ac70a))
	train, test := v.count(r, votesTrain), v.count(r, votesTest)
	right := 0
	for i := range train {
		most := 0
		for j, n := range train[i] {
			if n > train[i][most] {
				most = j
			}
		}
		right += test[i][most]
	}
	return float64(right) / votesTest
}

// voting is what batches are drawn from.
type voting struct {
	rows  [][]float64 // [N][units], over the deviation of each unit
	units []int
	pools [][][]int // of each factor that can be held still, rows with one value
}

func newVoting(s Sample, factors []pipelines.Factor) voting {
	var v voting
	n, d := s.Codes.Dims()
	v.rows = make([][]float64, n)
	for i := range d {
		x := column(s.Codes, i)
		deviation := stat.StdDev(x, nil)
		if deviation*deviation <= leastVariance {
			continue // a dead unit would win each vote
		}
		v.units = append(v.units, i)
		for k, value := range x {
			v.rows[k] = append(v.rows[k], value/deviation)
		}
	}
	for j, f := range factors {
		if pools := poolsOf(s.Factors, j, f); len(pools) > 1 {
			v.pools = append(v.pools, pools)
		}
	}
	return v
}

// poolsOf returns the rows of each value of factor j that enough rows have.
func poolsOf(factors *mat.Dense, j int, f pipelines.Factor) (pools [][]int) {
	of := map[int][]int{}
	most := 0
	for i, bin := range binFactor(f, column(factors, j)) {
		of[bin] = append(of[bin], i)
		most = max(most, bin)
	}
	for bin := range most + 1 {
		if len(of[bin]) >= leastExamples {
			pools = append(pools, of[bin])
		}
	}
	return pools
}

// count returns how often each unit votes for each factor in n batches.
func (v voting) count(r *rand.Rand, n int) [][]int {
	votes := make([][]int, len(v.units))
	for i := range votes {
		votes[i] = make([]int, len(v.pools))
	}
	for range n {
		factor := r.IntN(len(v.pools))
		votes[v.vote(r, v.pools[factor])][factor]++
	}
	return votes
}

// vote returns the unit that varies least over a batch of one value of a factor. A
// value is drawn as often as images have it.
func (v voting) vote(r *rand.Rand, pools [][]int) int {
	total := 0
	for _, pool := range pools {
		total += len(pool)
	}
	at := r.IntN(total)
	pool := pools[0]
	for _, pool = range pools {
		if at < len(pool) {
			break
		}
		at -= len(pool)
	}
	sums, squares := make([]float64, len(v.units)), make([]float64, len(v.units))
	for range votesBatch {
		for i, x := range v.rows[pool[r.IntN(len(pool))]] {
			sums[i] += x
			squares[i] += x * x
		}
	}
	best, least := 0, math.Inf(1)
	for i := range sums {
		if variance := squares[i] - sums[i]*sums[i]/votesBatch; variance < least {
			best, least = i, variance
		}
	}
	return best
}
