package report

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// outcome of four images whose true labels are all 0.
func outcome(name string, loss attacks.Loss, steps int, eps float32, classes ...int32) attacks.Outcome {
	o := attacks.Outcome{Attack: name, Loss: loss, Norm: attacks.Linf, Eps: eps, Steps: steps, Images: 4, CleanRight: 3, Classes: classes}
	for _, c := range classes {
		if c == 0 {
			o.Right++
		}
	}
	o.Broken = max(0, 3-o.Right)
	return o
}

func attacked() (attacks.Report, []int32) {
	r := attacks.Report{Images: 4, CleanRight: 3, Clean: []int32{0, 0, 0, 1}, Outcomes: []attacks.Outcome{
		outcome("random", "", 1, .1, 0, 0, 0, 1), outcome("random", "", 1, .2, 0, 0, 2, 1),
		outcome("fgsm", attacks.Classification, 1, .1, 1, 0, 0, 1), outcome("fgsm", attacks.Classification, 1, .2, 1, 1, 0, 1),
		outcome("fgsm(loss=training)", attacks.Training, 1, .1, 0, 0, 0, 1), outcome("fgsm(loss=training)", attacks.Training, 1, .2, 0, 0, 0, 1),
		outcome("bim(steps=3,eps=.05)", attacks.Margin, 3, .05, 0, 0, 0, 0),
	}}
	r.Outcomes[5].Weak = "weak"
	return r, []int32{0, 0, 0, 0}
}

func TestAttackTable(t *testing.T) {
	r, labels := attacked()
	var b strings.Builder
	Attacks(&b, r, labels)
	want := `accuracy left, % of 4 images (75.0 without attack), linf
  eps                                             0.1    0.2
  random signs, no gradient                      75.0   50.0
  FGSM, gradient of the classifier               50.0   25.0
  FGSM, gradient of the training loss            75.0  75.0!
  worst case per image                           50.0    0.0
  ! breaks fewer images than random signs of the same size: this gradient does not follow the classifier
accuracy left, % of 4 images (75.0 without attack), linf
  eps                                            0.05
  BIM, 3 steps, gradient of the margin          100.0
  worst case per image                           75.0
`
	if got := b.String(); got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

func TestSameTitles(t *testing.T) {
	r := attacks.Report{Images: 4, CleanRight: 3, Clean: []int32{0, 0, 0, 1}, Outcomes: []attacks.Outcome{
		outcome("bim(steps=3)", attacks.Classification, 3, .1, 0, 0, 0, 0),
		outcome("bim(steps=3,alpha=.01)", attacks.Classification, 3, .1, 0, 0, 0, 0),
	}}
	var b strings.Builder
	Attacks(&b, r, []int32{0, 0, 0, 0})
	if got := b.String(); !strings.Contains(got, "  bim(steps=3) ") || !strings.Contains(got, "  bim(steps=3,alpha=.01) ") {
		t.Errorf("two attacks that look alike must be told apart:\n%s", got)
	}
}

func TestVerdict(t *testing.T) {
	r, labels := attacked()
	var b strings.Builder
	Verdict(&b, r, labels)
	got := b.String()
	// The middle eps of .05, .1, .2: image 0 falls to fgsm, image 3 is wrong without attack.
	for _, want := range []string{"each pixel by at most 0.1", "leave 50.0 %", "training loss leaves 75.0 %", "stronger one can only lower"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	for i := range r.Outcomes {
		r.Outcomes[i].Norm = attacks.L2
	}
	b.Reset()
	if Verdict(&b, r, labels); strings.Contains(b.String(), "each pixel") || !strings.Contains(b.String(), "Euclidean") {
		t.Errorf("l2 bounds the whole image:\n%s", b.String())
	}
	b.Reset()
	// Three images are right; two classes of which one has three images could be guessed.
	if Verdict(&b, r, []int32{0, 0, 0, 1}); !strings.Contains(b.String(), "learned nothing") || strings.Contains(b.String(), "enough to leave") {
		t.Errorf("of a model that guesses: %q", b.String())
	}
	b.Reset()
	if Verdict(&b, attacks.Report{}, nil); b.String() != "" {
		t.Errorf("of no attacks: %q", b.String())
	}
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, PicturesDir), 0o755); err != nil {
		t.Fatal(err)
	}
	sh := pipelines.Shape{H: 4, W: 4, C: 1}
	r, labels := attacked()
	set := attacks.Set{Pixels: make([]float32, 4*16), Labels: labels, Index: []int{0, 1, 2, 3}}
	for i := range r.Outcomes {
		r.Outcomes[i].Adversarial = make([]float32, 4*16)
	}
	adversarial, err := Adversarial(dir, set, r, sh)
	if err != nil {
		t.Fatal(err)
	}
	full := trainer.Decoded{Canonical: make([]float32, 64), Field: make([]float32, 128), Reconstruction: make([]float32, 64)}
	rows := map[string]int{adversarial: 4} // clean and three eps
	for name, d := range map[string]trainer.Decoded{"full": full, "no warp": {Reconstruction: full.Reconstruction}} {
		path, err := Reconstructions(dir, set.Pixels, d, sh)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows[path] = 3
		if d.Field == nil {
			rows[path] = 2
		}
		check(t, path, rows[path])
	}
	check(t, adversarial, 4)
	if _, err := Adversarial(filepath.Join(dir, "none"), set, r, sh); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no folder: got %v", err)
	}
}

// check wants a PNG of four 4x4 images in each row.
func check(t *testing.T, path string, rows int) {
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
	side := 4 * (84 / 4)
	if b := img.Bounds(); b.Dx() != 4+4*(side+4) || b.Dy() != 4+rows*(side+13+4) {
		t.Errorf("%s: want %d rows of 4, got %v", path, rows, b)
	}
}

func TestSummaryWords(t *testing.T) {
	r, labels := attacked()
	s := Summary{
		Run: "runs/x", Attacks: &r, Pictures: []string{"runs/x/pictures/a.png"}, Export: &trainer.ExportReport{Path: "runs/x/export"},
		Training: trainer.Summary{Steps: 10, Epochs: 2.5, Seconds: 61, ImagesPerSecond: 1234.4},
		Test:     trainer.Evaluation{Accuracy: .9912, Images: 10000},
	}
	s.Config.Model.Kind, s.Config.Model.Encoder, s.Config.Data.Set = "base", "hinton", "mnist"
	var b strings.Builder
	s.Print(&b, labels)
	for _, want := range []string{"the base CNN (hinton) on mnist: 10 steps, 2.5 epochs, 1m1s, 1234 images/s", "99.12 % of 10000", "worst case", "runs/x/pictures/a.png\n", "runs/x/export ", "runs/x/summary.json"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
}
