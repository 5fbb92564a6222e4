package attacks

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Parse reads an attack as it is written in a configuration: a name, and in
// brackets what differs from its defaults,
//
//	pgd(loss=margin,steps=100,restarts=5,eps=.01 8/255)
//
// A field of the attack is a key if it has the tag `key`; `default` is its
// value when it is not given, `in` bounds a number ("lo hi"), `oneof` lists the
// words allowed, `help` says what it is.
func Parse(text string) (Attack, error) {
	name, rest, bracket := strings.Cut(strings.TrimSpace(text), "(")
	name = strings.TrimSpace(name)
	fail := func(format string, args ...any) error {
		return fmt.Errorf("attack %q: %s", text, fmt.Sprintf(format, args...))
	}
	i := slices.IndexFunc(Catalogue(), func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return nil, fail("want one of %s, got %q", strings.Join(Names(), ", "), name)
	}
	values := map[string]string{}
	if bracket {
		inner, ok := strings.CutSuffix(strings.TrimSpace(rest), ")")
		if !ok {
			return nil, fail("want a closing bracket at the end")
		}
		for _, kv := range strings.Split(inner, ",") {
			if kv = strings.TrimSpace(kv); kv == "" {
				continue
			}
			k, v, ok := strings.Cut(kv, "=")
			k = strings.TrimSpace(k)
			if !ok {
				return nil, fail("want key=value, got %q", kv)
			}
			if _, twice := values[k]; twice {
				return nil, fail("key %q is given twice", k)
			}
			values[k] = strings.TrimSpace(v)
		}
	}
	a := Catalogue()[i].New()
	var known []string
	for _, f := range fieldsOf(a) {
		known = append(known, f.key)
		v, given := values[f.key]
		delete(values, f.key)
		if !given {
			v = f.tag.Get("default")
		} else if v == "" {
			return nil, fail("%s: want a value, got none", f.key)
		}
		if err := f.set(v); err != nil {
			return nil, fail("%s: %v", f.key, err)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		slices.Sort(known)
		return nil, fail("unknown key %q, want one of %s", k, strings.Join(known, ", "))
	}
	if err := checkTarget(a.common().Target); err != nil {
		return nil, fail("%v", err)
	}
	if c, ok := a.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return nil, fail("%v", err)
		}
	}
	return a, nil
}

// Text writes an attack as Parse reads it: its name and what differs from the
// defaults.
func Text(a Attack) string {
	var kv []string
	for _, f := range fieldsOf(a) {
		if v := f.get(); v != f.normal() {
			kv = append(kv, f.key+"="+v)
		}
	}
	if len(kv) == 0 {
		return About(a).Name
	}
	return About(a).Name + "(" + strings.Join(kv, ",") + ")"
}

// Param is one hyper-parameter with its value.
type Param struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Help  string `json:"help,omitempty"`
	// Common keys are those that every attack has.
	Common bool `json:"common,omitempty"`
}

// Params are all hyper-parameters of a, defaults included.
func Params(a Attack) []Param {
	var out []Param
	for _, f := range fieldsOf(a) {
		out = append(out, Param{f.key, f.get(), f.tag.Get("help"), f.common})
	}
	return out
}

// field is one key of an attack.
type field struct {
	key    string
	tag    reflect.StructTag
	value  reflect.Value
	common bool
}

// fieldsOf lists the keys of a, its own before the common ones.
func fieldsOf(a Attack) []field {
	var own, common []field
	v := reflect.ValueOf(a).Elem()
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if t.Anonymous && t.Type == reflect.TypeFor[Common]() {
			for j := range t.Type.NumField() {
				u := t.Type.Field(j)
				common = append(common, field{u.Tag.Get("key"), u.Tag, v.Field(i).Field(j), true})
			}
		} else if key := t.Tag.Get("key"); key != "" {
			own = append(own, field{key, t.Tag, v.Field(i), false})
		}
	}
	return append(own, common...)
}

// normal is the text of the default.
func (f field) normal() string {
	g := field{f.key, f.tag, reflect.New(f.value.Type()).Elem(), f.common}
	if err := g.set(f.tag.Get("default")); err != nil {
		panic("attacks: default of " + f.key + ": " + err.Error()) // a mistake in a tag, met by any test
	}
	return g.get()
}

func (f field) get() string {
	switch v := f.value.Interface().(type) {
	case []float32:
		return FormatRadii(v)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return fmt.Sprint(f.value.Interface())
}

// set reads text; "" is the zero value.
func (f field) set(text string) error {
	lo, hi := f.bounds()
	switch f.value.Interface().(type) {
	case []float32:
		if text == "" {
			return nil
		}
		v, err := ParseRadii(text)
		f.value.Set(reflect.ValueOf(v))
		return err
	case float32:
		v, err := number(text)
		if err != nil || v < lo || v > hi {
			return fmt.Errorf("want a number in [%g,%g], got %q", lo, hi, text)
		}
		f.value.SetFloat(v)
	case int:
		v, err := number(text)
		if err != nil || v < lo || v > hi || v != math.Trunc(v) {
			return fmt.Errorf("want a whole number in %g..%g, got %q", lo, hi, text)
		}
		f.value.SetInt(int64(v))
	case uint64:
		if text == "" {
			text = "0"
		}
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("want a whole number in 0..%d, got %q", uint64(math.MaxUint64), text)
		}
		f.value.SetUint(v)
	case bool:
		switch text {
		case "", "false", "no":
			f.value.SetBool(false)
		case "true", "yes":
			f.value.SetBool(true)
		default:
			return fmt.Errorf("want true or false, got %q", text)
		}
	default: // a kind of string
		words := strings.Fields(f.tag.Get("oneof"))
		if f.value.Type() == reflect.TypeFor[Loss]() && len(words) == 0 {
			for _, l := range Losses {
				words = append(words, string(l))
			}
		}
		if text != "" && len(words) > 0 && !slices.Contains(words, text) {
			return fmt.Errorf("want one of %s, got %q", strings.Join(words, ", "), text)
		}
		f.value.SetString(text)
	}
	return nil
}

// bounds of a number; without a tag it must not be negative.
func (f field) bounds() (lo, hi float64) {
	a, b, ok := strings.Cut(f.tag.Get("in"), " ")
	if !ok {
		return 0, 1e9
	}
	lo, _ = strconv.ParseFloat(a, 64)
	hi, _ = strconv.ParseFloat(b, 64)
	return lo, hi
}

// number reads a number, or a fraction such as 2/255; "" is 0.
func number(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	minus := strings.HasPrefix(text, "-")
	v, err := ParseEps(strings.TrimPrefix(text, "-"))
	f, ferr := strconv.ParseFloat(strings.TrimPrefix(text, "-"), 64)
	if ferr != nil {
		f = float64(v)
	}
	if minus {
		f = -f
	}
	return f, err
}
