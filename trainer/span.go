package trainer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Span is a stretch of training with its unit: "30ep" epochs, "500st" steps,
// "50000ex" examples, "5%" of the whole run. "0st" (or "") means never.
// The loop itself counts in steps only.
type Span struct {
	n    float64
	unit string
}

var units = []string{"ep", "st", "ex", "%"}

// ParseSpan reads a span.
func ParseSpan(text string) (Span, error) {
	t := strings.TrimSpace(text)
	if t == "" {
		return Span{}, nil
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(t, u)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
			return Span{}, fmt.Errorf("span %q: want a number that is not negative before %q", text, u)
		}
		return Span{n, u}, nil
	}
	return Span{}, fmt.Errorf("span %q: want a number with its unit: 30ep (epochs), 500st (steps), 50000ex (examples) or 5%% (of the run)", text)
}

// Epochs is a span of n epochs.
func Epochs(n float64) Span { return Span{n, "ep"} }

// Steps rounds the span to whole steps, at least 1 unless it is zero.
// perEpoch is the number of steps in an epoch, total that of the run.
func (s Span) Steps(batch, perEpoch, total int) int {
	var n float64
	switch s.unit {
	case "ep":
		n = s.n * float64(perEpoch)
	case "st":
		n = s.n
	case "ex":
		n = s.n / float64(batch)
	case "%":
		n = s.n / 100 * float64(total)
	}
	if n == 0 {
		return 0
	}
	return max(1, int(math.Round(min(n, math.MaxInt32))))
}

// Zero reports whether the span is empty.
func (s Span) Zero() bool { return s.n == 0 }

// Relative reports whether the span is a share of the run.
func (s Span) Relative() bool { return s.unit == "%" }

func (s Span) String() string {
	if s.unit == "" {
		return "0st"
	}
	return strconv.FormatFloat(s.n, 'g', -1, 64) + s.unit
}

// MarshalText writes the span as it is read.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	v, err := ParseSpan(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
