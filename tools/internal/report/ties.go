package report

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

// countTies counts for each radius the images that are misclassified in ties
// alone; nil where there are none.
func countTies(e *attacks.Evaluation) []int {
	out := make([]int, len(e.Radii))
	for k, eps := range e.Radii {
		out[k] = e.TiedCount(eps)
	}
	if slices.Max(append(out, 0)) == 0 {
		return nil
	}
	return out
}

// describeTies says how many errors are ties, "" where none is.
func describeTies(f SummaryData, p Point) string {
	attacked := 0
	if k := slices.Index(f.Radii, p.Eps); k >= 0 && k < len(f.Ties) {
		attacked = f.Ties[k]
	}
	if f.CleanTies+attacked == 0 {
		return ""
	}
	return fmt.Sprintf("Ties count as errors: the label shares the largest logit of %s without attack, and at eps %s of %s misclassified in no other way.",
		countImages(f.CleanTies), formatEps(p.Eps), countImages(attacked))
}
