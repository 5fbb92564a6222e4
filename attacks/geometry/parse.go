package geometry

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/graphs/spec"
)

// usualSmooth is the limit that the word smooth alone stands for.
const usualSmooth = ".25"

// Parse reads a threat, as the package comment describes. Errors name the
// threat, what was wanted and what came.
func Parse(text string) (Threat, error) {
	t, err := parse(text)
	if err != nil {
		return Threat{}, fmt.Errorf("threat %q: %w", text, err)
	}
	return t, nil
}

// Names are the names that a threat, or a term of a sum, can have.
func Names() []string { return slices.Clone(written) }

func parse(text string) (Threat, error) {
	name, inner, err := splitText(text)
	if err != nil {
		return Threat{}, err
	}
	names, err := splitSum(name)
	if err != nil {
		return Threat{}, err
	}
	keys, err := nameKeys(names, inner)
	if err != nil {
		return Threat{}, err
	}
	kind := spec.Kind[*Threat]{Name: name, New: func() *Threat { return new(Threat) }}
	t, err := spec.Parse(name+"("+strings.Join(keys, ",")+")", []spec.Kind[*Threat]{kind})
	if err != nil {
		return Threat{}, err
	}
	for _, n := range names {
		if k := termCalled(n); !(*k.limit(t) > 0) {
			return Threat{}, fmt.Errorf("%s: want a limit above 0 such as %s(%s), got none", n, n, exampleOf(n))
		}
	}
	if t.Whole && t.Translate < 1 {
		return Threat{}, fmt.Errorf("translate: want at least 1 px where moves are whole, got %g", t.Translate)
	}
	return *t, nil
}

// splitText separates a name from what stands in brackets.
func splitText(text string) (name, inner string, err error) {
	name, rest, open := strings.Cut(strings.TrimSpace(text), "(")
	if open {
		var closed bool
		if inner, closed = strings.CutSuffix(rest, ")"); !closed {
			return "", "", fmt.Errorf("want a closing bracket at the end")
		}
	}
	return strings.Join(strings.Fields(name), ""), inner, nil
}

// splitSum reads the names of a sum.
func splitSum(name string) ([]string, error) {
	names := strings.Split(name, "+")
	for i, n := range names {
		switch {
		case termCalled(n) == nil:
			return nil, &spec.UnknownError{Got: n, Known: Names()}
		case slices.Contains(names[:i], n):
			return nil, fmt.Errorf("want each name of a sum once, got %s twice", n)
		case n == "field" && len(names) > 1:
			return nil, fmt.Errorf("want a field alone, got it in a sum: it moves each pixel already")
		}
	}
	return names, nil
}

// nameKeys gives each argument its key: limits without one belong to the names
// in their order, the words whole and smooth are keys of their own.
func nameKeys(names []string, inner string) ([]string, error) {
	var keys []string
	known := knownKeys(names)
	given := 0
	for arg := range strings.SplitSeq(inner, ",") {
		arg = strings.TrimSpace(arg)
		key, value, named := strings.Cut(arg, "=")
		switch {
		case arg == "":
			continue
		case named:
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		case arg == "whole":
			key, value = arg, "true"
		case arg == "smooth":
			key, value = arg, usualSmooth
		case given == len(names):
			return nil, fmt.Errorf("want %d limits, one for each of %s, got one more: %q", len(names), strings.Join(names, ", "), arg)
		default:
			key, value = names[given], arg
			given++
		}
		if !slices.Contains(known, key) {
			return nil, &spec.UnknownError{What: "key", Got: key, Known: known}
		}
		value, err := trimUnit(key, value)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key+"="+value)
	}
	return keys, nil
}

// knownKeys are the keys of a threat of these terms.
func knownKeys(names []string) []string {
	known := append(slices.Clone(names), "border")
	switch {
	case names[0] == "field":
		known = append(known, "smooth")
	case len(names) == 1 && names[0] == "translate":
		known = append(known, "whole")
	}
	return known
}

// trimUnit takes ± and the unit from a limit; a unit that is not the term's is
// left, and no number.
func trimUnit(key, value string) (string, error) {
	accept := []string{"px"}
	if k := termCalled(key); k != nil {
		value = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(value, "±"), "+-"))
		accept = k.accept
	} else if key != "smooth" {
		return value, nil
	}
	if strings.HasPrefix(value, "-") {
		return "", fmt.Errorf("%s: want a limit such as %s, which counts either way, got %q", key, exampleOf(key), value)
	}
	for _, unit := range accept {
		if number, ok := strings.CutSuffix(value, unit); ok {
			return strings.TrimSpace(number), nil
		}
	}
	return value, nil
}

// exampleOf is a limit to show in messages.
func exampleOf(key string) string {
	switch key {
	case "rotate":
		return "30"
	case "translate", "field":
		return "2px"
	case "smooth":
		return "smooth=.25"
	}
	return ".1"
}

func termCalled(name string) *term {
	if i := slices.IndexFunc(terms, func(k term) bool { return k.name == name }); i >= 0 {
		return &terms[i]
	}
	return nil
}
