package pipelines

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits on what a sentence may ask for.
const (
	maxSide     = 4096 // pixels
	maxContrast = 100
	deformStep  = 2 // pixels; section 3.2 draws from {2, 4, 6, 8}
)

// known are the steps of a sentence, in the order in which messages list them.
var known = []struct {
	name, usage string
	make        func(*call) op
}{
	{"stretch", "stretch(0..4)", (*call).stretch},
	{"shift", "shift(2) or shift(1..2)", (*call).shift},
	{"crop", "crop(48)", func(c *call) op { return crop{c.side()} }},
	{"centre", "centre(48)", func(c *call) op { return centre{c.side()} }},
	{"resize", "resize(32)", func(c *call) op { return resize{c.side()} }},
	{"flip", "flip", func(c *call) op { c.count(0); return flip{} }},
	{"brightness", "brightness(63/255)", (*call).brightness},
	{"contrast", "contrast(.2,1.8)", (*call).contrast},
	{"deform", "deform(stretch=2..8,shift=2..8)", (*call).deform},
}

// ParseAugment reads a sentence: steps separated by "|", each a name with arguments in parentheses.
// "" is no step. Geometric steps come first, then brightness and contrast, then deform.
//
//	stretch(a..b)      each side stretched by a..b whole pixels, drawn per axis; the middle is kept, a negative
//	                   number shrinks and repeats edge pixels
//	shift(n)           the same as shift(0..n)
//	shift(a..b)        moved by a..b whole pixels either way, drawn per axis; edge pixels are repeated
//	crop(n)            a random patch of n by n pixels
//	centre(n)          the middle patch of n by n pixels, nearer to the top left by half a pixel if it must be
//	resize(n)          n by n pixels, bilinear, half-pixel centres, no antialiasing
//	flip               mirrored left to right, every second time on average
//	brightness(d)      adds one number from [-d, d); d is at most 1, the range of the image. Never clips
//	contrast(lo,hi)    (x-mean)*f + mean with f from [lo, hi), mean per image and channel. Never clips
//	deform(stretch=a..b,shift=a..b,step=2)
//	                   makes the twin I' of section 2.2: the augmented image stretched by a, a+step, … b pixels
//	                   per axis and shifted by as many either way, edge pixels repeated, values changed no further
//
// A number may be written as a fraction such as 63/255. An error gives the column where it was
// noticed, counted in bytes from 1; one about an unknown step lists the known ones.
func ParseAugment(sentence string) (Augment, error) {
	var a Augment
	if strings.TrimSpace(sentence) == "" {
		return a, nil
	}
	at := 0
	for part := range strings.SplitSeq(sentence, "|") {
		c, err := parseCall(sentence, at, part)
		if err != nil {
			return Augment{}, err
		}
		o, err := c.op()
		if err != nil {
			return Augment{}, err
		}
		if n := len(a.ops); n > 0 && (rank(o) < rank(a.ops[n-1]) || rank(a.ops[n-1]) == 2) {
			return Augment{}, c.fail(c.at, "geometric steps, then brightness and contrast, then one deform",
				fmt.Sprintf("%q after %q", c.name, stepName(a.ops[n-1])), "reorder the sentence")
		}
		a.ops = append(a.ops, o)
		at += len(part) + 1
	}
	return a, nil
}

// rank is a step's place in a sentence. Values change after pixels have moved, so that the mean that
// contrast keeps is that of the image the model sees.
func rank(o op) int {
	switch o.(type) {
	case deform:
		return 2
	case tinter:
		return 1
	default:
		return 0
	}
}

func stepName(o op) string {
	name, _, _ := strings.Cut(o.String(), "(")
	return name
}

// call is one step as written, while its arguments are read. The first error is kept.
type call struct {
	sentence string
	name     string
	usage    string // how to write the step, once its name is known
	at       int    // where the name begins
	end      int    // where the step ends
	args     []arg
	err      error
}

type arg struct {
	name string // "" if not named
	text string
	at   int // where text begins
}

// fail makes an error at a byte offset of the sentence.
func (c *call) fail(at int, want, got, do string) error {
	return sentenceError(c.sentence, at, want, got, do)
}

func sentenceError(sentence string, at int, want, got, do string) error {
	return fmt.Errorf("pipelines: augment %q: column %d: want %s, got %s: %s", sentence, at+1, want, got, do)
}

// set keeps the first error.
func (c *call) set(err error) {
	if c.err == nil {
		c.err = err
	}
}

// parseCall reads part, which begins at byte at of the sentence, as a name and its arguments.
func parseCall(sentence string, at int, part string) (*call, error) {
	name, rest, open := strings.Cut(part, "(")
	name, at = trim(name, at)
	c := &call{sentence: sentence, name: name, at: at, end: at + len(name)}
	if name == "" {
		return nil, c.fail(at, "a step such as flip", "nothing", "take out the empty step")
	}
	if !open {
		return c, nil
	}
	inner, after, closed := strings.Cut(rest, ")")
	at = strings.Index(sentence[at:], "(") + at + 1
	if !closed {
		return nil, c.fail(at+len(rest), `")"`, "the end of the step", "close the parenthesis")
	}
	c.end = at + len(inner)
	if extra, where := trim(after, c.end+1); extra != "" {
		return nil, c.fail(where, `"|" or the end`, strconv.Quote(extra), `separate steps with "|"`)
	}
	if strings.TrimSpace(inner) == "" {
		return c, nil
	}
	for text := range strings.SplitSeq(inner, ",") {
		a := arg{at: at}
		at += len(text) + 1
		if name, value, named := strings.Cut(text, "="); named {
			a.name = strings.TrimSpace(name)
			a.at += len(name) + 1
			text = value
		}
		a.text, a.at = trim(text, a.at)
		c.args = append(c.args, a)
	}
	return c, nil
}

// trim takes white space from both ends of text, which begins at byte at.
func trim(text string, at int) (string, int) {
	left := strings.TrimLeft(text, " \t\n\r")
	return strings.TrimRight(left, " \t\n\r"), at + len(text) - len(left)
}

// op finds the step by name and reads its arguments.
func (c *call) op() (op, error) {
	names := make([]string, len(known))
	for i, k := range known {
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
		fmt.Sprintf("did you mean %s?", Nearest(c.name, names)))
}

// count wants n unnamed arguments and returns whether that is what came.
func (c *call) count(n int) bool {
	if len(c.args) != n {
		c.set(c.fail(c.end, fmt.Sprintf("%d arguments", n), strconv.Itoa(len(c.args)), c.usage))
		return false
	}
	for _, a := range c.args {
		if a.name != "" {
			c.set(c.fail(a.at, "an argument without a name", strconv.Quote(a.name+"="), c.usage))
			return false
		}
	}
	return true
}

// number reads a decimal or a fraction between lo and hi.
func (c *call) number(a arg, lo, hi float64) number {
	over, under, fraction := strings.Cut(a.text, "/")
	n := number{under: 1}
	ok := false
	if n.over, ok = decimal(over); ok && fraction {
		n.under, ok = decimal(under)
	}
	if !ok || math.IsNaN(n.value()) || math.IsInf(n.value(), 0) {
		c.set(c.fail(a.at, "a number or a fraction such as 63/255", strconv.Quote(a.text), c.usage))
		return number{under: 1}
	}
	if v := n.value(); v < lo || v > hi {
		c.set(c.fail(a.at, fmt.Sprintf("a number in %v..%v", lo, hi), a.text, c.usage))
	}
	return n
}

// decimal reads digits with an optional sign, point and exponent; nothing else that
// strconv.ParseFloat knows.
func decimal(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// whole reads a whole number (or a fraction that is one) between lo and hi.
func (c *call) whole(a arg, lo, hi int) int {
	v := c.number(a, float64(lo), float64(hi)).value()
	if v != math.Trunc(v) {
		c.set(c.fail(a.at, "a whole number of pixels", a.text, c.usage))
		return lo
	}
	return int(v)
}

// span reads "a..b", whole numbers from least up.
func (c *call) span(a arg, least, step int) span {
	lo, hi, ok := strings.Cut(a.text, "..")
	if !ok {
		c.set(c.fail(a.at, "a range such as 2..8", strconv.Quote(a.text), c.usage))
		return span{step: step}
	}
	from, to := arg{at: a.at}, arg{}
	from.text, from.at = trim(lo, a.at)
	to.text, to.at = trim(hi, a.at+len(lo)+2)
	s := span{c.whole(from, least, maxSide), c.whole(to, least, maxSide), step}
	if s.hi < s.lo {
		c.set(c.fail(a.at, "a range that does not fall", a.text, "swap its ends"))
	}
	return s
}

func (c *call) side() int {
	if !c.count(1) {
		return 0
	}
	return c.whole(c.args[0], 1, maxSide)
}

func (c *call) stretch() op {
	if !c.count(1) {
		return nil
	}
	return stretch{c.span(c.args[0], -maxSide, 1)}
}

func (c *call) shift() op {
	if !c.count(1) {
		return nil
	}
	if a := c.args[0]; !strings.Contains(a.text, "..") {
		return shift{span{0, c.whole(a, 0, maxSide), 1}}
	}
	return shift{c.span(c.args[0], 0, 1)}
}

func (c *call) brightness() op {
	if !c.count(1) {
		return nil
	}
	return brightness{c.number(c.args[0], 0, 1)}
}

func (c *call) contrast() op {
	if !c.count(2) {
		return nil
	}
	o := contrast{c.number(c.args[0], 0, maxContrast), c.number(c.args[1], 0, maxContrast)}
	if o.hi.value() < o.lo.value() {
		c.set(c.fail(c.args[0].at, "the lower number first", o.lo.String()+","+o.hi.String(), "swap them"))
	}
	return o
}

// deform reads named arguments; a missing range is the paper's, 2..8.
func (c *call) deform() op {
	step := deformStep
	seen := map[string]arg{}
	for _, a := range c.args {
		if _, twice := seen[a.name]; twice {
			c.set(c.fail(a.at, "each argument once", strconv.Quote(a.name+"=")+" again", c.usage))
		}
		switch a.name {
		case "step":
			step = max(c.whole(a, 1, maxSide), 1)
		case "stretch", "shift":
		default:
			c.set(c.fail(a.at, "stretch=, shift= or step=", strconv.Quote(a.name+"="), c.usage))
		}
		seen[a.name] = a
	}
	o := deform{stretch: span{2, 8, step}, shift: span{2, 8, step}}
	if a, ok := seen["stretch"]; ok {
		o.stretch = c.span(a, -maxSide, step)
	}
	if a, ok := seen["shift"]; ok {
		o.shift = c.span(a, 0, step)
	}
	return o
}
