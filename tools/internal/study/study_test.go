package study

import (
	"errors"
	"fmt"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
)

func TestAccuracy(t *testing.T) {
	s := Sample{Images: attacks.Images{Labels: []int32{1, 2, 3, 4}}, Predicted: []int32{1, 2, 0, 4}}
	if got := s.Accuracy(); got != .75 {
		t.Errorf("want 3 of 4, got %g", got)
	}
}

// Classes of glyphs have no names and are called by their numbers.
func TestClassNames(t *testing.T) {
	g, err := pipelines.NewGlyphs(1, "test", 10, 8)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[int32]string{0: "0", 9: "9", 12: "12", -1: "-1"} {
		if got := ClassNames(named{g})(k); got != want && (k < 0 || k > 9) || k >= 0 && k < 10 && got != "class "+want {
			t.Errorf("class %d: got %q", k, got)
		}
		if got := ClassNames(g)(k); pipelines.ClassNames(g) == nil && got != want {
			t.Errorf("class %d without names: got %q", k, got)
		}
	}
}

type named struct{ pipelines.Source }

func (named) ClassNames() (names []string) {
	for k := range 10 {
		names = append(names, fmt.Sprint("class ", k))
	}
	return names
}

// A wrapped request error is found, and carries the text alone.
func TestRequestError(t *testing.T) {
	err := fmt.Errorf("outer: %w", WrongRequest("--pair: got %d", 3))
	var wrong *RequestError
	if !errors.As(err, &wrong) || wrong.Error() != "--pair: got 3" || errors.Unwrap(wrong) == nil {
		t.Errorf("got %v", err)
	}
}
