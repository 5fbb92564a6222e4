package attacks

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func quote(s string) string { return strconv.Quote(s) }

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Attack
		as   string // how it is written
	}{
		{"fgsm", FGSM{Loss: Classification}, "fgsm(loss=classification)"},
		{" fgsm ( ) ", FGSM{Loss: Classification}, "fgsm(loss=classification)"},
		{"fgsm(loss=training,)", FGSM{Loss: Training}, "fgsm(loss=training)"},
		{"fgsm(eps=8/255  .5, loss = margin)", FGSM{Loss: Margin, Eps: []float32{8. / 255, .5}}, "fgsm(loss=margin,eps=0.03137255 0.5)"},
		{"random", Random{}, "random"},
		{"random(seed=18446744073709551615)", Random{Seed: math.MaxUint64}, "random(seed=18446744073709551615)"},
		{"random(seed=0,eps=1)", Random{Eps: []float32{1}}, "random(eps=1)"},
		{"bim", BIM{Loss: Classification}, "bim(loss=classification)"},
		{"bim(preset=paper,steps=3)", BIM{Loss: Classification, Preset: Paper, Steps: 3}, "bim(loss=classification,preset=paper,steps=3)"},
		{"bim(preset=kurakin,loss=margin)", BIM{Loss: Margin, Preset: Kurakin}, "bim(loss=margin,preset=kurakin)"},
		{"bim(alpha=1/255,steps=40,loss=training,eps=.01 .02)", BIM{Loss: Training, Steps: 40, Alpha: 1. / 255, Eps: []float32{.01, .02}}, "bim(loss=training,steps=40,alpha=0.003921569,eps=0.01 0.02)"},
	} {
		got, err := Parse(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: want %#v, got %#v, %v", c.text, c.want, got, err)
			continue
		}
		if got.String() != c.as {
			t.Errorf("%q: want it written as %q, got %q", c.text, c.as, got)
		}
		if again, err := Parse(c.as); err != nil || !reflect.DeepEqual(again, c.want) {
			t.Errorf("%q: want %#v, got %#v, %v", c.as, c.want, again, err)
		}
	}
}

// A literal without a loss follows the classification loss.
func TestZeroAttacks(t *testing.T) {
	for _, a := range []Attack{FGSM{}, BIM{}, Random{}} {
		again, err := Parse(a.String())
		if err != nil || again.Follows() != a.Follows() || again.String() != a.String() {
			t.Errorf("%#v is written as %q and read as %#v, %v", a, a, again, err)
		}
		if _, random := a.(Random); (a.Follows() == "") != random {
			t.Errorf("%#v follows %q", a, a.Follows())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            `want one of bim, fgsm, random, got ""`,
		"pgd":                         `want one of bim, fgsm, random, got "pgd"`,
		"fgsm(loss=margin":            `want a closing bracket at the end`,
		"fgsm(loss=margin) ":          "", // spaces around are fine
		"fgsm(loss=margin)x":          `want a closing bracket at the end`,
		"fgsm(margin)":                `want key=value, got "margin"`,
		"fgsm(lose=margin)":           `unknown key "lose", want one of eps, loss`,
		"fgsm(b=1,a=1)":               `unknown key "a", want one of eps, loss`,
		"fgsm(=1)":                    `unknown key "", want one of eps, loss`,
		"random(loss=margin)":         `unknown key "loss", want one of eps, seed`,
		"bim(step=1)":                 `unknown key "step", want one of alpha, eps, loss, preset, steps`,
		"fgsm(loss=margin,loss=x)":    `key "loss" is given twice`,
		"fgsm(loss=hinge)":            `loss: want classification, training or margin, got "hinge"`,
		"fgsm(eps=2)":                 `eps: want radii in (0,1], in units of images in [0,1], got 2`,
		"fgsm(eps=8/0)":               `eps: want a number that is not negative, such as .1 or 8/255, got "8/0"`,
		"random(seed=-1)":             `seed: want a whole number in 0..18446744073709551615, got "-1"`,
		"random(seed=1.5)":            `seed: want a whole number in 0..18446744073709551615, got "1.5"`,
		"bim(steps=2.5)":              `steps: want a whole number in 0..1000000, got "2.5"`,
		"bim(steps=5/2)":              `steps: want a whole number in 0..1000000, got "5/2"`,
		"bim(steps=-1)":               `steps: want a whole number in 0..1000000, got "-1"`,
		"bim(steps=1000001)":          `steps: want a whole number in 0..1000000, got "1000001"`,
		"bim(alpha=1.1)":              `alpha: want a number in [0,1], got "1.1"`,
		"bim(alpha=x)":                `alpha: want a number in [0,1], got "x"`,
		"bim(preset=carlini)":         `preset: want paper, split or kurakin, got "carlini"`,
		"bim(preset=kurakin,steps=3)": `preset kurakin sets steps and alpha itself`,
		"bim(preset=kurakin,alpha=1)": `preset kurakin sets steps and alpha itself`,
		"bim(preset=split,alpha=.1)":  `preset split sets alpha itself`,
		"bim(preset=paper,alpha=.1)":  `preset paper sets alpha itself`,
	} {
		if want != "" {
			want = "attack " + quote(text) + ": " + want
		}
		a, err := Parse(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want || (a == nil) != (err != nil) {
			t.Errorf("%q: want the error %q, got %v, %q", text, want, a, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "fgsm", "bim(loss=training,preset=paper,steps=3,eps=.01 .02)", "bim(preset=kurakin)", "random(seed=7,eps=8/255)",
		"fgsm(", "fgsm)", "fgsm(,)", "fgsm(=)", "bim(alpha=1e-45,steps=1)", "bim(a\nb=1,a\nb=2)", "bim(steps=0x3)", "fgsm(eps=1 1)", "fgsm()()",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want an error of one line, got %q", err)
			}
			return
		}
		again, err := Parse(a.String())
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("%q is %#v, written as %q and read as %#v, %v", text, a, a, again, err)
		}
	})
}

// Steps and step sizes, worked out by hand.
func TestPlans(t *testing.T) {
	for _, c := range []struct {
		text  string
		eps   float32
		steps int
		alpha float32
	}{
		{"fgsm", .3, 1, .3},
		{"random", .3, 1, .3},
		{"bim", .3, 10, .06}, // eps/5, foolbox
		{"bim(steps=3)", .3, 3, .06},
		{"bim(alpha=.01)", .3, 10, .01},
		{"bim(alpha=.01,steps=40)", .3, 40, .01},
		{"bim(preset=paper)", .3, 10, .3},
		{"bim(preset=paper,steps=2)", .04, 2, .04},
		{"bim(preset=split)", .3, 10, .03},
		{"bim(preset=split,steps=3)", .3, 3, .1},
		// min(eps·255 + 4, 1.25·eps·255), rounded down, at least 1, of 1/255:
		{"bim(preset=kurakin)", .001, 1, 1. / 255},     // min(4.255, .31875)
		{"bim(preset=kurakin)", 1. / 255, 1, 1. / 255}, // min(5, 1.25)
		{"bim(preset=kurakin)", 4. / 255, 5, 1. / 255}, // min(8, 5)
		{"bim(preset=kurakin)", 8. / 255, 10, 1. / 255},
		{"bim(preset=kurakin)", 16. / 255, 20, 1. / 255}, // both 20
		{"bim(preset=kurakin)", .1, 29, 1. / 255},        // min(29.5, 31.875)
		{"bim(preset=kurakin)", .3, 80, 1. / 255},        // min(80.5, 95.625)
		{"bim(preset=kurakin)", 1, 259, 1. / 255},
	} {
		a, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		steps, alpha := a.Plan(c.eps)
		if steps != c.steps || math.Abs(float64(alpha-c.alpha)) > 1e-8 {
			t.Errorf("%s at %g: want %d steps of %g, got %d of %g", c.text, c.eps, c.steps, c.alpha, steps, alpha)
		}
	}
}
