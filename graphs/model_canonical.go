package graphs

import (
	"cmp"
	"reflect"

	"unwarp/graphs/spec"
)

// Canonical is the same model in one spelling: of encoder and head with all
// their keys, of dropout the rate that belongs to the encoder. Two
// configurations describe the same model only where these are equal.
func (m Model) Canonical() Model {
	if e, err := m.parseEncoder(); err == nil && m.Dropout == OwnDropout {
		m.Dropout = e.ownDropout()
	}
	m.Encoder = canonicalText(m.Encoder, encoders)
	m.Head = canonicalText(cmp.Or(m.Head, defaultHead), heads)
	return m
}

// canonicalText writes out all keys of a kind; a text that names none is left as
// it is.
func canonicalText[T any](text string, kinds []spec.Kind[T]) string {
	v, err := spec.Parse(text, kinds)
	if err != nil {
		return text
	}
	for _, k := range kinds {
		if reflect.TypeOf(k.New()) == reflect.TypeOf(v) {
			return spec.FullText(k.Name, v)
		}
	}
	return text
}
