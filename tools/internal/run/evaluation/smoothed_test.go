package evaluation

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// Of a threshold at .5 the smoothed classifier is the same, and undecided there.
func TestSmooth(t *testing.T) {
	s := subject(func(*config.Attack) {})
	set := attacks.Images{Pixels: []float32{.9, .1, .8, .5}, Labels: []int32{1, 1, 1, 0}, Index: []int{0, 1, 2, 3}}
	s.Config.Attack.Threat = "rotate(30)" // of attacks; smoothing is of l2
	got, err := Smooth(t.Context(), s, set, "smooth(sigma=.1,n=200)", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got.Right.Count != 2 || got.Right.Of != 4 || got.Wrong != 1 || got.Abstained != 1 {
		t.Errorf("got %+v", got)
	}
	var out strings.Builder
	if got.Print(&out); !strings.Contains(out.String(), "50.00 % of 4 images correctly") || !strings.Contains(out.String(), "1 wrongly, of 1 it says nothing") {
		t.Errorf("got %q", out.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stopped experiment.InterruptedError
	if _, err := Smooth(ctx, s, set, "smooth(sigma=.1)", io.Discard); !errors.As(err, &stopped) {
		t.Errorf("want an InterruptedError, got %v", err)
	}
	var wrong *experiment.ConfigError
	if _, err := Smooth(t.Context(), s, set, "ibp", io.Discard); !errors.As(err, &wrong) {
		t.Errorf("want a ConfigError, got %v", err)
	}
}
