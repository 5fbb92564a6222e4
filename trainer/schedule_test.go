package trainer

import (
	"math"
	"testing"
)

// Rates at chosen steps of a run of 20 steps in epochs of 10, worked out by
// hand.
func TestSchedules(t *testing.T) {
	half := math.Sqrt2 / 2
	for _, c := range []struct {
		name string
		s    Schedule
		want map[int]float64
	}{
		{"constant", Schedule{Name: "constant", Rate: .3}, map[int]float64{0: .3, 7: .3, 19: .3, 1000: .3}},
		{"constant with warm-up", Schedule{Name: "constant", Rate: .4, Warmup: mustDuration(t, "4st")},
			map[int]float64{0: .1, 1: .2, 2: .3, 3: .4, 4: .4, 19: .4}},
		{"cosine", Schedule{Name: "cosine", Rate: 2}, map[int]float64{0: 2, 5: 1 + half, 10: 1, 15: 1 - half, 20: 0, 25: 0}},
		{"cosine to a floor", Schedule{Name: "cosine", Rate: 1, Floor: .2}, map[int]float64{0: 1, 10: .6, 15: .6 - .4*half, 20: .2, 99: .2}},
		{"cosine with warm-up of a share", Schedule{Name: "cosine", Rate: 1, Warmup: mustDuration(t, "20%")},
			map[int]float64{0: .25, 3: 1, 4: 1, 8: .5 + half/2, 12: .5, 20: 0}},
		{"warm-up as long as the run", Schedule{Name: "cosine", Rate: 1, Warmup: mustDuration(t, "2ep")}, map[int]float64{0: .05, 19: 1}},
		{"steps", Schedule{Name: "steps", Rate: 8, Factor: .5, At: []Duration{mustDuration(t, "1ep"), mustDuration(t, "75%")}},
			map[int]float64{0: 8, 9: 8, 10: 4, 14: 4, 15: 2, 100: 2}},
		{"steps in any order, twice at once", Schedule{Name: "steps", Rate: 8, Factor: .5, At: []Duration{mustDuration(t, "15st"), mustDuration(t, "5st"), mustDuration(t, "20ex")}},
			map[int]float64{4: 8, 5: 2, 14: 2, 15: 1}},
		{"steps with warm-up", Schedule{Name: "steps", Rate: 8, Factor: .5, At: []Duration{mustDuration(t, "1st")}, Warmup: mustDuration(t, "2st")},
			map[int]float64{0: 4, 1: 8, 2: 4}},
	} {
		if err := c.s.check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		rate := c.s.Rates(4, 10, 20)
		for step, want := range c.want {
			if got := rate(step); math.Abs(float64(got)-want) > 1e-6 {
				t.Errorf("%s, step %d: want %g, got %g", c.name, step, want, got)
			}
		}
	}
}
