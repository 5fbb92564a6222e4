package config

import (
	"strings"
	"testing"

	"unwarp/attacks"
)

// Requirements in all their spellings, each with its canonical text.
func TestParseRequirement(t *testing.T) {
	for text, want := range map[string]string{
		"linf .1 >= 70%":                       "linf 0.1 >= 70%",
		" linf  8/255 proven at least 50.5 % ": "linf 0.03137255 proven >= 50.5%",
		"l2 .5 confident attacked<=5%":         "l2 0.5 attacked confident <= 5%",
		"l1 3 proven confident ≥ 0%":           "l1 3 proven confident >= 0%",
		"rotate(30) 10 at most 20%":            "rotate(30) 10 <= 20%",
		"rotate(30) >= 20%":                    "rotate(30) 30 >= 20%",
		"translate(3px) 2px >= 20%":            "translate(3px) 2 >= 20%",
		"rotate + translate(30, 3px) .5 ≤ 9%":  "rotate+translate(30,3px) 0.5 <= 9%",
		"clean >= 95%":                         "clean >= 95%",
		"clean confident >= 95%":               "clean confident >= 95%",
	} {
		r, err := ParseRequirement(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := r.String(); got != want {
			t.Errorf("%q: want %q, got %q", text, want, got)
		}
		if again, err := ParseRequirement(r.String()); err != nil || again != r {
			t.Errorf("%q: read again it is %+v, %v", r, again, err)
		}
	}
}

func TestRefuseRequirement(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "want a threat",
		"linf .1 > 70%":            "want a threat",
		"linf .1":                  "want a threat",
		">= 70%":                   "want a threat",
		"linf >= 70%":              "want eps after linf",
		"linf .1 >= 70":            "from 0% to 100%",
		"linf .1 >= 170%":          "from 0% to 100%",
		"linf .1 >= NaN%":          "from 0% to 100%",
		"linf 2 >= 70%":            "(0,1]",
		"linf 0 >= 70%":            "positive",
		"linf .1 .2 >= 70%":        "linf .1",
		"linf .1 maybe >= 70%":     "maybe",
		"linf .1 proven proven>1%": "want a threat",
		"rotate(30) 40 >= 70%":     "at most 30",
		"clean proven >= 70%":      "measured",
		"corruption .1 >= 70%":     "corruption",
		"lnf .1 >= 70%":            `did you mean "linf"`,
	} {
		if _, err := ParseRequirement(text); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%q: want an error with %q, got %v", text, want, err)
		}
	}
}

// What an evaluation measures: the threat at one of its sizes, whatever the limit
// in the threat's name is.
func TestMeasures(t *testing.T) {
	linf := Attack{Norm: attacks.Linf, Eps: ".1 8/255"}
	turn := Attack{Norm: attacks.Linf, Eps: ".1", Threat: "rotate(30)", Sizes: "10 30"}
	sum := Attack{Norm: attacks.Linf, Eps: ".1", Threat: "rotate+translate(30,3px)", Sizes: ".5 1"}
	for _, row := range []struct {
		text string
		a    Attack
		want bool
	}{
		{"linf .1 >= 1%", linf, true}, {"linf .03137255 >= 1%", linf, true}, {"linf .2 >= 1%", linf, false}, {"l2 .1 >= 1%", linf, false},
		{"clean >= 1%", linf, true}, {"rotate(30) 10 >= 1%", linf, false},
		{"rotate(30) 10 >= 1%", turn, true}, {"rotate(10) >= 1%", turn, true}, {"rotate(30) >= 1%", turn, true}, {"rotate(20) >= 1%", turn, false}, {"linf .1 >= 1%", turn, false},
		{"rotate+translate(30,3px) .5 >= 1%", sum, true}, {"rotate+translate(30,3px) >= 1%", sum, true}, {"rotate+translate(15,3px) >= 1%", sum, false}, {"rotate(30) 1 >= 1%", sum, false},
		{"clean >= 1%", Attack{Threat: "corruption"}, false},
	} {
		r, err := ParseRequirement(row.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := row.a.Measures(r); got != row.want {
			t.Errorf("%s measures %s: want %v, got %v", row.a.Threat, row.text, row.want, got)
		}
	}
}

// Requirements that nothing decides are refused before any work.
func TestCheckRequirements(t *testing.T) {
	a := Attack{Norm: attacks.Linf, Eps: ".1"}
	for text, want := range map[string]string{"linf .1 >= 1%": "", "linf .3 >= 1%": "linf 0.1", "linf .1 proven >= 1%": "--certify", "rotate(9) >= 1%": "--threat"} {
		a.Require = []string{text}
		if err := CheckRequirements(a); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
	a.Certify, a.Require = "ibp", []string{"linf .1 proven >= 1%"}
	if err := CheckRequirements(a); err != nil {
		t.Error(err)
	}
}
