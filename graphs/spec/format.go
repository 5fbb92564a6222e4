package spec

import (
	"slices"
	"strings"
)

// Param is one key with its value.
type Param struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Help  string `json:"help,omitempty"`
	// Common keys are those of an embedded struct, which several kinds share.
	Common bool `json:"common,omitempty"`
}

// Params lists all keys of v, a pointer to a struct, defaults included; its own
// come before those of embedded structs.
func Params(v any) []Param {
	var out []Param
	for _, f := range fieldsOf(v) {
		out = append(out, Param{f.key, f.get(), f.tag.Get("help"), f.common})
	}
	return out
}

// Defaults lists all keys of v with what they are where they are not given: of one
// that must be given "such as" an example.
func Defaults(v any) []Param {
	var out []Param
	for _, f := range fieldsOf(v) {
		p := Param{f.key, f.normal(), f.tag.Get("help"), f.common}
		if example := f.tag.Get("required"); example != "" {
			p.Value = "such as " + example
		}
		out = append(out, p)
	}
	return out
}

// Text writes v as [Parse] reads it: its name and the keys that differ from
// their defaults.
func Text(name string, v any) string {
	var pairs []string
	for _, f := range fieldsOf(v) {
		if text := f.get(); text != f.normal() {
			pairs = append(pairs, f.key+"="+text)
		}
	}
	return join(name, pairs)
}

// FullText writes v with all of its keys that have a value, but those in omit:
// what stands in a file then keeps its meaning when a default changes.
func FullText(name string, v any, omit ...string) string {
	var pairs []string
	for _, f := range fieldsOf(v) {
		if text := f.get(); text != "" && !slices.Contains(omit, f.key) {
			pairs = append(pairs, f.key+"="+text)
		}
	}
	return join(name, pairs)
}

func join(name string, pairs []string) string {
	if len(pairs) == 0 {
		return name
	}
	return name + "(" + strings.Join(pairs, ",") + ")"
}
