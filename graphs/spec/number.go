package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseNumber reads a number that is not negative, as it is written in papers:
// ".1", "0.03" or a fraction such as "8/255".
func ParseNumber(text string) (float32, error) {
	v, err := parseFraction(text)
	if err != nil || !(v >= 0 && v <= math.MaxFloat32) {
		return 0, fmt.Errorf("want a number that is not negative, such as .1 or 8/255, got %q", text)
	}
	return float32(v), checkNormal(v)
}

// FormatNumber writes v with the fewest digits that are read as v again.
func FormatNumber(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// parseFraction reads a number or a quotient of two.
func parseFraction(text string) (float64, error) {
	numerator, denominator, fraction := strings.Cut(text, "/")
	v, err := strconv.ParseFloat(strings.TrimSpace(numerator), 64)
	if err != nil || !fraction {
		return v, err
	}
	d, err := strconv.ParseFloat(strings.TrimSpace(denominator), 64)
	return v / d, err
}

// parseSigned reads a number or a fraction that may be negative; "" is 0. Both
// are rounded to what a float32 holds only by the field that takes them.
func parseSigned(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	digits, minus := strings.CutPrefix(text, "-")
	v, err := parseFraction(digits)
	if err != nil || math.IsNaN(v) {
		return 0, fmt.Errorf("want a number, got %q", text)
	}
	if minus {
		return -v, nil
	}
	return v, nil
}

// bounds is a range of numbers.
type bounds struct {
	low, high         float64
	openLow, openHigh bool // the end itself is outside
}

// smallest is the smallest normal float32: parts of a number below it may round
// to 0, so that a number above an open 0 is at least this.
const smallest = 0x1p-126

// bounds are those of the tag in, [0,1e9] without it.
func (f field) bounds() bounds {
	tag, ok := f.tag.Lookup("in")
	if !ok {
		return bounds{high: 1e9}
	}
	low, high, comma := strings.Cut(strings.Trim(tag, "[]()"), ",")
	r := bounds{openLow: strings.HasPrefix(tag, "("), openHigh: strings.HasSuffix(tag, ")")}
	var lerr, herr error
	r.low, lerr = strconv.ParseFloat(low, 64)
	r.high, herr = strconv.ParseFloat(high, 64)
	if !comma || lerr != nil || herr != nil {
		panic("spec: range of " + f.key + ": want [low,high], got " + tag) // a mistake in a tag, met by any test
	}
	return r
}

func (r bounds) holds(v float64) bool {
	above := v >= r.low
	if r.openLow {
		above = v-r.low >= smallest
	}
	below := v <= r.high
	if r.openHigh {
		below = v < r.high
	}
	return above && below && !(math.Abs(v) > math.MaxFloat32)
}

// whole writes a range of whole numbers.
func (r bounds) whole() string {
	digits := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return digits(r.low) + ".." + digits(r.high)
}

func (r bounds) String() string {
	left, right := "[", "]"
	if r.openLow {
		left = "("
	}
	if r.openHigh {
		right = ")"
	}
	return fmt.Sprintf("%s%g,%g%s", left, r.low, r.high, right)
}
