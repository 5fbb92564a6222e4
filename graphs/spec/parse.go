package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind is one thing that a text can name.
type Kind[T any] struct {
	Name string
	// Shorthand is the key that digits after the name set: with "depth",
	// resnet20 is short for resnet(depth=20). "" is none.
	Shorthand string
	New       func() T // a pointer to a new struct
}

// Validator is a value with rules across its keys. Validate is called once all
// keys are set. It may also fill in a key whose default depends on others.
type Validator interface{ Validate() error }

// Parse reads one of kinds. Errors name the key, what was wanted and what came;
// the caller adds where the text stands.
func Parse[T any](text string, kinds []Kind[T]) (T, error) {
	var none T
	name, given, malformed := split(text)
	i := slices.IndexFunc(kinds, func(k Kind[T]) bool { return k.Name == name })
	if i < 0 {
		var err error
		if i, err = shorthand(name, given, kinds); err != nil {
			return none, err
		}
	}
	if malformed != nil {
		return none, malformed
	}
	v := kinds[i].New()
	if err := set(v, given, name); err != nil {
		return none, err
	}
	if c, ok := any(v).(Validator); ok {
		if err := c.Validate(); err != nil {
			return none, err
		}
	}
	return v, nil
}

// Names lists the names of kinds, in their order.
func Names[T any](kinds []Kind[T]) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.Name
	}
	return out
}

// shorthand finds the kind that name with digits at its end is short for, and
// adds their key to given.
func shorthand[T any](name string, given map[string]string, kinds []Kind[T]) (int, error) {
	family := strings.TrimRight(name, "0123456789")
	i := slices.IndexFunc(kinds, func(k Kind[T]) bool { return k.Name == family && k.Shorthand != "" && family != name })
	if i < 0 {
		return -1, fmt.Errorf("want one of %s, got %q", strings.Join(Names(kinds), ", "), name)
	}
	key := kinds[i].Shorthand
	if _, twice := given[key]; twice {
		return -1, fmt.Errorf("key %q is given twice: as %s and in brackets", key, name)
	}
	given[key] = name[len(family):]
	return i, nil
}

// split separates the name from the keys; with an error the name is right, and
// the keys are those before it.
func split(text string) (name string, given map[string]string, err error) {
	name, rest, bracket := strings.Cut(strings.TrimSpace(text), "(")
	name, given = strings.TrimSpace(name), map[string]string{}
	if !bracket {
		return name, given, nil
	}
	inner, ok := strings.CutSuffix(strings.TrimSpace(rest), ")")
	if !ok {
		return name, given, fmt.Errorf("want a closing bracket at the end")
	}
	for pair := range strings.SplitSeq(inner, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		if !ok {
			return name, given, fmt.Errorf("want key=value, got %q", pair)
		}
		if _, twice := given[key]; twice {
			return name, given, fmt.Errorf("key %q is given twice", key)
		}
		given[key] = strings.TrimSpace(value)
	}
	return name, given, nil
}

// set writes the given keys and the defaults of the others to v.
func set(v any, given map[string]string, name string) error {
	var known []string
	for _, f := range fieldsOf(v) {
		known = append(known, f.key)
		text, ok := given[f.key]
		delete(given, f.key)
		switch example := f.tag.Get("required"); {
		case ok && text == "":
			return fmt.Errorf("%s: want a value, got none", f.key)
		case !ok && example != "":
			return fmt.Errorf("%s: want a value, got none: write it like %s(%s=%s)", f.key, name, f.key, example)
		case !ok:
			text = f.tag.Get("default")
		}
		if err := f.set(text); err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		slices.Sort(known)
		return fmt.Errorf("unknown key %q, want one of %s", key, strings.Join(known, ", "))
	}
	return nil
}
