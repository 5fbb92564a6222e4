package spec

import (
	"strconv"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float32{
		".1": .1, "0.03": .03, "8/255": 8. / 255, " 16 / 255 ": 16. / 255, "0": 0, "1e-3": .001, "1": 1, "3": 3,
		"1/3": 1. / 3, "255/255": 1,
	} {
		if got, err := ParseNumber(text); err != nil || got != want {
			t.Errorf("%q: want %g, got %g, %v", text, want, got, err)
		}
	}
	for _, text := range []string{"", "x", "-.1", "1/0", "0/0", "1/-3", "inf", "nan", "1e300", "1e39", "1/2/3", "8/", "/255", "8 255"} {
		want := `want a number that is not negative, such as .1 or 8/255, got ` + strconv.Quote(text)
		if got, err := ParseNumber(text); err == nil || err.Error() != want {
			t.Errorf("%q: want the error %q, got %g, %v", text, want, got, err)
		}
	}
}
