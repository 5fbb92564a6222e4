package pipelines

import (
	"encoding"
	"reflect"
	"strings"
	"testing"
)

var (
	_ encoding.TextMarshaler   = Augment{}
	_ encoding.TextUnmarshaler = (*Augment)(nil)
)

func TestParseAugmentCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"":       "",
		"  ":     "",
		"flip":   "flip",
		"flip()": "flip",
		"crop(48)|resize(32)|flip|brightness(63/255)|contrast(.2,1.8)|deform(stretch=2..8,shift=2..8)": "crop(48)|resize(32)|flip|brightness(63/255)|contrast(0.2,1.8)|deform(stretch=2..8,shift=2..8)",
		" crop ( 48 ) | centre( 40 )":               "crop(48)|centre(40)",
		"shift(2)":                                  "shift(0..2)",
		"shift( 1 .. 2 )|stretch(-2..4)":            "shift(1..2)|stretch(-2..4)",
		"crop(96/2)":                                "crop(48)",
		"brightness(1e-1)":                          "brightness(0.1)",
		"deform":                                    "deform(stretch=2..8,shift=2..8)",
		"deform(step=1,shift=0..3)":                 "deform(stretch=2..8,shift=0..3,step=1)",
		"flip|erase( .5 )|mixup(1/5)":               "flip|erase(0.5)|mixup(1/5)",
		"erase(.5,.02,1/3)":                         "erase(0.5)",
		"erase(1,0,.2)|erase(.1)":                   "erase(1,0,0.2)|erase(0.1)",
		"contrast(1/2,3/2)|brightness(.1)|deform()": "contrast(1/2,3/2)|brightness(0.1)|deform(stretch=2..8,shift=2..8)",
	} {
		a := parse(t, text)
		if got := a.String(); got != want {
			t.Errorf("%q: canonical form %q, want %q", text, got, want)
		}
		if again := parse(t, a.String()); !reflect.DeepEqual(again, a) {
			t.Errorf("%q: parsed again from %q: %#v, want %#v", text, a.String(), again, a)
		}
	}
}

func TestParseAugmentErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"crop(48)|rezise(32)":               {"column 10", `"rezise"`, "stretch, shift, crop, centre, resize, flip, brightness, contrast, erase, deform, mixup", "did you mean resize?"},
		"crop":                              {"column 5", "1 arguments", "got 0", "write crop(48)"},
		"crop(48":                           {"column 8", `")"`},
		"crop(48) x":                        {"column 10", `"x"`},
		"crop(48)|":                         {"column 10", "empty step"},
		"|flip":                             {"column 1", "empty step"},
		"crop(4.5)":                         {"column 6", "whole number", "4.5"},
		"crop(0)":                           {"column 6", "1..4096", "got 0"},
		"crop(99999)":                       {"column 6", "1..4096"},
		"crop(n=48)":                        {"column 8", "without a name"},
		"flip(1)":                           {"column 7", "0 arguments", "got 1"},
		"stretch(3)":                        {"column 9", "range"},
		"stretch(4..2)":                     {"column 9", "swap"},
		"stretch(1..x)":                     {"column 12", `"x"`},
		"shift(-1)":                         {"column 7", "0..4096"},
		"brightness(63)":                    {"column 12", "0..1", "63/255"},
		"brightness(-.1)":                   {"column 12", "0..1"},
		"brightness(1/0)":                   {"column 12", "fraction"},
		"brightness(0/0)":                   {"column 12", "fraction"},
		"brightness(nan)":                   {"column 12", "fraction"},
		"brightness(0x1p-2)":                {"column 12", "fraction"},
		"brightness(inf)":                   {"column 12", "fraction"},
		"brightness(1e999)":                 {"column 12", "fraction"},
		"contrast(.2)":                      {"2 arguments", "got 1"},
		"contrast(1.8,.2)":                  {"column 10", "lower number first"},
		"contrast(.2,)":                     {"column 13", `""`},
		"deform(2..8)":                      {"column 8", "stretch=, shift= or step="},
		"deform(stretch=2..8,stretch=2..8)": {"column 29", "once"},
		"deform(step=0)":                    {"column 13", "1..4096"},
		"deform(shift=-2..2)":               {"column 14", "0..4096"},
		"contrast(.2,1.8)|crop(48)":         {"column 18", `"crop" after "contrast"`, "reorder"},
		"deform|flip":                       {"column 8", `"flip" after "deform"`},
		"deform|deform":                     {"column 8", "one deform"},
		"erase":                             {"column 6", "3 arguments", "got 0", "write erase(.25)"},
		"erase(.1,.2)":                      {"3 arguments", "got 2"},
		"erase(p=.1)":                       {"without a name"},
		"erase(1.5)":                        {"column 7", "0..1"},
		"erase(.1,.3,.2)":                   {"column 10", "smaller share first", "swap"},
		"erase(.1)|deform":                  {"column 11", "no deform beside erase", "leave one out"},
		"erase(.1)|brightness(.1)":          {"column 11", `"brightness" after "erase"`},
		"mixup(0)":                          {"column 7", "0.05..2"},
		"mixup(.2)|mixup(.2)":               {"column 11", `"mixup" after "mixup"`},
		"deform|mixup(.2)":                  {"column 8", `"mixup" after "deform"`},
	} {
		_, err := ParseAugment(text)
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		for _, part := range append(want, "augment") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error %q does not say %q", text, err, part)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %q has more than one line", text, err)
		}
	}
}

func TestAugmentText(t *testing.T) {
	a := parse(t, "flip")
	if err := a.UnmarshalText([]byte("cropp(3)")); err == nil || a.String() != "flip" {
		t.Errorf("after a bad text: %q, %v; want flip and an error", a, err)
	}
	if err := a.UnmarshalText([]byte("crop(3)")); err != nil {
		t.Fatal(err)
	}
	if text, err := a.MarshalText(); err != nil || string(text) != "crop(3)" {
		t.Errorf("text %q, %v; want crop(3)", text, err)
	}
}

func TestAugmentForEvaluationAndDeforms(t *testing.T) {
	a := parse(t, "stretch(0..2)|shift(2)|crop(48)|resize(32)|centre(30)|flip|brightness(.1)|contrast(.2,1.8)|deform")
	if got, want := a.ForEvaluation().String(), "centre(48)|resize(32)|centre(30)"; got != want {
		t.Errorf("for evaluation %q, want %q", got, want)
	}
	if b := parse(t, "flip|erase(.5)|mixup(.2)"); b.ForEvaluation().String() != "" || !b.Mixes() || a.Mixes() || b.Deforms() {
		t.Errorf("for evaluation %q, mixes %v and %v", b.ForEvaluation(), b.Mixes(), a.Mixes())
	}
	if !a.Deforms() || a.ForEvaluation().Deforms() || (Augment{}).Deforms() {
		t.Errorf("views: %v, for evaluation %v, of nothing %v; want only the first", a.Deforms(), a.ForEvaluation().Deforms(), (Augment{}).Deforms())
	}
}

func TestAugmentOut(t *testing.T) {
	norb := Shape{96, 96, 2}
	if got, err := parse(t, "crop(48)|resize(32)|flip|deform").OutputShape(norb); err != nil || got != (Shape{32, 32, 2}) {
		t.Errorf("shape %v, %v; want 32x32x2", got, err)
	}
	if got, err := parse(t, "").OutputShape(norb); err != nil || got != norb {
		t.Errorf("shape %v, %v; want 96x96x2", got, err)
	}
	if got, err := parse(t, "crop(96)").OutputShape(norb); err != nil || got != norb {
		t.Errorf("shape %v, %v; want 96x96x2", got, err)
	}
	for text, want := range map[string]string{
		"crop(97)":                 "crop(97): want an image of at least 97x97, got 96x96x2",
		"resize(32)|crop(48)":      "crop(48): want an image of at least 48x48, got 32x32x2",
		"centre(97)":               "centre(97)",
		"shift(96)":                "below the image's side of 96 pixels, got 96",
		"stretch(-96..0)":          "at least 1 pixel left",
		"resize(8)|deform":         "shift below the image's side of 8 pixels, got 8",
		"deform(stretch=-99..-96)": "at least 1 pixel left",
	} {
		if _, err := parse(t, text).OutputShape(norb); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", text, err, want)
		}
	}
}

func FuzzParseAugment(f *testing.F) {
	for _, s := range []string{
		"", "flip", "crop(48)|resize(32)|flip|brightness(63/255)|contrast(.2,1.8)|deform(stretch=2..8,shift=2..8)",
		"shift(2)|stretch(-2..4)|centre(20)", "deform(step=1,shift=0..3)", "crop(", "|", "a=b", "contrast(1/0,..)", "crop(1)(2)", "crop\xff(3)", "erase(.5,.1,.2)|mixup(.2)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAugment(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "augment ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q: error %q", text, err)
			}
			return
		}
		b, err := ParseAugment(a.String())
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q: canonical %q gives %#v, %v; want %#v", text, a, b, err, a)
		}
		if len(a.steps) > 8 {
			return
		}
		// What fits an image can be applied to it.
		in := Shape{7, 9, 2}
		out, err := a.OutputShape(in)
		if err != nil || out.Len() > 1<<16 {
			return
		}
		m, err := newAugmenter(a, in)
		if err != nil {
			t.Fatal(err)
		}
		m.apply(1, make([]uint8, in.Len()), make([]float32, out.Len()), make([]float32, out.Len()))
	})
}
