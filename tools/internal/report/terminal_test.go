package report

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// series of four images of class 0, of which the first three are right without
// attack: reach is where each breaks, 0 for nowhere.
func series(text, name string, family attacks.Family, loss attacks.Loss, radii []float32, reach ...attacks.Distance) attacks.AttackResult {
	s := attacks.AttackResult{Attack: text, Name: name, Family: family, Search: attacks.Ascending, Norm: attacks.Linf, Radii: radii}
	if loss != "" {
		s.Losses = []attacks.Loss{loss}
	}
	for _, r := range reach {
		a := attacks.ImageResult{Done: true, Distance: r, ThreatDistance: r, Class: 1}
		if r == 0 {
			a.Distance, a.ThreatDistance = inf, inf
		}
		for _, e := range radii {
			a.Tried += map[bool]string{true: "1", false: "0"}[float64(a.ThreatDistance) <= float64(e)+1e-6]
		}
		s.Results = append(s.Results, a)
	}
	s.Results = append(s.Results, attacks.ImageResult{Distance: inf, ThreatDistance: inf})
	return s
}

// four is an evaluation that breaks image 0 from .1 on and image 1 from .2 on by fgsm, image 2
// from .2 on by random signs alone.
func four() Record {
	large, small := []float32{.1, .2}, []float32{.05}
	return Record{About: About{Run: "x", Kind: "base", Encoder: "hinton", Set: "mnist", Part: "test", Shape: [3]int{4, 4, 1}, Classes: 3}, Evaluation: attacks.Evaluation{
		Norm: attacks.Linf, Radii: []float32{.05, .1, .2}, Exhaustive: true, Images: 4, CleanCorrect: 3,
		Labels: []int32{0, 0, 0, 0}, Clean: []int32{0, 0, 0, 1}, Index: []int{0, 1, 2, 3},
		Attacks: []attacks.AttackResult{
			series("random", "random", attacks.Baseline, "", large, 0, 0, .2),
			series("fgsm", "fgsm", attacks.WhiteBox, attacks.Classification, large, .1, .2, 0),
			series("fgsm(loss=training)", "fgsm", attacks.WhiteBox, attacks.Training, large, 0, 0, 0),
			series("bim(steps=3,alpha=.05)", "bim", attacks.WhiteBox, attacks.Margin, small, 0, 0, 0),
		},
	}}
}

func TestAttackTable(t *testing.T) {
	r := four()
	var b strings.Builder
	PrintAttacks(&b, &r, 0)
	want := `accuracy under attack, % of 4 images (75.0 without attack), linf
  eps                                    0.1    0.2
  random signs, no gradient             75.0   50.0
  FGSM, gradient of the classifier      50.0   25.0
  FGSM, gradient of the training loss   75.0  75.0!
  worst case per image                  50.0    0.0
    95 % interval, from                 15.0    0.0
    to                                  85.0   49.0
  ! succeeds on fewer images than random signs of the same size: this gradient does not follow the classifier
accuracy under attack, % of 4 images (75.0 without attack), linf
  eps                                    0.05
  BIM, 3 steps, gradient of the margin   75.0
  worst case per image                   75.0
    95 % interval, from                  30.1
    to                                   95.4

`
	if got := b.String(); !strings.HasPrefix(got, want) {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

// TestLaterAttacks wants the accuracy under attack where later attacks run only
// on images still classified correctly, and no mark for a gradient with none to attack.
func TestLaterAttacks(t *testing.T) {
	r := four()
	r.Evaluation.Exhaustive = false
	for _, k := range []int{1, 2} { // random signs broke image 2 before
		r.Evaluation.Attacks[k].Results[2] = attacks.ImageResult{Done: true, Skipped: true, Distance: inf, ThreatDistance: inf}
	}
	f := Summarise(&r)
	for k, want := range [][2]int{{3, 2}, {2, 0}, {2, 0}} {
		for p, left := range want {
			if got := f.Attacks[k].Points[p]; got.Robust.Count != left || got.WeakerThan != "" || got.OnlyThis != nil {
				t.Errorf("%s at %g: want %d left, unmarked, got %+v", f.Attacks[k].Attack, got.Eps, left, got)
			}
		}
	}
	var b strings.Builder
	f.Print(&b, 0)
	if got := b.String(); !strings.Contains(got, "under each attack and those above it") || strings.Contains(got, "weakness of this attack") {
		t.Errorf("want a table that says it is cumulative, and nothing on single attacks:\n%s", got)
	}
	// Random signs that come later and break more than the gradient did prove
	// it weak all the same.
	e := &r.Evaluation
	large := e.Attacks[0].Radii
	e.Attacks = []attacks.AttackResult{series("fgsm", "fgsm", attacks.WhiteBox, attacks.Classification, large, 0, 0, 0), series("random", "random", attacks.Baseline, "", large, .1, 0, .2)}
	if f = Summarise(&r); f.Attacks[0].Points[1].WeakerThan != "random signs" {
		t.Errorf("want the gradient marked, got %+v", f.Attacks[0].Points[1])
	}
}

func TestTitles(t *testing.T) {
	one := attacks.AttackResult{Attack: "bim(steps=3)", Name: "bim", Losses: []attacks.Loss{attacks.Classification}, Radii: []float32{.1}}
	two := one
	two.Attack = "bim(alpha=.01,steps=3)"
	again := two
	odd := attacks.AttackResult{Attack: "new(x=1)", Name: "new", Params: []attacks.Param{{Key: "target", Value: "next"}, {Key: "restarts", Value: "5"}}, Losses: []attacks.Loss{attacks.Appearance, attacks.DLR}}
	got := titleAttacks([]attacks.AttackResult{one, two, again, odd})
	want := []string{"bim(steps=3)", "bim(alpha=.01,steps=3)", "bim(alpha=.01,steps=3), run 2", "new, 5 restarts, target next, gradient of the appearance code and the DLR loss"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("want %q, got %q", want[i], got[i])
		}
	}
}

func TestVerdict(t *testing.T) {
	r := four()
	say := func() string {
		var b strings.Builder
		Summarise(&r).Print(&b, 0)
		return b.String()
	}
	want := func(texts ...string) {
		t.Helper()
		got := say()
		for _, text := range texts {
			not := strings.HasPrefix(text, "!")
			if strings.Contains(got, strings.TrimPrefix(text, "!")) == not {
				t.Errorf("want %q in\n%s", text, got)
			}
		}
	}
	// The middle eps of .05, .1, .2: image 0 falls to fgsm, image 3 is wrong without attack.
	want("Changing each pixel by at most 0.1 is enough", "reduce that to 50.0 % or less", "accuracy under these 4 attacks together is 50.0 %; a stronger attack can only lower that", "training loss is 75.0 %: that measures the weakness", "not checked", "4 images are few", "!robust")
	r.Evaluation.Norm = attacks.L2
	want("!each pixel", "Changing an image by a Euclidean length of at most 0.1 is enough")
	r.Evaluation.Norm = attacks.L1
	want("!each pixel", "add up to at most 0.1")
	r.Evaluation.Norm = attacks.Linf
	r.Evaluation.Stopped = "the budget is used up"
	r.Evaluation.Attacks[3].Results[0].Done = false
	want("ended early (the budget is used up): attempts not made: 1", "they can only lower")
	r.Checks = []checks.Result{{ID: "C07", Status: checks.Fail, Title: "T", Value: "3 %", Threshold: "2 %", Images: []int{1, 2, 3, 4, 5, 6, 7}, Advice: "Robustness is not shown."}, {ID: "C01", Status: checks.Pass}, {ID: "C04", Status: checks.Warn, Title: "W", Value: "1", Threshold: "0"}}
	want("FAIL C07 T\n  3 %\n  wanted: 2 %\n  images 1, 2, 3, 4, 5 and 2 more\n  Robustness is not shown.\n", "!wanted: 0", "WARN C04", "!C01", "At most 50.0 % at 0.1, perhaps less: 1 of 3 checks failed (C07)", "Broken: 0 % left at 0.2. Failed checks cannot change that.", "!robust")
	r.Checks = r.Checks[1:]
	want("1 of 2 checks were not conclusive (C04)")
	r.Checks = solid(r.Checks[:1])
	want("robust accuracy at this radius is at most 50.0 %", "robust accuracy, upper bound", "2 checks found nothing wrong")
	r.Evaluation.Radii = []float32{.2} // where all are broken
	want("misclassified under at least one of these 4 attacks", "reduce that to 0.0 %.", "!at most 0.0 %;")
	r.Evaluation.Radii = []float32{.05} // where none is
	want("changed no correct prediction", "suspect the attacks first")
	r.Evaluation.Labels = []int32{0, 0, 0, 1} // three could be guessed
	r.Evaluation.Clean = []int32{0, 0, 0, 0}
	want("It predicts the same class for every image", "!learned nothing", "!enough to")
	r = Record{}
	want("Nothing was attacked")
}

func TestNarrow(t *testing.T) {
	r := fake("a-long-name-of-a-run", 40, []float32{4. / 255, 8. / 255, .1, .3, .5}, true, fakeAttacks, 5)
	for _, columns := range []int{30, 44, 60, 79, 200} {
		var b strings.Builder
		written(r).Print(&b, columns)
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > columns {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
		}
		if got := b.String(); !strings.Contains(got, "8/255") || !strings.Contains(got, "DeepFool: found") {
			t.Errorf("%d columns: something is missing:\n%s", columns, got)
		}
	}
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, PicturesDir), 0o755); err != nil {
		t.Fatal(err)
	}
	sh := pipelines.Shape{H: 4, W: 4, C: 1}
	r := four()
	set := attacks.Images{Pixels: make([]float32, 4*16), Labels: r.Evaluation.Labels, Index: r.Evaluation.Index}
	r.Evaluation.Attacks[1].Results[0].Image = make([]float32, 16)
	adversarial, err := WriteAdversarial(dir, set, &r, sh)
	if err != nil {
		t.Fatal(err)
	}
	check(t, adversarial, 3, 112, 3) // clean, changed, change
	full := trainer.Decoded{Canonical: make([]float32, 64), Field: make([]float32, 128), Reconstruction: make([]float32, 64)}
	for name, d := range map[string]trainer.Decoded{"full": full, "no warp": {Reconstruction: full.Reconstruction}} {
		path, err := WriteReconstructions(dir, set.Pixels, d, sh)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows := 3
		if d.Field == nil {
			rows = 2
		}
		check(t, path, rows, 84, 1)
	}
	if _, err := WriteAdversarial(filepath.Join(dir, "none"), set, &r, sh); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no folder: got %v", err)
	}
}

func TestMagnified(t *testing.T) {
	got, times := magnifyChange([]float32{0, 1, .5}, []float32{.125, .875, .5})
	if times != 4 || got[0] != 1 || got[1] != 0 || got[2] != .5 {
		t.Errorf("want a change of 1/8 drawn 4 times round grey, got %v, %d times", got, times)
	}
	if got, times := magnifyChange([]float32{1}, []float32{1}); times != 1 || got[0] != .5 {
		t.Errorf("no change: want grey, got %v, %d times", got, times)
	}
	if _, times := magnifyChange([]float32{0}, []float32{1e-9}); times != 32 {
		t.Errorf("want at most 32 times, got %d", times)
	}
}

// check wants a PNG of four images in each row, with lines of caption below each.
func check(t *testing.T, path string, rows, side, lines int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 4+4*(side+4) || b.Dy() != 4+rows*(side+lines*13+4) {
		t.Errorf("%s: want %d rows of 4, got %v", path, rows, b)
	}
}

func TestSummaryWords(t *testing.T) {
	r := four()
	f := Summarise(&r)
	s := Summary{
		Run: "runs/x", Attacks: &f, Pictures: []string{"runs/x/pictures/a.png"}, Export: &trainer.ExportReport{Path: "runs/x/export"},
		Training: trainer.Summary{Steps: 10, Epochs: 2.5, Seconds: 61, ImagesPerSecond: 1234.4},
		Test:     trainer.Evaluation{Accuracy: .9912, Images: 10000},
		LeftOut:  2,
	}
	s.Config.Model.Kind, s.Config.Model.Encoder, s.Config.Data.Set = "base", "hinton", "mnist"
	var b strings.Builder
	s.Print(&b, 0)
	for _, want := range []string{"the base CNN (hinton) on mnist: 10 steps, 2.5 epochs, 1m1s, 1234 images/s", "99.12 % of 10000", "It did without 2 image files that cannot be read (--skip-bad).\n", "worst case", "runs/x/pictures/a.png\n", "runs/x/export ", "runs/x/summary.json"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "waited") {
		t.Errorf("want no word on waiting where there was none, got\n%s", b.String())
	}
	for share, want := range map[float64]bool{.0199: false, .0201: true} {
		b.Reset()
		s.Training.Waiting = share
		if s.Print(&b, 0); strings.Contains(b.String(), "\n2 % of this time it waited for data") != want {
			t.Errorf("waiting for %g of the time: want a line on it: %v, got\n%s", share, want, b.String())
		}
	}
	for kind, want := range map[string]string{"": "a model", "base behind noise": "the base CNN behind the defence noise", "resnet": "the model resnet"} {
		if got := describeModel(kind); got != want {
			t.Errorf("%q: want %q, got %q", kind, want, got)
		}
	}
}
