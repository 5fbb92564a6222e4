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
	// Examples are texts to offer in place of the name, in messages: resnet20.
	Examples []string
	New      func() T // a pointer to a new struct
}

// Validator is a value with rules across its keys. Validate is called once all
// keys are set. It may also fill in a key whose default depends on others.
type Validator interface{ Validate() error }

// Parse reads one of kinds. Errors name the key, what was wanted and what came;
// the caller adds where the text was found. An unknown name or key is an
// [UnknownError].
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

// UnknownError says that a text has a name, or a key, that there is not. Who
// words the message for a person may add the nearest of Known.
type UnknownError struct {
	What  string // "key", or "" for the name
	Got   string
	Known []string
}

func (e *UnknownError) Error() string {
	known := strings.Join(e.Known, ", ")
	if e.What == "" {
		return fmt.Sprintf("want one of %s, got %q", known, e.Got)
	}
	return fmt.Sprintf("unknown %s %q, want one of %s", e.What, e.Got, known)
}

// Names lists what to offer of kinds, in their order: the examples of a kind
// that has some, else its name.
func Names[T any](kinds []Kind[T]) []string {
	var out []string
	for _, k := range kinds {
		if len(k.Examples) > 0 {
			out = append(out, k.Examples...)
		} else {
			out = append(out, k.Name)
		}
	}
	return out
}

// shorthand finds the kind that name with digits at its end is short for, and
// adds their key to given.
func shorthand[T any](name string, given map[string]string, kinds []Kind[T]) (int, error) {
	family := strings.TrimRight(name, "0123456789")
	i := slices.IndexFunc(kinds, func(k Kind[T]) bool { return k.Name == family && k.Shorthand != "" && family != name })
	if i < 0 {
		return -1, &UnknownError{"", name, Names(kinds)}
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
	if err := checkKeys(v, given, name); err != nil {
		return err
	}
	for _, f := range fieldsOf(v) {
		text, ok := given[f.key]
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
	return nil
}

// checkKeys refuses a key that v does not have, before any value is looked at.
func checkKeys(v any, given map[string]string, name string) error {
	var known []string
	for _, f := range fieldsOf(v) {
		known = append(known, f.key)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		switch {
		case slices.Contains(known, key):
			continue
		case len(known) == 0:
			return fmt.Errorf("unknown key %q: %s has no keys", key, name)
		}
		slices.Sort(known)
		return &UnknownError{"key", key, known}
	}
	return nil
}
