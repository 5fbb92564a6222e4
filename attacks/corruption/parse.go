package corruption

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/graphs/spec"
)

// Choice says which corruptions are measured. It is written
//
//	corruption                                  all kinds in all severities
//	corruption(kinds=blur jpeg,severities=1 5)  some of them
//
// Kinds are those of this package, or where images are read from files the names
// of these.
type Choice struct {
	Kinds      Words  `key:"kinds" help:"kinds of corruption, separated by spaces; none: all"`
	Severities []int  `key:"severities" in:"[1,5]" help:"severities, separated by spaces; none: all"`
	Seed       uint64 `key:"seed" help:"of random corruptions"`
}

// Words is a list of words, separated by spaces.
type Words []string

// MarshalText writes the list as UnmarshalText reads it.
func (w Words) MarshalText() ([]byte, error) { return []byte(strings.Join(w, " ")), nil }

// UnmarshalText reads a list of words.
func (w *Words) UnmarshalText(text []byte) error {
	*w = strings.Fields(string(text))
	return nil
}

// Name is that of the threat.
const Name = "corruption"

// Is tells whether a threat's text is that of corruptions.
func Is(text string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(text), "(")
	return strings.TrimSpace(name) == Name
}

// Parse reads a choice.
func Parse(text string) (Choice, error) {
	c, err := spec.Parse(strings.TrimSpace(text), []spec.Kind[*Choice]{{Name: Name, New: func() *Choice { return new(Choice) }}})
	if err != nil {
		return Choice{}, fmt.Errorf("threat %q: %w", text, err)
	}
	slices.Sort(c.Severities)
	c.Severities = slices.Compact(c.Severities)
	return *c, nil
}

// String writes c as Parse reads it.
func (c Choice) String() string { return spec.Text(Name, &c) }

// checkKinds refuses kinds that are none of known.
func (c Choice) checkKinds(known []string) error {
	for _, k := range c.Kinds {
		if !slices.Contains(known, k) {
			return fmt.Errorf("%s: kinds: want some of %s, got %q", Name, strings.Join(known, ", "), k)
		}
	}
	return nil
}

// chosen are those of known that c names, in their order; all if it names none.
func (c Choice) chosen(known []string) []string {
	if len(c.Kinds) == 0 {
		return known
	}
	return slices.DeleteFunc(slices.Clone(known), func(k string) bool { return !slices.Contains(c.Kinds, k) })
}

// asks tells whether c names a severity, or none.
func (c Choice) asks(severity int) bool {
	return len(c.Severities) == 0 || slices.Contains(c.Severities, severity)
}
