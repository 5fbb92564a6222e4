package geometry

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		threat     Threat
		canonical  string
		unit       string
		size       float64
		parameters string
	}{
		"rotate(30)":                         {threat: Threat{Rotate: 30}, unit: "degrees", size: 30, parameters: "rotate"},
		" rotate( ±30° ) ":                   {threat: Threat{Rotate: 30}, canonical: "rotate(30)", unit: "degrees", size: 30, parameters: "rotate"},
		"translate(3px)":                     {threat: Threat{Translate: 3}, unit: "px", size: 3, parameters: "dx dy"},
		"translate(1/2)":                     {threat: Threat{Translate: .5}, canonical: "translate(0.5px)", unit: "px", size: .5, parameters: "dx dy"},
		"translate(whole,3px)":               {threat: Threat{Translate: 3, Whole: true}, canonical: "translate(3px,whole)", unit: "px", size: 3, parameters: "dx dy"},
		"scale(.1)":                          {threat: Threat{Scale: .1}, canonical: "scale(0.1)", unit: "scale", size: .1, parameters: "scale"},
		"shear(+-.2,border=edge)":            {threat: Threat{Shear: .2, Border: Edge}, canonical: "shear(0.2,border=edge)", unit: "shear", size: .2, parameters: "shear"},
		"rotate+translate(30,3px)":           {threat: Threat{Rotate: 30, Translate: 3}, unit: Share, size: 1, parameters: "rotate dx dy"},
		"translate + rotate(3px,30)":         {threat: Threat{Rotate: 30, Translate: 3}, canonical: "rotate+translate(30,3px)", unit: Share, size: 1, parameters: "rotate dx dy"},
		"rotate+scale(scale=.1,rotate=5deg)": {threat: Threat{Rotate: 5, Scale: .1}, canonical: "rotate+scale(5,0.1)", unit: Share, size: 1, parameters: "scale rotate"},
		"rotate+translate+scale+shear(1,2,.3,.4)": {threat: Threat{Rotate: 1, Translate: 2, Scale: .3, Shear: .4}, canonical: "rotate+translate+scale+shear(1,2px,0.3,0.4)",
			unit: Share, size: 1, parameters: "scale shear rotate dx dy"},
		"field(2px)":            {threat: Threat{Field: 2}, unit: "px", size: 2},
		"field(2px,smooth)":     {threat: Threat{Field: 2, Smooth: .25}, unit: "px", size: 2},
		"field(2,smooth=.1px,)": {threat: Threat{Field: 2, Smooth: .1}, canonical: "field(2px,smooth=0.1)", unit: "px", size: 2},
	} {
		if want.threat.Border == "" {
			want.threat.Border = Zero
		}
		if want.canonical == "" {
			want.canonical = text
		}
		got, err := Parse(text)
		if err != nil || got != want.threat || got.String() != want.canonical || got.Unit() != want.unit || got.Size() != want.size {
			t.Errorf("%q: got %+v, %q, %g %s, %v, want %+v", text, got, got, got.Size(), got.Unit(), err, want)
		}
		var names []string
		for _, p := range got.Parameters() {
			names = append(names, p.Name)
		}
		if s := strings.Join(names, " "); s != want.parameters || got.IsField() != (s == "") {
			t.Errorf("%q: want parameters %q, got %q", text, want.parameters, s)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                          `want one of rotate, translate, scale, shear, field, got ""`,
		"spin(30)":                  `got "spin"`,
		"rotate":                    "rotate: want a limit above 0 such as rotate(30), got none",
		"rotate()":                  "rotate: want a limit above 0",
		"rotate(0)":                 "rotate: want a limit above 0",
		"rotate(30":                 "closing bracket",
		"rotate(-30)":               `rotate: want a limit such as 30, which counts either way, got "-30"`,
		"rotate(3px)":               `rotate: want a number in [0,180], got "3px"`,
		"rotate(181)":               `rotate: want a number in [0,180], got "181"`,
		"rotate(nan)":               `got "nan"`,
		"rotate(30,3)":              "want 1 limits, one for each of rotate, got one more",
		"rotate(30,rotate=30)":      `"rotate" is given twice`,
		"rotate+rotate(3,3)":        "rotate twice",
		"rotate+translate(30)":      "translate: want a limit above 0",
		"rotate+field(30,2px)":      "want a field alone",
		"rotate(30,translate=3)":    `unknown key "translate", want one of rotate, border`,
		"rotate(30,whole)":          `unknown key "whole"`,
		"field(2px,whole)":          `unknown key "whole"`,
		"translate(.5px,whole)":     "at least 1 px",
		"translate(3px,smooth)":     `unknown key "smooth"`,
		"field(2px,smooth=-1)":      "smooth: want a limit",
		"rotate(30,border=wrap)":    "border: want one of zero, edge",
		"translate(3px,whole=both)": "whole: want true or false",
	} {
		got, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%q: want an error with %q, got %+v, %v", text, want, got, err)
		}
	}
}

// A sum shrinks as a whole, and no size leaves the range of a limit.
func TestAt(t *testing.T) {
	for _, c := range []struct {
		text string
		size float64
		want string
	}{
		{"rotate(30)", 5, "rotate(5)"}, {"rotate(30)", 60, "rotate(60)"}, {"rotate+translate(30,3px)", .5, "rotate+translate(15,1.5px)"},
		{"rotate+translate(30,3px)", 0, "none"}, {"field(2px,smooth,border=edge)", 1, "field(1px,smooth,border=edge)"}, {"translate(3px,whole)", 1.5, "translate(1.5px,whole)"},
		{"rotate(30)", 181, "makes rotate at most 180"}, {"rotate+scale(30,.5)", 2, "makes scale at most 0.9"}, {"rotate(30)", -1, "not negative"},
	} {
		threat, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := threat.At(c.size)
		if err == nil && got.String() != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %g: want %s, got %s, %v", c.text, c.size, c.want, got, err)
		}
	}
}

// What is read is written in a form that is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"rotate(±30°)", "rotate+translate(30,3px)", "field(2px,smooth)", "translate(3px,whole,border=edge)", "scale(1/3)", "shear(shear=.1)", "field(2,smooth=0)", "rotate(1e-300)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		threat, err := Parse(text)
		if err != nil {
			return
		}
		var again Threat
		if err := again.UnmarshalText([]byte(threat.String())); err != nil || again != threat {
			t.Errorf("%q is %+v, written as %q and read as %+v, %v", text, threat, threat, again, err)
		}
	})
}
