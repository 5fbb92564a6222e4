package report

import (
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
)

// TestCaptions: an image that was wrong without attack withstands nothing, and its
// caption says so; others have the true class, the predicted one and the distance.
func TestCaptions(t *testing.T) {
	r := four() // image 0 breaks, image 2 and 3 do not: the last is wrong without attack
	r.ClassNames = []string{"oak", "großer Ahorn", "数字"}
	r.Evaluation.Attacks = r.Evaluation.Attacks[1:2]
	r.Evaluation.Attacks[0].Results[0].Image = make([]float32, 16)
	r.Evaluation.Attacks[0].Results[0].Class = 2 // whose name the font of pictures lacks
	for _, row := range []struct {
		i     int
		clean string
		found string
	}{
		{0, "true: oak\nseen as: oak", "seen as: 2\nL∞ 0.1"},
		{2, "true: oak\nseen as: oak", "no example found"},
		{3, "true: oak\nseen as: großer Ahorn\nwrong without attack", "wrong without attack"},
	} {
		if clean, found := captionClean(&r, row.i), captionExample(&r, row.i, smallestExample(&r.Evaluation, row.i)); clean != row.clean || found != row.found {
			t.Errorf("image %d: want %q and %q, got %q and %q", row.i, row.clean, row.found, clean, found)
		}
	}
	r.Evaluation.Attacks[0].Results[2] = attacks.ImageResult{Distance: inf, ThreatDistance: inf}
	if got := captionExample(&r, 2, nil); got != "not attacked" {
		t.Errorf("an attempt that was not made: got %q", got)
	}
}

// TestPagePictures: the page says of the same images the same.
func TestPagePictures(t *testing.T) {
	r := four()
	r.ClassNames = []string{"oak", "großer Ahorn", "数字"}
	im := drawn(&r, 4)
	got := choosePictures("x", &r, Summarise(&r), im).Images
	if p := got[0]; !p.Found || p.Label != "oak" || p.Class != "großer Ahorn" || p.Size != "L∞ 0.1, FGSM, gradient of the classifier" {
		t.Errorf("an example: got %+v", p)
	}
	if p := got[3]; p.Found || !p.Wrong || p.Seen != "großer Ahorn" || p.Size != "wrong without attack" {
		t.Errorf("wrong without attack: got %+v", p)
	}
}

// TestCaptionedScale: the longest words fit below images of any size.
func TestCaptionedScale(t *testing.T) {
	for _, sh := range []pipelines.Shape{{H: 4, W: 4, C: 1}, {H: 28, W: 28, C: 1}, {H: 32, W: 32, C: 3}, {H: 96, W: 96, C: 2}, {H: 300, W: 300, C: 3}, {H: 1, W: 1, C: 1}} {
		if wide := captionedScale(sh) * sh.W * panelCount(sh); wide < 112 || wide > 112+300 {
			t.Errorf("%v: %d pixels", sh, wide)
		}
	}
}
