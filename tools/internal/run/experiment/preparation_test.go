package experiment

import (
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
)

// The preparation is the one that the file tells, unless another is clearly more
// accurate; else, of those as accurate as the best, the first of about the least loss.
func TestChoosePreparation(t *testing.T) {
	all := guesses(pipelines.Shape{H: 28, W: 28, C: 1}) // 0..1, 0..255, -1..1, MNIST's
	for name, c := range map[string]struct {
		correct []int
		loss    []float64
		wants   graphs.Range
		best    int
	}{
		"clearly one":              {[]int{20, 190, 20, 20}, []float64{2, .1, 2, 2}, "", 1},
		"told":                     {[]int{188, 190, 20, 20}, []float64{.3, .2, 2, 2}, "0..1", 0},
		"told, but wrong":          {[]int{20, 190, 20, 20}, []float64{2, .1, 2, 2}, "0..1", 1},
		"as accurate, less loss":   {[]int{193, 194, 190, 195}, []float64{.39, 3.4, .24, .072}, "", 3},
		"less accurate, less loss": {[]int{181, 20, 20, 173}, []float64{.77, 2, 2, .45}, "", 0},
		"a scale of the logits":    {[]int{200, 200, 126, 195}, []float64{.0033, 0, 10, .29}, "", 0},
		"unsure of itself":         {[]int{200, 198, 197, 199}, []float64{.059, 1.4, .11, .014}, "", 0},
		"less accurate, no loss":   {[]int{100, 200, 100, 100}, []float64{.001, .2, 1, 1}, "", 1},
		"no losses":                {[]int{150, 200, 199, 200}, nil, "", 1},
		"none is right":            {[]int{0, 0, 0, 0}, []float64{3, 3, 3, 3}, "", 0},
		"what is told is unknown":  {[]int{20, 20, 190, 20}, []float64{2, 2, .1, 2}, "0..3", 2},
	} {
		if got, why := choosePreparation(all, imported.Measured{Images: 200, Correct: c.correct, Loss: c.loss, Wants: c.wants}); got != c.best {
			t.Errorf("%s: chose %s, want %s: %s", name, all[got].name, all[c.best].name, why)
		}
	}
}

func TestIsChance(t *testing.T) {
	labels := make([]int32, 200)
	for i := range labels {
		labels[i] = int32(i % 10)
	}
	for correct, want := range map[int]bool{10: true, 20: true, 28: true, 40: false, 200: false} {
		if got := isChance(correct, labels); got != want {
			t.Errorf("%d of 200 correct, of 10 classes: %v", correct, got)
		}
	}
}
