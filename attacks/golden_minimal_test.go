package attacks

import (
	"math"
	"slices"
	"testing"
)

// recorded minimal attacks with the settings of their records. Within is by how
// much the mean (for cw the median) distance may be above the record's, below
// by how much it may be under it: infinite where the library's is known to be
// larger than it has to be.
var minimal = []struct {
	record, attack string
	norm           Norm
	within, below  float64
	median         bool
}{
	{"deepfool-l2", "deepfool", L2, .02, .02, false},
	{"deepfool-linf", "deepfool", Linf, .02, .02, false},
	{"cw-l2", "cw(steps=1000)", L2, .03, .03, true},
	{"ead-l1", "ead(beta=.01,rule=l1)", L1, .03, .03, false},
	{"ddn-l2", "ddn", L2, .02, .02, false},
	{"fmn-linf", "fmn", Linf, .02, .02, false},
	{"fmn-l2", "fmn", L2, .02, math.Inf(1), false}, // foolbox 3.3.4 leaves out the projection on the L2 ball
	{"fmn-l1", "fmn", L1, .02, .02, false},
	{"fmn-l0", "fmn-l0", L1, .02, .02, false},
	{"fab-linf", "fab", Linf, .03, .03, false},
	{"fab-l2", "fab", L2, .03, .03, false},
	{"fab-l1", "fab", L1, .03, .03, false},
	{"fab-t-linf", "fab(targets=9)", Linf, .03, .03, false},
	{"fab-t-l2", "fab(targets=9)", L2, .03, .03, false},
	{"fab-t-l1", "fab(targets=9)", L1, .03, .03, false},
}

// TestGoldenMinimal compares the sizes of perturbations with those that other
// libraries found on the same nets and images.
func TestGoldenMinimal(t *testing.T) {
	g := openGolden(t, "minimal")
	for _, net := range []string{"a", "b"} {
		for _, norm := range Threats {
			t.Run(net+"/"+string(norm), func(t *testing.T) {
				t.Parallel()
				n := openGoldenNet(t, net)
				var list []Attack
				var rows []int
				for i, row := range minimal {
					if row.norm == norm {
						list, rows = append(list, parse(t, row.attack)...), append(rows, i)
					}
				}
				set := Set{Pixels: n.Images, Labels: n.Labels}
				for i := range goldenImages {
					set.Index = append(set.Index, i)
				}
				ev := evaluate(t, newStage(t, n.Victim, box(norm), list...), set,
					Options{Attacks: list, Eps: []float32{.5}, Batch: goldenImages, Exhaustive: true})
				for s, i := range rows {
					row := minimal[i]
					record := net + "/" + row.record
					want := g.floats(record+"/distance", goldenImages)
					var ours, theirs []float64
					for k, d := range want {
						at := ev.Series[s].Attempts[k]
						if at.Done && (row.record != "fmn-l1" || !math.IsInf(float64(d), 1)) {
							ours, theirs = append(ours, float64(at.Distance)), append(theirs, float64(d))
						}
					}
					a, b := average(ours, row.median), average(theirs, row.median)
					t.Logf("%s: %.5f, %s %.5f, ratio %.4f; %v", record, a, g.how(record)["library"], b, a/b, ev.Series[s].Attempts[0].Cost)
					if !(a <= b*(1+row.within) && a >= b*(1-row.below)) {
						t.Errorf("%s: want %.5f +%g%% -%g%%, got %.5f", record, b, 100*row.within, 100*row.below, a)
					}
				}
			})
		}
	}
}

func average(v []float64, median bool) float64 {
	if median {
		v = slices.Sorted(slices.Values(v))
		return v[len(v)/2]
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
