package geometry

import (
	"strconv"
	"strings"
)

// String writes t as [Parse] reads it. Text that says the same is the same.
func (t Threat) String() string {
	var names, args []string
	for _, name := range written {
		k := termCalled(name)
		if limit := *k.limit(&t); limit > 0 {
			names = append(names, name)
			args = append(args, formatNumber(limit)+k.suffix)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	if t.Whole {
		args = append(args, "whole")
	}
	if t.Smooth > 0 {
		word := "smooth"
		if s := formatNumber(t.Smooth); s != "0.25" {
			word += "=" + s
		}
		args = append(args, word)
	}
	if t.Border == Edge {
		args = append(args, "border=edge")
	}
	return strings.Join(names, "+") + "(" + strings.Join(args, ",") + ")"
}

// formatNumber writes the fewest digits that are read as v again.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// MarshalText implements [encoding.TextMarshaler]; no threat is "".
func (t Threat) MarshalText() ([]byte, error) {
	if t == (Threat{}) {
		return nil, nil
	}
	return []byte(t.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] by [Parse]; "" is no
// threat.
func (t *Threat) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = Threat{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}
