package spec

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Enumerated is a kind of string with a fixed set of words, for fields without
// the tag oneof.
type Enumerated interface{ Words() []string }

// field is one key of a value.
type field struct {
	key    string
	tag    reflect.StructTag
	value  reflect.Value // addressable
	common bool
}

// fieldsOf lists the keys of v, a pointer to a struct, its own before those of
// embedded structs.
func fieldsOf(v any) []field { return structFields(reflect.ValueOf(v).Elem(), false) }

func structFields(v reflect.Value, embedded bool) []field {
	var own, common []field
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if key := t.Tag.Get("key"); key != "" {
			own = append(own, field{key, t.Tag, v.Field(i), embedded})
		} else if t.Anonymous && t.Type.Kind() == reflect.Struct {
			common = append(common, structFields(v.Field(i), true)...)
		}
	}
	return append(own, common...)
}

// normal is the text of the default.
func (f field) normal() string {
	if f.tag.Get("required") != "" {
		return "" // it has none
	}
	g := field{f.key, f.tag, reflect.New(f.value.Type()).Elem(), f.common}
	if err := g.set(f.tag.Get("default")); err != nil {
		panic("spec: default of " + f.key + ": " + err.Error()) // a mistake in a tag, met by any test
	}
	return g.get()
}

// get is the text of the value.
func (f field) get() string {
	if m, ok := f.value.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			panic("spec: " + f.key + ": " + err.Error()) // such types write what they have read
		}
		return string(text)
	}
	switch v := f.value.Interface().(type) {
	case []int:
		return strings.Trim(fmt.Sprint(v), "[]")
	case float32:
		return FormatNumber(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(f.value.Interface())
}

// set reads text; "" is the zero value.
func (f field) set(text string) error {
	if u, ok := f.value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text == "" {
			f.value.SetZero()
			return nil
		}
		return u.UnmarshalText([]byte(text))
	}
	switch f.value.Kind() {
	case reflect.Float32, reflect.Float64:
		return f.setFloat(text)
	case reflect.Int:
		return f.setInt(text)
	case reflect.Uint64:
		return f.setUint(text)
	case reflect.Bool:
		return f.setBool(text)
	case reflect.String:
		return f.setWord(text)
	case reflect.Slice:
		return f.setList(text)
	}
	panic(fmt.Sprintf("spec: %s: want a type of the package's list, got %s", f.key, f.value.Type()))
}

func (f field) setFloat(text string) error {
	r := f.bounds()
	v, err := parseSigned(text)
	if err != nil || !r.holds(v) {
		return fmt.Errorf("want a number in %v, got %q", r, text)
	}
	if err := checkNormal(v); err != nil {
		return err
	}
	f.value.SetFloat(v)
	return nil
}

func (f field) setInt(text string) error {
	r := f.bounds()
	v, err := parseSigned(text)
	if err != nil || !r.holds(v) || v != math.Trunc(v) {
		return fmt.Errorf("want a whole number in %s, got %q", r.whole(), text)
	}
	f.value.SetInt(int64(v))
	return nil
}

// setList reads numbers separated by spaces.
func (f field) setList(text string) error {
	words := strings.Fields(text)
	list := reflect.MakeSlice(f.value.Type(), len(words), len(words))
	for i, w := range words {
		if err := (field{f.key, f.tag, list.Index(i), f.common}).set(w); err != nil {
			return err
		}
	}
	f.value.Set(list)
	return nil
}

func (f field) setUint(text string) error {
	if text == "" {
		text = "0"
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("want a whole number in 0..%d, got %q", uint64(math.MaxUint64), text)
	}
	f.value.SetUint(v)
	return nil
}

func (f field) setBool(text string) error {
	switch text {
	case "", "false", "no":
		f.value.SetBool(false)
	case "true", "yes":
		f.value.SetBool(true)
	default:
		return fmt.Errorf("want true or false, got %q", text)
	}
	return nil
}

func (f field) setWord(text string) error {
	words := strings.Fields(f.tag.Get("oneof"))
	if e, ok := f.value.Interface().(Enumerated); ok && len(words) == 0 {
		words = e.Words()
	}
	if text != "" && len(words) > 0 && !slices.Contains(words, text) {
		return fmt.Errorf("want one of %s, got %q", strings.Join(words, ", "), text)
	}
	f.value.SetString(text)
	return nil
}
