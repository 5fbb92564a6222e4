package trainer

import (
	"strings"

	"unwarp/graphs/spec"
)

// namedText writes v as parseNamed reads it under name, defaults included; "" for
// the zero value, which is none.
func namedText[T comparable](name string, v T) string {
	var none T
	if v == none {
		return ""
	}
	return spec.FullText(name, &v)
}

// parseNamed reads the name and its options into v; "" is the zero value. An error
// leaves v as it was.
func parseNamed[T any](text []byte, name string, v *T) error {
	if strings.TrimSpace(string(text)) == "" {
		*v = *new(T)
		return nil
	}
	p, err := spec.Parse(string(text), []spec.Kind[*T]{{Name: name, New: func() *T { return new(T) }}})
	if err != nil {
		return suggest(err)
	}
	*v = *p
	return nil
}
