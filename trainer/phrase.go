package trainer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"unwarp/pipelines"
)

// phrase reads the arguments of a text such as pgd(eps=8/255,steps=7). The
// first error is kept.
type phrase struct {
	text string
	name string
	args map[string]string
	err  error
}

// readPhrase splits text into a name and named arguments.
func readPhrase(text string) *phrase {
	p := &phrase{text: text, args: map[string]string{}}
	name, rest, open := strings.Cut(strings.TrimSpace(text), "(")
	p.name = strings.TrimSpace(name)
	inner, after, closed := strings.Cut(rest, ")")
	switch {
	case !open:
		return p
	case !closed || strings.TrimSpace(after) != "":
		p.fail("one name with arguments in parentheses", strconv.Quote(text), "write it like pgd(eps=.3,steps=7)")
		return p
	case strings.TrimSpace(inner) == "":
		return p
	}
	for part := range strings.SplitSeq(inner, ",") {
		name, value, ok := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := p.args[name]; !ok || name == "" || value == "" || twice {
			p.fail("arguments name=value, each once", strconv.Quote(strings.TrimSpace(part)), "write it like pgd(eps=.3,steps=7)")
		}
		p.args[name] = value
	}
	return p
}

func (p *phrase) fail(want, got, do string) {
	if p.err == nil {
		p.err = fmt.Errorf("want %s, got %s in %q: %s", want, got, p.text, do)
	}
}

// take removes an argument.
func (p *phrase) take(name string) (string, bool) {
	v, ok := p.args[name]
	delete(p.args, name)
	return v, ok
}

// smallest normal float32: parts of a number below it may round to 0.
const smallest = 0x1p-126

// number reads an argument that may be a fraction, such as 8/255, from low
// (excluded where open) to high.
func (p *phrase) number(name string, to *float32, low, high float64, open bool) {
	text, ok := p.take(name)
	if !ok {
		return
	}
	top, bottom, fraction := strings.Cut(text, "/")
	x, err := strconv.ParseFloat(strings.TrimSpace(top), 64)
	if fraction && err == nil {
		var d float64
		d, err = strconv.ParseFloat(strings.TrimSpace(bottom), 64)
		x /= d
	}
	if err != nil || !(x >= low && x <= high) || open && x-low < smallest || x > math.MaxFloat32 {
		limit := fmt.Sprintf("from %g", low)
		if open {
			limit = fmt.Sprintf("above %g", low)
		}
		if !math.IsInf(high, 1) {
			limit += fmt.Sprintf(" up to %g", high)
		}
		p.fail(fmt.Sprintf("%s as a number %s, such as .3 or 8/255", name, limit), text, "change "+name)
		return
	}
	*to = float32(x)
}

// count reads a whole number from low to high.
func (p *phrase) count(name string, to *int, low, high int) {
	text, ok := p.take(name)
	if !ok {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		p.fail(fmt.Sprintf("%s as a whole number from %d to %d", name, low, high), text, "change "+name)
		return
	}
	*to = n
}

// word reads one of a few words.
func (p *phrase) word(name string, to *string, words ...string) {
	text, ok := p.take(name)
	if !ok {
		return
	}
	for _, w := range words {
		if text == w {
			*to = text
			return
		}
	}
	p.fail(name+" as "+strings.Join(words, " or "), strconv.Quote(text), "change "+name)
}

// span reads a stretch of training.
func (p *phrase) span(name string, to *Span) {
	text, ok := p.take(name)
	if !ok {
		return
	}
	v, err := ParseSpan(text)
	if err != nil {
		p.fail(name+" as a number with its unit, such as 2ep, 500st or 10%", strconv.Quote(text), "change "+name)
		return
	}
	if v.Zero() {
		v = Span{} // however none is written
	}
	*to = v
}

// done refuses arguments that nobody took.
func (p *phrase) done(known []string) error {
	for name := range p.args {
		p.fail("arguments of "+p.name+" out of "+strings.Join(known, ", "), strconv.Quote(name), fmt.Sprintf("did you mean %q?", pipelines.Nearest(name, known)))
	}
	return p.err
}

// short writes a number as it is read: 0.3, and .05 as 0.05.
func short(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
