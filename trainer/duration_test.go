package trainer

import (
	"math"
	"strings"
	"testing"
)

func TestDurations(t *testing.T) {
	const batch, perEpoch, total = 8, 10, 200
	for _, c := range []struct {
		text  string
		steps int
		as    string
	}{
		{"30ep", 300, "30ep"}, {"500st", 500, "500st"}, {"50000ex", 6250, "50000ex"}, {"5%", 10, "5%"},
		{".25ep", 3, "0.25ep"}, // 2.5, rounded away from zero
		{"0.24ep", 2, "0.24ep"},
		{"1ex", 1, "1ex"}, {"0.001%", 1, "0.001%"}, // at least one step
		{"0st", 0, "0st"}, {"0ep", 0, "0ep"}, {"0%", 0, "0%"}, {"", 0, "0st"}, {"  ", 0, "0st"},
		{" 7 ep ", 70, "7ep"}, {"1e3st", 1000, "1000st"}, {"1e9ep", math.MaxInt32, "1e+09ep"},
	} {
		s, err := ParseDuration(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := s.Steps(batch, perEpoch, total); got != c.steps {
			t.Errorf("%q: want %d steps, got %d", c.text, c.steps, got)
		}
		if s.String() != c.as {
			t.Errorf("%q: want it written as %q, got %q", c.text, c.as, s)
		}
		if zero := c.steps == 0; s.Zero() != zero {
			t.Errorf("%q: want zero %v, got %v", c.text, zero, s.Zero())
		}
		if s.Relative() != strings.HasSuffix(c.text, "%") {
			t.Errorf("%q: relative %v", c.text, s.Relative())
		}
		var back Duration
		text, err := s.MarshalText()
		if err == nil {
			err = back.UnmarshalText(text)
		}
		if err != nil || back.String() != s.String() || back.Steps(batch, perEpoch, total) != c.steps {
			t.Errorf("%q: written as %q, read as %v, %v", c.text, text, back, err)
		}
	}
	if Epochs(2.5) != mustDuration(t, "2.5ep") {
		t.Errorf("Epochs(2.5) is %v", Epochs(2.5))
	}
}

func TestDurationsRefused(t *testing.T) {
	unit := ": want a number with its unit: 30ep (epochs), 500st (steps), 50000ex (examples) or 5% (of the run)"
	for text, want := range map[string]string{
		"30":       `duration "30"` + unit,
		"ten":      `duration "ten"` + unit,
		"3 epochs": `duration "3 epochs"` + unit,
		"3EP":      `duration "3EP"` + unit,
		"ep":       `duration "ep": want a number from 0 to 1000000000 before "ep"`,
		"-1st":     `duration "-1st": want a number from 0 to 1000000000 before "st"`,
		"x%":       `duration "x%": want a number from 0 to 1000000000 before "%"`,
		"infep":    `duration "infep": want a number from 0 to 1000000000 before "ep"`,
		"nanex":    `duration "nanex": want a number from 0 to 1000000000 before "ex"`,
		"2e9ex":    `duration "2e9ex": want a number from 0 to 1000000000 before "ex"`,
		"1e999st":  `duration "1e999st": want a number from 0 to 1000000000 before "st"`,
	} {
		s := mustDuration(t, "3ep")
		if err := s.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
		if s != mustDuration(t, "3ep") {
			t.Errorf("%q: a refused text changed the duration to %v", text, s)
		}
	}
}

func FuzzSpan(f *testing.F) {
	for _, text := range []string{"", "30ep", "500st", "50000ex", "5%", "-0st", "1e-300%", "1e308ep", "0x1p4st", "1_0st", " 1 ep", "ep", "٣ep", "1\nst"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseDuration(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want an error of one line, got %q", err)
			}
			return
		}
		again, err := ParseDuration(s.String())
		if err != nil || again.Steps(8, 10, 200) != s.Steps(8, 10, 200) || again.String() != s.String() {
			t.Errorf("%q is %v, read as %v, %v", text, s, again, err)
		}
		if n := s.Steps(8, 10, 200); n < 0 || (n == 0) != s.Zero() {
			t.Errorf("%q: %d steps", text, n)
		}
	})
}
