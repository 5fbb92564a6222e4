package spec

import (
	"fmt"
	"math"
	"reflect"
	"strings"
)

// CheckRanges refuses numbers of v, a struct, and of the structs in it that lie
// outside the range of their tag in. Errors name a field by its tag mapstructure
// below prefix: train.batch.
func CheckRanges(prefix string, v any) error { return checkRanges(prefix, reflect.ValueOf(v)) }

func checkRanges(prefix string, v reflect.Value) error {
	for i := range v.NumField() {
		t := v.Type().Field(i)
		name := t.Tag.Get("mapstructure")
		if name == "" {
			continue
		}
		key := strings.TrimPrefix(prefix+"."+name, ".")
		var err error
		if _, ranged := t.Tag.Lookup("in"); ranged {
			err = (field{key: key, tag: t.Tag, value: v.Field(i)}).checkRange(v.Field(i))
		} else if t.Type.Kind() == reflect.Struct {
			err = checkRanges(key, v.Field(i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkRange refuses a number, or one of a list, outside the range of f.
func (f field) checkRange(v reflect.Value) error {
	r := f.bounds()
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := f.checkRange(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case v.CanInt():
		if x := v.Int(); !r.holds(float64(x)) {
			return fmt.Errorf("%s: want a whole number in %s, got %d", f.key, r.whole(), x)
		}
	case v.CanFloat():
		x := v.Float()
		if err := checkNormal(x); err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		if !r.holds(x) {
			return fmt.Errorf("%s: want a number in %v, got %v", f.key, r, v.Interface())
		}
	}
	return nil
}

// checkNormal refuses a number so small that a float32 holds only some of its
// digits, or that it becomes 0 where it is multiplied.
func checkNormal(x float64) error {
	if x != 0 && math.Abs(x) < smallest {
		return fmt.Errorf("want 0 or a number of at least %.2g, the smallest that float32 holds in full, got %.3g", smallest, x)
	}
	return nil
}

// Range is what the tag in of a field allows, as messages and documents show it;
// "" without the tag.
func Range(f reflect.StructField) string {
	if _, ranged := f.Tag.Lookup("in"); !ranged {
		return ""
	}
	r := field{key: f.Name, tag: f.Tag}.bounds()
	kind := f.Type.Kind()
	if kind == reflect.Slice {
		kind = f.Type.Elem().Kind()
	}
	if kind == reflect.Int {
		return r.whole()
	}
	return r.String()
}
