package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// decode turns what was merged into a Config. Of several faults it reports the
// first.
func (l *loader) decode() (Config, error) {
	var c Config
	hook := mapstructure.ComposeDecodeHookFunc(textual, mapstructure.TextUnmarshallerHookFunc(), numbers, lists)
	err := l.v.UnmarshalExact(&c, viper.DecodeHook(hook), func(d *mapstructure.DecoderConfig) {
		d.WeaklyTypedInput = false // true would be batch 1
	})
	var at *mapstructure.DecodeError
	if errors.As(err, &at) {
		name := strings.ToLower(at.Name())
		key, _, _ := strings.Cut(name, "[") // of a list's element
		return c, fmt.Errorf("%s: %s: %s", l.from[key], name, oneLine(at.Unwrap()))
	}
	return c, err
}

// textual refuses what is no text where a text is wanted. Texts come as they were
// written: 2024_01_02 is no number there.
func textual(_, to reflect.Type, data any) (any, error) {
	if _, ok := data.(string); readsText(to) && !ok {
		return nil, fmt.Errorf("want a text, got %s", show(data))
	}
	return data, nil
}

// numbers refuses what is no number, or not a whole one or too large where
// that is wanted: 12.5 would be cut.
func numbers(_, to reflect.Type, data any) (any, error) {
	k := to.Kind()
	var x float64
	switch v := data.(type) {
	case int:
		x = float64(v)
	case uint64:
		x = float64(v)
	case float64:
		x = v
	default:
		switch {
		case k == reflect.Bool:
			if _, ok := data.(bool); !ok {
				return nil, fmt.Errorf("want true or false, got %s", show(data))
			}
		case k >= reflect.Int && k <= reflect.Float64:
			return nil, fmt.Errorf("want a number, got %s", show(data))
		}
		return data, nil
	}
	switch {
	case k == reflect.Bool:
		return nil, fmt.Errorf("want true or false, got %v", data)
	case k >= reflect.Int && k <= reflect.Uint64 && x != math.Trunc(x):
		return nil, fmt.Errorf("want a whole number, got %v", data)
	case k >= reflect.Int && k <= reflect.Int64 && math.Abs(x) >= 1<<53:
		return nil, fmt.Errorf("want a whole number below 2^53, got %v", data)
	case k >= reflect.Uint && k <= reflect.Uint64 && (x < 0 || x >= 1<<64) && !isUint(data):
		return nil, fmt.Errorf("want a whole number from 0 to 2^64-1, got %v", data)
	}
	return data, nil
}

// isUint is for values near 2^64, which a float64 cannot tell from it.
func isUint(data any) bool {
	_, ok := data.(uint64)
	return ok
}

// lists takes one value for a list of one, and an empty text for an empty one.
func lists(_, to reflect.Type, data any) (any, error) {
	if to.Kind() != reflect.Slice {
		return data, nil
	}
	switch v := data.(type) {
	case []any, []string:
		return data, nil
	case string:
		if v == "" {
			return []any{}, nil
		}
	case map[string]any:
		return nil, fmt.Errorf("want a list, got %s", show(data))
	}
	return []any{data}, nil
}

// show writes a value that was not wanted.
func show(data any) string {
	switch v := data.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []any:
		return fmt.Sprintf("a list, %v", v)
	case map[string]any:
		return "keys below it"
	}
	return fmt.Sprint(data)
}
