package attacks

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Attack is one way to look for adversarial examples. It is a plain value;
// its text is its complete description, as it is written in a configuration:
// "bim(loss=training,preset=paper,steps=3,eps=.01 .02)".
type Attack interface {
	fmt.Stringer
	// Radii are the eps of this attack, nil for those of the evaluation.
	Radii() []float32
	// Follows is the loss whose gradient is used, "" for none.
	Follows() Loss
	// Plan says how many steps of which size are made at eps.
	Plan(eps float32) (steps int, alpha float32)
	// run proposes one image per clean image for each eps, in their order.
	run(r *runner, batch Set, eps []float32, propose func(k int, images *tf.Tensor) error) error
}

// Parse reads an attack: a name, and in brackets what differs from its
// defaults.
func Parse(text string) (Attack, error) {
	name, rest, bracket := strings.Cut(strings.TrimSpace(text), "(")
	p := params{text: text, values: map[string]string{}}
	if bracket {
		inner, ok := strings.CutSuffix(rest, ")")
		if !ok {
			return nil, fmt.Errorf("attack %q: want a closing bracket at the end", text)
		}
		for _, kv := range strings.Split(inner, ",") {
			if kv = strings.TrimSpace(kv); kv == "" {
				continue
			}
			k, v, ok := strings.Cut(kv, "=")
			k = strings.TrimSpace(k)
			if !ok {
				return nil, fmt.Errorf("attack %q: want key=value, got %q", text, kv)
			}
			if _, twice := p.values[k]; twice {
				return nil, fmt.Errorf("attack %q: key %q is given twice", text, k)
			}
			p.values[k] = strings.TrimSpace(v)
		}
	}
	a := p.attack(strings.TrimSpace(name))
	if p.err == nil {
		p.leftovers()
	}
	if p.err != nil {
		return nil, p.err
	}
	return a, nil
}

// Names are the known attacks.
var Names = []string{"bim", "fgsm", "random"}

// params takes values out of a parsed attack; what is left is unknown.
type params struct {
	text   string
	values map[string]string
	known  []string
	err    error
}

func (p *params) attack(name string) Attack {
	switch name {
	case "random":
		return Random{Eps: p.radii(), Seed: p.whole("seed", math.MaxUint64)}
	case "fgsm":
		return FGSM{Eps: p.radii(), Loss: p.loss()}
	case "bim":
		b := BIM{Eps: p.radii(), Loss: p.loss(), Preset: Preset(p.take("preset")), Steps: int(p.whole("steps", maxSteps)), Alpha: p.number("alpha", 0, 1)}
		if p.err == nil {
			p.err = b.check(p.text)
		}
		return b
	}
	p.fail("want one of %s, got %q", strings.Join(Names, ", "), name)
	return nil
}

func (p *params) take(key string) string {
	p.known = append(p.known, key)
	v := p.values[key]
	delete(p.values, key)
	return v
}

func (p *params) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("attack %q: %s", p.text, fmt.Sprintf(format, args...))
	}
}

func (p *params) leftovers() {
	slices.Sort(p.known)
	for _, k := range slices.Sorted(maps.Keys(p.values)) {
		p.fail("unknown key %q, want one of %s", k, strings.Join(p.known, ", "))
	}
}

func (p *params) loss() Loss {
	switch l := Loss(p.take("loss")); l {
	case "":
		return Classification
	case Classification, Training, Margin:
		return l
	default:
		p.fail("loss: want classification, training or margin, got %q", l)
		return l
	}
}

func (p *params) number(key string, lo, hi float32) float32 {
	text := p.take(key)
	if text == "" {
		return 0
	}
	v, err := ParseEps(text)
	if err != nil || v < lo || v > hi {
		p.fail("%s: want a number in [%g,%g], got %q", key, lo, hi, text)
	}
	return v
}

// whole reads a whole number up to hi.
func (p *params) whole(key string, hi uint64) uint64 {
	text := p.take(key)
	if text == "" {
		return 0
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil || v > hi {
		p.fail("%s: want a whole number in 0..%d, got %q", key, hi, text)
	}
	return v
}

func (p *params) radii() []float32 {
	text := p.take("eps")
	if text == "" {
		return nil
	}
	v, err := ParseRadii(text)
	if err != nil {
		p.fail("%v", err)
	}
	return v
}

// describe writes an attack as Parse reads it.
func describe(name string, eps []float32, kv ...string) string {
	if len(eps) > 0 {
		kv = append(kv, "eps="+FormatRadii(eps))
	}
	if len(kv) == 0 {
		return name
	}
	return name + "(" + strings.Join(kv, ",") + ")"
}
