package library

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

func TestParse(t *testing.T) {
	base := attacks.Common{EOT: 1, Gradient: attacks.Plain}
	with := func(f func(c *attacks.Common)) attacks.Common { c := base; f(&c); return c }
	for _, c := range []struct {
		text string
		want attacks.Attack
		as   string // how it is written
	}{
		{"fgsm", &FGSM{base, attacks.Classification}, "fgsm"},
		{" fgsm ( ) ", &FGSM{base, attacks.Classification}, "fgsm"},
		{"fgsm(loss=training,)", &FGSM{base, attacks.Training}, "fgsm(loss=training)"},
		{"fgsm(loss=classification)", &FGSM{base, attacks.Classification}, "fgsm"},
		{"fgsm(eps=8/255  .5, loss = margin)", &FGSM{with(func(c *attacks.Common) { c.Eps = []float32{8. / 255, .5} }), attacks.Margin}, "fgsm(loss=margin,eps=0.03137255 0.5)"},
		{"random", &Random{base, 1}, "random"},
		{"random(seed=18446744073709551615)", &Random{with(func(c *attacks.Common) { c.Seed = math.MaxUint64 }), 1}, "random(seed=18446744073709551615)"},
		{"random(seed=0,eps=1)", &Random{with(func(c *attacks.Common) { c.Eps = []float32{1} }), 1}, "random(eps=1)"},
		{"random(target=least,eot=3,budget=1e3)", &Random{attacks.Common{Target: "least", EOT: 3, Gradient: attacks.Plain, Budget: 1000}, 1}, "random(target=least,eot=3,budget=1000)"},
		{"bim(preset=kurakin,loss=margin)", &BIM{base, attacks.Margin, PresetKurakin, 0, 0, "any"}, "bim(loss=margin,preset=kurakin)"},
		{"bim(alpha=1/255,steps=40,target=7)", &BIM{with(func(c *attacks.Common) { c.Target = "7" }), attacks.Classification, "", 40, 1. / 255, "any"}, "bim(steps=40,alpha=0.003921569,target=7)"},
		{"apgd(narrow=no,rho=3/4)", &APGD{base, attacks.Classification, 100, 0, .75, false}, "apgd(narrow=false)"},
		{"fgsm(gradient=straight-through)", &FGSM{with(func(c *attacks.Common) { c.Gradient = attacks.StraightThrough }), attacks.Classification}, "fgsm(gradient=straight-through)"},
		{"pgd(start=clean)", &PGD{base, attacks.Classification, 0, 0, 1, "clean", 1, .99}, "pgd(start=clean)"},
	} {
		got, err := attacks.Parse(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: want %#v, got %#v, %v", c.text, c.want, got, err)
			continue
		}
		if attacks.Text(got) != c.as {
			t.Errorf("%q: want it written as %q, got %q", c.text, c.as, attacks.Text(got))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	names := strings.Join(attacks.Names(), ", ")
	const common = "budget, eot, eps, gradient"
	for text, want := range map[string]string{
		"":                            `want one of ` + names + `, got ""`,
		"fgms":                        `want one of ` + names + `, got "fgms"`,
		"(":                           `want one of ` + names + `, got ""`,
		"fgsm(loss=margin":            `want a closing bracket at the end`,
		"fgsm(loss=margin) ":          "", // spaces around are fine
		"fgsm(loss=margin)x":          `want a closing bracket at the end`,
		"fgsm(margin)":                `want key=value, got "margin"`,
		"fgsm(lose=margin)":           `unknown key "lose", want one of ` + common + `, loss, seed, target`,
		"fgsm(b=1,a=1)":               `unknown key "a", want one of ` + common + `, loss, seed, target`,
		"fgsm(=1)":                    `unknown key "", want one of ` + common + `, loss, seed, target`,
		"random(loss=margin)":         `unknown key "loss", want one of ` + `budget, draws, eot, eps, gradient, seed, target`,
		"fgsm(Loss=margin)":           `unknown key "Loss", want one of ` + common + `, loss, seed, target`,
		"fgsm(loss=margin,loss=x)":    `key "loss" is given twice`,
		"fgsm(loss=)":                 `loss: want a value, got none`,
		"fgsm(loss=hinge)":            `loss: want one of classification, training, margin, probability-margin, dlr, got "hinge"`,
		"fgsm(eps=0)":                 `eps: want positive radii, got 0: the accuracy without attack is always reported`,
		"fgsm(eps=8/0)":               `eps: want a number that is not negative, such as .1 or 8/255, got "8/0"`,
		"fgsm(eps=nan)":               `eps: want a number that is not negative, such as .1 or 8/255, got "nan"`,
		"random(seed=-1)":             `seed: want a whole number in 0..18446744073709551615, got "-1"`,
		"random(seed=1.5)":            `seed: want a whole number in 0..18446744073709551615, got "1.5"`,
		"random(draws=0)":             `draws: want a whole number in 1..1000000, got "0"`,
		"fgsm(eot=0)":                 `eot: want a whole number in 1..1000, got "0"`,
		"fgsm(budget=-1)":             `budget: want a whole number in 0..1000000000, got "-1"`,
		"bim(steps=2.5)":              `steps: want a whole number in 0..1000000, got "2.5"`,
		"bim(steps=5/2)":              `steps: want a whole number in 0..1000000, got "5/2"`,
		"bim(steps=1000001)":          `steps: want a whole number in 0..1000000, got "1000001"`,
		"bim(steps=nan)":              `steps: want a whole number in 0..1000000, got "nan"`,
		"bim(alpha=1.1)":              `alpha: want a number in [0,1], got "1.1"`,
		"bim(alpha=x)":                `alpha: want a number in [0,1], got "x"`,
		"bim(preset=carlini)":         `preset: want one of paper, split, kurakin, got "carlini"`,
		"bim(preset=kurakin,steps=3)": `preset kurakin sets steps and alpha itself`,
		"bim(preset=kurakin,alpha=1)": `preset kurakin sets steps and alpha itself`,
		"bim(preset=split,alpha=.1)":  `preset split sets alpha itself`,
		"fgsm(target=worst)":          `target: want a class number or one of [next random least second], got "worst"`,
		"fgsm(target=-1)":             `target: want a class number or one of [next random least second], got "-1"`,
		"fgsm(target=1.5)":            `target: want a class number or one of [next random least second], got "1.5"`,
		"apgd(narrow=maybe)":          `narrow: want true or false, got "maybe"`,
		"apgd(rho=2)":                 `rho: want a number in [0,1], got "2"`,
		"pgd(start=here)":             `start: want one of random, clean, got "here"`,
		"pgd(start=clean,restarts=2)": `restarts: start=clean gives the same result each time, want start=random`,
		"substitute(holdout=1e5)":     `holdout, rounds: want at most 200000 images after the doublings, got 6400000`,
		"bim(alpha=1e-40)":            `alpha: want 0 or a number of at least 1.2e-38, the smallest that float32 holds in full, got 1e-40`,
		"pgd(loss=dlr,temperature=2)": `temperature: loss dlr has none, want loss=classification`,
	} {
		if want != "" {
			want = "attack " + strconv.Quote(text) + ": " + want
		}
		a, err := attacks.Parse(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want || (a == nil) != (err != nil) {
			t.Errorf("%q: want the error %q, got %v, %q", text, want, a, got)
		}
	}
}

// TestTextAndParse: the defaults of every attack are within their bounds and written
// as the name alone; each key has help; each row of the conformance table is the
// same after it was written and read.
func TestTextAndParse(t *testing.T) {
	for _, name := range attacks.Names() {
		a, err := attacks.Parse(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if attacks.Text(a) != name {
			t.Errorf("%s: want its defaults written as its name, got %q", name, attacks.Text(a))
		}
		for _, p := range attacks.Params(a) {
			if p.Help == "" && !strings.HasPrefix(name, "test-") {
				t.Errorf("%s: key %s: want help, got none", name, p.Key)
			}
		}
		if attacks.About(a).Family == "" || attacks.About(a).Paper == "" && attacks.About(a).Family == attacks.WhiteBox {
			t.Errorf("%s: want a family, and a paper where it is white-box", name)
		}
	}
	for _, text := range conformanceRows {
		a := attacktest.Parse(t, text)[0]
		again, err := attacks.Parse(attacks.Text(a))
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("%q is %#v, written as %q and read as %#v, %v", text, a, attacks.Text(a), again, err)
		}
		// All parameters written out say the same as the text.
		var kv []string
		for _, p := range attacks.Params(a) {
			if p.Value != "" {
				kv = append(kv, p.Key+"="+p.Value)
			}
		}
		full := attacks.About(a).Name + "(" + strings.Join(kv, ",") + ")"
		if again, err := attacks.Parse(full); err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("%q with all its parameters is %q and read as %#v, %v", text, full, again, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range append(slices.Clone(conformanceRows),
		"", "fgsm(", "fgsm)", "fgsm(,)", "fgsm(=)", "bim(alpha=1e-45,steps=1)", "bim(a\nb=1,a\nb=2)", "bim(steps=0x3)", "fgsm(eps=1 1)",
		"fgsm()()", "pgd(alpha=1e39)", "pgd(alpha=-0)", "pgd(temperature=1e-7)", "bim(steps=1_0)", "fgsm(target=٣)", "fgsm(eps=+1)", "transfer(from==))") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := attacks.Parse(text)
		if err != nil {
			if a != nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("want an error of one line and no attack, got %v and %q", a, err)
			}
			return
		}
		again, err := attacks.Parse(attacks.Text(a))
		if err != nil || !reflect.DeepEqual(a, again) || attacks.Text(again) != attacks.Text(a) {
			t.Errorf("%q is %#v, written as %q and read as %#v, %v", text, a, attacks.Text(a), again, err)
		}
	})
}
