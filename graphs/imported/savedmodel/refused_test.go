package savedmodel_test

import (
	"errors"
	"strings"
	"testing"

	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
)

// What cannot be read is refused by name, all of it at once.
func TestRefused(t *testing.T) {
	for name, want := range map[string][]string{
		"refused_file":   {"touches files or runs code", "ReadFile", "texts", "StringLength"},
		"refused_write":  {"touches files or runs code", "PyFunc"},
		"refused_string": {"texts or encoded images as input"},
		"refused_inputs": {"several inputs (x, y)"},
		"refused_table":  {"a lookup table", "LookupTableFindV2"},
	} {
		_, err := savedmodel.Open(folder(t, name), imported.Options{})
		var u *savedmodel.Unsupported
		if !errors.As(err, &u) {
			t.Errorf("%s: got %v, want it refused", name, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: want %q in the message, got %v", name, part, err)
			}
		}
		if text := strings.Replace(err.Error(), folder(t, name), "", 1); len(text) > 300 {
			t.Errorf("%s: %d characters: %s", name, len(text), text)
		}
	}
}
