package report

import (
	"reflect"

	"unwarp/tools/internal/printable"
)

// maxText is the largest number of columns of a text in a report, maxName that of
// the name of a run, a model, a set or a class.
const (
	maxText = 4000
	maxName = 80
)

// makePrintable returns a copy of v with texts that can be printed: see
// [printable.Text]. Texts that no reader would read to their end are cut.
func makePrintable[T any](v T) T {
	return copyPrintable(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func copyPrintable(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v) // with unexported fields
	switch v.Kind() {
	case reflect.String:
		out.SetString(printable.Cut(printable.Text(v.String()), maxText))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(copyPrintable(v.Field(i)))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(copyPrintable(v.Index(i)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(copyPrintable(v.Elem()))
		}
	}
	return out
}

// shortName is a name of a run, a model, a set or a class as it is shown.
func shortName(name string) string { return printable.Cut(printable.Text(name), maxName) }
