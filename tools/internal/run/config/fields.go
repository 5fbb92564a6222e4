package config

import (
	"encoding"
	"reflect"
)

// field is the struct field behind a key.
type field struct {
	key   string
	owner reflect.Type // the struct that has it
	name  string       // in owner
	typ   reflect.Type
	tag   reflect.StructTag
}

// fields are those of all keys, in the order of the structs.
func fields() []field { return fieldsOf("", reflect.TypeFor[Config]()) }

func fieldsOf(prefix string, owner reflect.Type) (all []field) {
	for i := range owner.NumField() {
		f := owner.Field(i)
		tag, ok := f.Tag.Lookup("mapstructure")
		if !ok {
			continue
		}
		if below := fieldsOf(prefix+tag+".", structOf(f.Type)); len(below) > 0 {
			all = append(all, below...)
			continue
		}
		all = append(all, field{prefix + tag, owner, f.Name, f.Type, f.Tag})
	}
	return all
}

// structOf is t, or an empty struct where t is none.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Struct {
		return t
	}
	return reflect.TypeFor[struct{}]()
}

// readsText reports whether values of t are texts: strings, and types that read
// their own text, such as a duration.
func readsText(t reflect.Type) bool {
	return t.Kind() == reflect.String || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// readsTexts reports whether values of t are lists of texts.
func readsTexts(t reflect.Type) bool { return t.Kind() == reflect.Slice && readsText(t.Elem()) }
