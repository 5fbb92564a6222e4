package attacks_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unwarp/attacks"
)

func TestParseRadii(t *testing.T) {
	got, err := attacks.ParseRadii("  .1 8/255\t1 ")
	if err != nil || !slices.Equal(got, []float32{.1, 8. / 255, 1}) {
		t.Errorf("got %v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                        "eps: want at least one radius, got none",
		".1 x":                    `eps: want a number that is not negative, such as .1 or 8/255, got "x"`,
		"0":                       "eps: want positive radii, got 0: the accuracy without attack is always reported",
		"1e-300":                  "eps: want 0 or a number of at least 1.2e-38, the smallest that float32 holds in full, got 1e-300",
		"1e-40":                   "eps: want 0 or a number of at least 1.2e-38, the smallest that float32 holds in full, got 1e-40",
		"2e6":                     "eps: want radii of at most 1e+06, got 2e+06",
		strings.Repeat("1 ", 101): "eps: want at most 100 radii, got 101",
	} {
		if got, err := attacks.ParseRadii(text); err == nil || err.Error() != want {
			t.Errorf("%q: want the error %q, got %v, %v", text, want, got, err)
		}
	}
}

func FuzzParseRadii(f *testing.F) {
	for _, text := range []string{"", ".1", ".1 .2 .3 .4 .5", "8/255 16/255", "1e-30", "-0", "1/0", "0x1p-2", "1e39", ".1,.2", "٣"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := attacks.ParseRadii(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want an error of one line, got %q", err)
			}
			return
		}
		if len(got) != len(strings.Fields(text)) {
			t.Errorf("%q: got %v", text, got)
		}
		for _, e := range got {
			if !(e > 0 && e <= 1e6) || math.IsNaN(float64(e)) {
				t.Errorf("%q: got %v", text, got)
			}
		}
		again, err := attacks.ParseRadii(attacks.FormatRadii(got))
		if err != nil || !slices.Equal(got, again) {
			t.Errorf("%q is written as %q and read as %v, %v", text, attacks.FormatRadii(got), again, err)
		}
	})
}
