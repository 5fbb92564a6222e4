package attacks

import (
	"math"
	"testing"
)

// An attempt that a budget cut short counts as run only where it had found an
// example; images that are not attacked to the end are open at radii at which
// nothing was found.
func TestCutShort(t *testing.T) {
	none := Distance(math.Inf(1))
	result := func(done, cut bool, d Distance) ImageResult {
		return ImageResult{Done: done, CutShort: cut, Distance: d, ThreatDistance: d}
	}
	e := &Evaluation{
		Radii: []float32{.1, .3}, Images: 5, Pixels: 1, CleanCorrect: 4,
		Labels: []int32{0, 0, 0, 0, 0}, Clean: []int32{0, 0, 0, 0, 1},
		Attacks: []AttackResult{{Radii: []float32{.1, .3}, Results: []ImageResult{
			result(true, false, none), result(false, true, none), result(false, true, .3), result(false, false, none), result(false, false, none),
		}}},
	}
	if r := e.Runs(0); r != (Runs{Of: 4, Made: 1, CutShort: 1, Open: 2}) || e.RunCount(0) != 2 {
		t.Errorf("runs %+v", r)
	}
	for eps, want := range map[float32]int{.1: 3, .3: 2} {
		if got := e.OpenCount(eps, 0); got != want {
			t.Errorf("eps %g: want %d open images, got %d", eps, want, got)
		}
	}
}

// What is proven is not open, whether attacks ended or not.
func TestProvenIsNotOpen(t *testing.T) {
	e := &Evaluation{
		Radii: []float32{.1, .3}, Images: 2, CleanCorrect: 2, Labels: []int32{0, 0}, Clean: []int32{0, 0}, Proven: []float32{.1, 0},
		Attacks: []AttackResult{{Results: make([]ImageResult, 2)}},
	}
	for i := range e.Attacks[0].Results {
		e.Attacks[0].Results[i].ThreatDistance = NoDistance
	}
	if at, above := e.OpenCount(.1, 0), e.OpenCount(.3, 0); at != 1 || above != 2 {
		t.Errorf("open: %d at .1 and %d at .3, want 1 and 2", at, above)
	}
}
