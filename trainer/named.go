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

// parseNamed reads one of the names and its options; "" is the zero value.
func parseNamed[T any](text []byte, names ...string) (v T, err error) {
	if strings.TrimSpace(string(text)) == "" {
		return v, nil
	}
	kinds := make([]spec.Kind[*T], len(names))
	for i, name := range names {
		kinds[i] = spec.Kind[*T]{Name: name, New: func() *T { return new(T) }}
	}
	p, err := spec.Parse(string(text), kinds)
	if err != nil {
		return v, suggest(err)
	}
	return *p, nil
}
