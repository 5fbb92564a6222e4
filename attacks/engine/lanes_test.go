package engine_test

import (
	"slices"
	"sync"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// runLanes evaluates four pixels by an attack that do writes.
func runLanes(t *testing.T, budget int, do func(o *attacks.Oracle)) *attacks.Evaluation {
	t.Helper()
	a := &scripted{do: do}
	a.Budget, a.EOT = budget, 1
	s := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	return attacktest.Evaluate(t, s, greyImages(.1, .2, .3, .4), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.05}, Batch: 8, Exhaustive: true, LossCurves: 4})
}

// TestLanes: all lanes make all of their requests, with random numbers of their
// own, the first those of a search alone; the losses stand in the order of lanes.
func TestLanes(t *testing.T) {
	var mu sync.Mutex // images are attacked at the same time
	draws := map[int][]uint64{}
	ev := runLanes(t, 0, func(o *attacks.Oracle) {
		drawn := make([]uint64, 19) // more than run side by side
		alone := *o.Rand
		found := o.Lanes(len(drawn), 2, func(i int, o *attacks.Oracle) bool {
			drawn[i] = o.Rand.Uint64()
			for range 3 {
				o.AttackLoss(attacks.Classification, o.Image)
				o.RecordLoss(float32(i))
				if free, all := o.Room(); free != 1 || all != 1 { // or it would depend on what else runs how far a lane comes in a round
					t.Errorf("want no room in a lane, got %d and %d", free, all)
				}
			}
			return false
		})
		if found || drawn[0] != alone.Uint64() {
			t.Errorf("image %d: want no success, got %v, and the first lane to draw as a search alone", o.Index, found)
		}
		mu.Lock()
		defer mu.Unlock()
		draws[o.Index] = drawn
	})
	var all []uint64
	for i, r := range ev.Attacks[0].Results {
		if want := (attacks.Cost{Forward: 57, Backward: 57}); r.Cost != want || !slices.IsSorted(r.LossCurve) || len(r.LossCurve) != 57 {
			t.Errorf("image %d: want %v and 57 losses in the order of lanes, got %v and %v", i, want, r.Cost, r.LossCurve)
		}
		all = append(all, draws[10*i]...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 4*19 {
		t.Errorf("want all draws to differ, got %d of %d", n, 4*19)
	}
}

// TestLanesEnd: a success ends all lanes, the first of those that succeed in one
// round counts, and lanes that end without success do not end the others.
func TestLanesEnd(t *testing.T) {
	ev := runLanes(t, 0, func(o *attacks.Oracle) {
		made, unwound := make([]int, 6), make([]bool, 6)
		var winners []int
		if !o.Lanes(6, 0, func(i int, o *attacks.Oracle) bool {
			defer func() { unwound[i] = true }()
			for made[i] < 10 {
				if i == 1 && made[i] == 2 {
					return false
				}
				if (i == 3 || i == 4) && made[i] == 5 {
					winners = append(winners, i)
					return true
				}
				o.Logits(o.Image)
				made[i]++
			}
			return false
		}) {
			t.Error("want a success")
		}
		if want := []int{5, 2, 5, 5, 4, 4}; !slices.Equal(winners, []int{3}) || made[0] < 5 || made[1] != 2 || made[5] != 4 || slices.Contains(unwound, false) {
			t.Errorf("want lane 3 to end all after %v requests, got %v after %v, unwound %v", want, winners, made, unwound)
		}
	})
	for i, r := range ev.Attacks[0].Results {
		if want := 6*5 - 3 + 2; r.Cost.Forward > want {
			t.Errorf("image %d: want at most %d passes, got %v", i, want, r.Cost)
		}
	}
}

// TestLanesLead: the others wait for the first lane's lead, or for its end.
func TestLanesLead(t *testing.T) {
	for lead, want := range map[int]int{4: 4, 50: 7} {
		runLanes(t, 0, func(o *attacks.Oracle) {
			first, before := 0, -1
			o.Lanes(2, lead, func(i int, o *attacks.Oracle) bool {
				if i == 1 {
					before = first
				}
				for k := 0; i == 0 && k < 7; k++ {
					o.Logits(o.Image)
					first++
				}
				return false
			})
			if before < want-1 || before > want {
				t.Errorf("lead %d: want the second lane to begin after %d requests of the first, got %d", lead, want, before)
			}
		})
	}
}

// TestLanesBudget: lanes end together where the attack's budget does, and what one
// has claimed before counts.
func TestLanesBudget(t *testing.T) {
	ev := runLanes(t, 31, func(o *attacks.Oracle) {
		o.Lanes(5, 0, func(i int, o *attacks.Oracle) bool {
			o.Logits(o.Image)
			o.Claim(pixel(.5)) // too far but for the last image
			for {
				o.Logits(o.Image)
			}
		})
		t.Error("want the search to end in the lanes")
	})
	for i, r := range ev.Attacks[0].Results {
		if r.Cost.Forward > 31 || r.Cost.Forward < 27 || r.Found() {
			t.Errorf("image %d: want most of 31 passes and no example, got %+v", i, r)
		}
	}
}

// TestLanesPanic: an error in a lane ends the evaluation and names the attack.
func TestLanesPanic(t *testing.T) {
	a := &scripted{do: func(o *attacks.Oracle) {
		o.Lanes(3, 0, func(i int, o *attacks.Oracle) bool {
			o.Logits(o.Image)
			if i == 2 {
				panic("broken")
			}
			o.Logits(o.Image)
			return false
		})
	}}
	a.EOT = 1
	s := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	e, err := engine.NewEngine(s, s, engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.05}, Batch: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(t.Context(), greyImages(.1, .2), nil, nil); err == nil {
		t.Error("want an error")
	}
}
