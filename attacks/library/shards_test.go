package library

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// TestShards: for every attack, evaluations of shards put together are equal to
// the last bit to one of all images, whose requests share batches with others.
func TestShards(t *testing.T) {
	t.Parallel()
	checkShards(t, attacksFor(t, attacks.Linf, 5), true, 7, 5)
}

// TestShardsOfBattery: the same of the battery, in which an attack sees only the
// radii at which the attacks before it failed.
func TestShardsOfBattery(t *testing.T) {
	t.Parallel()
	members, _ := attacks.Ensemble("battery")
	var list []attacks.Attack
	v := attacktest.Smooth(6, 6, 1, 5)
	for _, a := range attacktest.Parse(t, members...) {
		if attacks.About(a).Defined(attacks.Threat{Norm: attacks.Linf}) && v.OffersAll(a) && attacks.CheckClasses(a, 5) == nil && a.Settings().Gradient == attacks.Plain {
			a.Settings().Budget = 60 // passes: the whole of some attacks takes minutes
			list = append(list, a)
		}
	}
	checkShards(t, list, false, 9, 5)
}

func checkShards(t *testing.T, list []attacks.Attack, exhaustive bool, images, classes int) {
	t.Helper()
	o := engine.Options{Attacks: list, Eps: []float32{.02, .08}, Batch: 8, Exhaustive: exhaustive, Keep: 3, LossCurves: 4}
	s := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, classes), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, s, images)
	set.Labels[1] = (set.Labels[1] + 1) % int32(classes) // misclassified without attack
	o.Sources = map[string]engine.Session{"other": s}
	newEngine := func(shard attacks.Shard) *engine.Engine {
		o.Shard = shard
		e, err := engine.NewEngine(s, s, o)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	want, err := newEngine(attacks.Shard{}).Run(t.Context(), set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	const shards = 3
	var parts []engine.Part
	for k := 1; k <= shards; k++ {
		shard := attacks.Shard{K: k, N: shards}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("journal-%d.jsonl", k))
		j, err := engine.OpenJournal(path, shard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newEngine(shard).Run(t.Context(), set, j, nil); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = engine.ReadJournal(path); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, engine.Part{Shard: shard, Journal: j})
	}
	got, err := newEngine(attacks.Shard{}).Merge(t.Context(), set, parts)
	if err != nil {
		t.Fatal(err)
	}
	compareToTheBit(t, want, got)
}

// compareToTheBit wants two evaluations equal in all but the time they took, and
// what was claimed last, which journals do not hold.
func compareToTheBit(t *testing.T, want, got *attacks.Evaluation) {
	t.Helper()
	found := 0
	for a, w := range want.Attacks {
		for i := range w.Results {
			x, y := w.Results[i], got.Attacks[a].Results[i]
			x.Last, y.Last = nil, nil
			if x.Found() {
				found++
			}
			if !reflect.DeepEqual(x, y) {
				t.Errorf("%s, image %d: want %s, got %s", w.Attack, i, describe(x), describe(y))
			}
			w.Results[i], got.Attacks[a].Results[i] = attacks.ImageResult{}, attacks.ImageResult{}
		}
	}
	if found < len(want.Attacks) {
		t.Errorf("%d examples, too few to compare", found)
	}
	want.Seconds, got.Seconds = 0, 0
	if !reflect.DeepEqual(want, got) {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

func describe(r attacks.ImageResult) string {
	image := r.Image
	r.Image = nil
	return fmt.Sprintf("%+v %v effort %+v", r, image[:min(3, len(image))], r.Effort)
}
