package report

import (
	"math"
	"strings"
	"testing"

	"unwarp/attacks/checks"
	"unwarp/trainer"
)

// TestWilson checks the definition: at each end of the interval the observed
// share is just 1.96 standard deviations away.
func TestWilson(t *testing.T) {
	for _, n := range []int{1, 2, 10, 333, 10000} {
		for _, right := range []int{0, 1, n / 3, n / 2, n - 1, n} {
			lo, hi := checks.Wilson(right, n)
			p := float64(right) / float64(n)
			if !(0 <= lo && lo <= p && p <= hi && hi <= 1) {
				t.Errorf("%d of %d: want %v within %v..%v", right, n, p, lo, hi)
			}
			for _, end := range []float64{lo, hi} {
				if end < 1e-12 || end > 1-1e-12 {
					continue // all or none: the interval ends there
				}
				distance := math.Abs(p-end) / math.Sqrt(end*(1-end)/float64(n))
				if math.Abs(distance-1.959964) > 1e-4 {
					t.Errorf("%d of %d: %v is %v standard deviations away", right, n, end, distance)
				}
			}
			lo2, hi2 := checks.Wilson(n-right, n)
			if math.Abs(lo-(1-hi2)) > 1e-12 || math.Abs(hi-(1-lo2)) > 1e-12 {
				t.Errorf("%d of %d is no mirror image of its opposite", right, n)
			}
		}
	}
	if lo, hi := checks.Wilson(0, 0); lo != 0 || hi != 1 {
		t.Errorf("of no images: want 0..1, got %v..%v", lo, hi)
	}
	// Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
	if lo, hi := checks.Wilson(81, 263); math.Abs(lo-.2553) > 5e-5 || math.Abs(hi-.3662) > 5e-5 {
		t.Errorf("81 of 263: want .2553 to .3662, got %.4f to %.4f", lo, hi)
	}
}

func evaluated(confusion [][]int) Evaluated {
	e := Evaluated{Run: "runs/x", Checkpoint: "last", Step: 7, Set: "glyphs", Part: "test"}
	right := 0
	for k, row := range confusion {
		for _, n := range row {
			e.Images += n
		}
		right += row[k]
	}
	e.Evaluation.Confusion = confusion
	e.Accuracy, e.Loss = float64(right)/float64(e.Images), .5
	e.AddIntervals()
	return e
}

func TestEvaluationTable(t *testing.T) {
	var b strings.Builder
	evaluated([][]int{{100, 0, 3}, {0, 7, 0}, {0, 0, 0}}).Print(&b, 0)
	want := `trained for 7 steps
accuracy        97.27 % (95 % interval 92.29 to 99.07)
cross-entropy   0.5000 nats

class    0 1 2   right   (rows: true class, columns: predicted)
    0  100 . 3   97.1%
    1    . 7 .  100.0%
    2    . . .    none

most frequent mistakes: 0 as 2 (3)
`
	if got := b.String(); got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

func TestManyClasses(t *testing.T) {
	n := maxTableClasses + 5
	confusion := make([][]int, n)
	for k := range confusion {
		confusion[k] = make([]int, n)
		confusion[k][k] = 10
	}
	confusion[3][4], confusion[3][3] = 6, 4
	confusion[9][9] = 0
	var b strings.Builder
	e := evaluated(confusion)
	e.Reconstruction = 3
	e.Print(&b, 0)
	got := b.String()
	for _, want := range []string{"lowest accuracy, of 25", "    3      10   40.0%\n", "3 as 4 (6)", "reconstruction  3 per image"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "    9 ") || strings.Count(got, "\n") > 20 {
		t.Errorf("want the worst ten, and no class without images:\n%s", got)
	}
}

func TestExportWords(t *testing.T) {
	var b strings.Builder
	PrintExport(&b, trainer.ExportReport{
		Path: "m", Bytes: 2_500_000, Input: trainer.Uint8Input,
		Signatures:  map[string][]string{"serving_default": {"logits", "probabilities"}, "embed": {"embedding"}},
		Differences: map[string]float64{"logits": 1.25e-7, "probabilities": 0, "embedding": 2e-6},
	}, 16)
	want := `SavedModel m, 2.5 MB, takes images as uint8, 0 to 255
read back and compared with the trained model on 16 images; largest differences:
  serving_default  logits          1.2e-07
                   probabilities   0
  embed            embedding       2e-06
`
	if got := b.String(); !strings.HasPrefix(got, want) || !strings.Contains(got, "keras.models.load_model") {
		t.Errorf("want\n%s…\ngot\n%s", want, got)
	}
}

func TestPerClass(t *testing.T) {
	for _, row := range []struct {
		n    []int
		want string
	}{{[]int{5, 5}, "5 each"}, {[]int{5, 6}, "5 6"}, {append(make([]int, 30), 7), "0 to 7"}} {
		if got := describeSizes(row.n); got != row.want {
			t.Errorf("%v: want %q, got %q", row.n, row.want, got)
		}
	}
}
