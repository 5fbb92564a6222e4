package trainer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Duration is a length of training with its unit: "30ep" epochs, "500st" steps,
// "50000ex" examples, "5%" of the whole run. "0st" (or "") means never.
// The loop itself counts in steps only.
type Duration struct {
	count float64
	unit  string
}

// mostDuration is the largest number of a duration, of any unit.
const mostDuration = 1_000_000_000

var units = []string{"ep", "st", "ex", "%"}

// ParseDuration reads a duration.
func ParseDuration(text string) (Duration, error) {
	t := strings.TrimSpace(text)
	if t == "" {
		return Duration{}, nil
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(t, u)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0 && n <= mostDuration) {
			return Duration{}, fmt.Errorf("duration %q: want a number from 0 to %d before %q", text, int64(mostDuration), u)
		}
		return Duration{n, u}, nil
	}
	return Duration{}, fmt.Errorf("duration %q: want a number with its unit: 30ep (epochs), 500st (steps), 50000ex (examples) or 5%% (of the run)", text)
}

// Epochs is a duration of n epochs.
func Epochs(n float64) Duration { return Duration{n, "ep"} }

// Steps rounds the duration to whole steps, at least 1 unless it is zero.
// perEpoch is the number of steps in an epoch, total that of the run.
func (d Duration) Steps(batch, perEpoch, total int) int {
	var n float64
	switch d.unit {
	case "ep":
		n = d.count * float64(perEpoch)
	case "st":
		n = d.count
	case "ex":
		n = d.count / float64(batch)
	case "%":
		n = d.count / 100 * float64(total)
	}
	if n == 0 {
		return 0
	}
	return max(1, int(math.Round(min(n, math.MaxInt32))))
}

// Zero reports whether the duration is empty.
func (d Duration) Zero() bool { return d.count == 0 }

// Relative reports whether the duration is a share of the run.
func (d Duration) Relative() bool { return d.unit == "%" }

func (d Duration) String() string {
	if d.unit == "" {
		return "0st"
	}
	return strconv.FormatFloat(d.count, 'g', -1, 64) + d.unit
}

// MarshalText writes the duration as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
