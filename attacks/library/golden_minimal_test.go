package library

import (
	"math"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// minimalRecords are attacks with the settings of their records. Above and below
// are the shares by which the mean distance may lie from the record's; below is 1
// where the library's is known to be larger than it has to be. Images limits
// how many of net b are attacked, for those that take thousands of steps; of
// net a, which takes three times as long, half as many are, and none by those.
var minimalRecords = []struct {
	record, attack string
	norm           attacks.Norm
	above, below   float64
	images         int
}{
	{"deepfool-l2", "deepfool", attacks.L2, .01, .01, 31},
	{"deepfool-linf", "deepfool", attacks.Linf, .01, .01, 31},
	{"cw-l2", "cw(steps=1000)", attacks.L2, .03, .03, 6},
	{"ead-l1", "ead(beta=.01,rule=l1)", attacks.L1, .03, .03, 6},
	{"ddn-l2", "ddn", attacks.L2, .01, .01, 31},
	{"fmn-linf", "fmn", attacks.Linf, .01, .01, 31},
	{"fmn-l2", "fmn", attacks.L2, .02, 1, 31}, // foolbox 3.3.4 leaves out the projection on the L2 ball
	{"fmn-l1", "fmn", attacks.L1, .01, .01, 31},
	{"fmn-l0", "fmn-l0", attacks.L1, .02, .05, 31}, // foolbox does not look at the last iterate
	{"fab-linf", "fab", attacks.Linf, .01, .01, 31},
	{"fab-l2", "fab", attacks.L2, .01, .01, 31},
	{"fab-l1", "fab", attacks.L1, .03, .03, 31},
	{"fab-t-linf", "fab(targets=9)", attacks.Linf, .01, .01, 31},
	{"fab-t-l2", "fab(targets=9)", attacks.L2, .01, .01, 31},
	{"fab-t-l1", "fab(targets=9)", attacks.L1, .03, .03, 31},
}

// TestGoldenMinimal compares the sizes of perturbations with those that other
// libraries found on the same nets and images.
func TestGoldenMinimal(t *testing.T) {
	g := openGolden(t, "minimal")
	for _, net := range []string{"a", "b"} {
		n := openGoldenNet(t, net)
		for _, norm := range attacks.Threats {
			for _, images := range []int{6, 31} { // the last is wrong without attack
				var list []attacks.Attack
				var rows []int
				for i, row := range minimalRecords {
					if row.norm == norm && row.images == images {
						list, rows = append(list, attacktest.Parse(t, row.attack)...), append(rows, i)
					}
				}
				if len(list) == 0 || net == "a" && images == 6 {
					continue
				}
				if net == "a" {
					images /= 2
				}
				set := attacks.Images{Pixels: n.Images[:images*n.Victim.Size()], Labels: n.Labels[:images], Index: make([]int, images)}
				ev := attacktest.Evaluate(t, attacktest.NewSession(t, n.Victim, attacktest.UnitBox(norm), list...), set,
					engine.Options{Attacks: list, Eps: []float32{.5}, Batch: images, Exhaustive: true})
				for s, i := range rows {
					compareMinimal(t, g, net, i, ev.Attacks[s].Results)
				}
			}
		}
	}
}

// compareMinimal compares mean distances over the images for which there is a
// recorded one; ours must be found on all.
func compareMinimal(t *testing.T, g golden, net string, i int, all []attacks.ImageResult) {
	t.Helper()
	row, record := minimalRecords[i], net+"/"+minimalRecords[i].record
	want := g.floats(record+"/distance", goldenImages)
	var ours, theirs, n float64
	for k, at := range all {
		if math.IsInf(float64(at.Distance), 1) {
			t.Errorf("%s, image %d: found nothing", record, k)
		}
		if !math.IsInf(float64(want[k]), 1) {
			ours, theirs, n = ours+float64(at.Distance), theirs+float64(want[k]), n+1
		}
	}
	t.Logf("%s: mean distance %.5f, %s's %.5f, ratio %.4f over %g images", record, ours/n, g.how(record)["library"], theirs/n, ours/theirs, n)
	if !(ours <= theirs*(1+row.above) && ours >= theirs*(1-row.below)) {
		t.Errorf("%s: want a mean distance of %.5f +%g%% -%g%%, got %.5f", record, theirs/n, 100*row.above, 100*row.below, ours/n)
	}
}
