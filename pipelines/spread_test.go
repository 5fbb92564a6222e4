package pipelines

import (
	"slices"
	"testing"
)

// Each part of the range gives one index, and all are given where as many are asked for.
func TestSpread(t *testing.T) {
	for _, row := range []struct{ n, of, want int }{{3, 30, 3}, {4, 10, 4}, {0, 3, 3}, {9, 3, 3}, {1, 5, 1}, {7, 1000, 7}} {
		got := Spread(row.n, row.of)
		if len(got) != row.want {
			t.Errorf("%d of %d: want %d indices, got %v", row.n, row.of, row.want, got)
		}
		for k, i := range got {
			if from, to := k*row.of/len(got), (k+1)*row.of/len(got); i < from || i >= to {
				t.Errorf("%d of %d: want index %d in %d..%d, got %d", row.n, row.of, k, from, to-1, i)
			}
		}
		if again := Spread(row.n, row.of); !slices.Equal(got, again) {
			t.Errorf("%d of %d: want the same indices again, got %v and %v", row.n, row.of, got, again)
		}
	}
}

// Of examples whose classes follow each other in turn, about equally many of each are chosen, whatever the
// distance of the chosen ones is.
func TestSpreadMeetsNoPeriod(t *testing.T) {
	const classes, n = 5, 500
	for _, every := range []int{2, 5, 10, 12, 15} {
		var count [classes]int
		for _, i := range Spread(n, n*every) {
			count[i%classes]++
		}
		for c, k := range count {
			// A binomial of mean 100 and deviation 9.
			if k < n/classes-40 || k > n/classes+40 {
				t.Errorf("one in %d: want about %d of class %d, got %d", every, n/classes, c, k)
			}
		}
	}
}
