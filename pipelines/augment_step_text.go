package pipelines

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// stepText is one step as written, while its arguments are read. The first error is kept.
type stepText struct {
	text  string
	name  string
	usage string // how to write the step, once its name is known
	at    int    // where the name begins
	end   int    // where the step ends
	args  []argument
	err   error
}

type argument struct {
	name string // "" if not named
	text string
	at   int // where text begins
}

// fail makes an error at a byte offset of the text.
func (c *stepText) fail(at int, want, got, do string) error {
	return augmentError(c.text, at, want, got, do)
}

func augmentError(text string, at int, want, got, do string) error {
	return fmt.Errorf("augment %q: column %d: want %s, got %s: %s", text, at+1, want, got, do)
}

// keepError keeps the first error.
func (c *stepText) keepError(err error) {
	if c.err == nil {
		c.err = err
	}
}

// parseStep reads part, which begins at byte at of the text, as a name and its arguments.
func parseStep(text string, at int, part string) (*stepText, error) {
	name, rest, open := strings.Cut(part, "(")
	name, at = trimSpace(name, at)
	c := &stepText{text: text, name: name, at: at, end: at + len(name)}
	if name == "" {
		return nil, c.fail(at, "a step such as flip", "nothing", "take out the empty step")
	}
	if !open {
		return c, nil
	}
	inner, after, closed := strings.Cut(rest, ")")
	at = strings.Index(text[at:], "(") + at + 1
	if !closed {
		return nil, c.fail(at+len(rest), `")"`, "the end of the step", "close the parenthesis")
	}
	c.end = at + len(inner)
	if extra, where := trimSpace(after, c.end+1); extra != "" {
		return nil, c.fail(where, `"|" or the end`, strconv.Quote(extra), `separate steps with "|"`)
	}
	if strings.TrimSpace(inner) == "" {
		return c, nil
	}
	for text := range strings.SplitSeq(inner, ",") {
		a := argument{at: at}
		at += len(text) + 1
		if name, value, named := strings.Cut(text, "="); named {
			a.name = strings.TrimSpace(name)
			a.at += len(name) + 1
			text = value
		}
		a.text, a.at = trimSpace(text, a.at)
		c.args = append(c.args, a)
	}
	return c, nil
}

// trimSpace takes white space from both ends of text, which begins at byte at.
func trimSpace(text string, at int) (string, int) {
	left := strings.TrimLeft(text, " \t\n\r")
	return strings.TrimRight(left, " \t\n\r"), at + len(text) - len(left)
}

// build finds the step by name and reads its arguments.
func (c *stepText) build() (step, error) {
	names := make([]string, len(stepKinds))
	for i, k := range stepKinds {
		names[i] = k.name
		if k.name != c.name {
			continue
		}
		c.usage = "write " + k.usage
		o := k.make(c)
		if c.err != nil {
			return nil, c.err
		}
		return o, nil
	}
	return nil, c.fail(c.at, "one of "+strings.Join(names, ", "), strconv.Quote(c.name),
		cmp.Or(strings.TrimPrefix(DidYouMean(c.name, names, "%s"), ": "), "choose one of these"))
}

// wantCount wants n unnamed arguments and returns whether that is what came.
func (c *stepText) wantCount(n int) bool {
	if len(c.args) != n {
		c.keepError(c.fail(c.end, fmt.Sprintf("%d arguments", n), strconv.Itoa(len(c.args)), c.usage))
		return false
	}
	for _, a := range c.args {
		if a.name != "" {
			c.keepError(c.fail(a.at, "an argument without a name", strconv.Quote(a.name+"="), c.usage))
			return false
		}
	}
	return true
}

// readNumber reads a decimal or a fraction between lo and hi.
func (c *stepText) readNumber(a argument, lo, hi float64) fraction {
	over, under, isFraction := strings.Cut(a.text, "/")
	n := fraction{under: 1}
	ok := false
	if n.over, ok = parseDecimal(over); ok && isFraction {
		n.under, ok = parseDecimal(under)
	}
	if !ok || math.IsNaN(n.value()) || math.IsInf(n.value(), 0) {
		c.keepError(c.fail(a.at, "a number or a fraction such as 63/255", strconv.Quote(a.text), c.usage))
		return fraction{under: 1}
	}
	if v := n.value(); v < lo || v > hi {
		c.keepError(c.fail(a.at, fmt.Sprintf("a number in %v..%v", lo, hi), a.text, c.usage))
	}
	return n
}

// parseDecimal reads digits with an optional sign, point and exponent; nothing else that
// strconv.ParseFloat knows.
func parseDecimal(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// readWhole reads a whole number (or a fraction that is one) between lo and hi.
func (c *stepText) readWhole(a argument, lo, hi int) int {
	v := c.readNumber(a, float64(lo), float64(hi)).value()
	if v != math.Trunc(v) {
		c.keepError(c.fail(a.at, "a whole number of pixels", a.text, c.usage))
		return lo
	}
	return int(v)
}

// readRange reads "a..b", whole numbers from least up.
func (c *stepText) readRange(a argument, least, step int) wholeRange {
	lo, hi, ok := strings.Cut(a.text, "..")
	if !ok {
		c.keepError(c.fail(a.at, "a range such as 2..8", strconv.Quote(a.text), c.usage))
		return wholeRange{step: step}
	}
	from, to := argument{at: a.at}, argument{}
	from.text, from.at = trimSpace(lo, a.at)
	to.text, to.at = trimSpace(hi, a.at+len(lo)+2)
	s := wholeRange{c.readWhole(from, least, maxSide), c.readWhole(to, least, maxSide), step}
	if s.hi < s.lo {
		c.keepError(c.fail(a.at, "a range that does not fall", a.text, "swap its ends"))
	}
	return s
}

func (c *stepText) readSide() int {
	if !c.wantCount(1) {
		return 0
	}
	return c.readWhole(c.args[0], 1, maxSide)
}

func (c *stepText) readStretch() step {
	if !c.wantCount(1) {
		return nil
	}
	return stretch{c.readRange(c.args[0], -maxSide, 1)}
}

func (c *stepText) readShift() step {
	if !c.wantCount(1) {
		return nil
	}
	if a := c.args[0]; !strings.Contains(a.text, "..") {
		return shift{wholeRange{0, c.readWhole(a, 0, maxSide), 1}}
	}
	return shift{c.readRange(c.args[0], 0, 1)}
}

func (c *stepText) readBrightness() step {
	if !c.wantCount(1) {
		return nil
	}
	return brightness{c.readNumber(c.args[0], 0, 1)}
}

func (c *stepText) readContrast() step {
	if !c.wantCount(2) {
		return nil
	}
	o := contrast{c.readNumber(c.args[0], 0, maxContrast), c.readNumber(c.args[1], 0, maxContrast)}
	if o.hi.value() < o.lo.value() {
		c.keepError(c.fail(c.args[0].at, "the lower number first", o.lo.String()+","+o.hi.String(), "swap them"))
	}
	return o
}

// readDeform reads named arguments; a missing range is the paper's, 2..8.
func (c *stepText) readDeform() step {
	step := deformStep
	seen := map[string]argument{}
	for _, a := range c.args {
		if _, twice := seen[a.name]; twice {
			c.keepError(c.fail(a.at, "each argument once", strconv.Quote(a.name+"=")+" again", c.usage))
		}
		switch a.name {
		case "step":
			step = max(c.readWhole(a, 1, maxSide), 1)
		case "stretch", "shift":
		default:
			c.keepError(c.fail(a.at, "stretch=, shift= or step=", strconv.Quote(a.name+"="), c.usage))
		}
		seen[a.name] = a
	}
	o := deform{stretch: wholeRange{2, 8, step}, shift: wholeRange{2, 8, step}}
	if a, ok := seen["stretch"]; ok {
		o.stretch = c.readRange(a, -maxSide, step)
	}
	if a, ok := seen["shift"]; ok {
		o.shift = c.readRange(a, 0, step)
	}
	return o
}
