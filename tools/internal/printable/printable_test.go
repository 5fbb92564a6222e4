package printable

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain größe 数字 👩‍🔬":    "plain größe 数字 👩‍🔬",
		"\x1b[31mred\x1b[0m":    "\ufffd[31mred\ufffd[0m",
		"a\nb\tc\rd":            "a b c d",
		"\u202eevil\u2066":      "\ufffdevil\ufffd",
		"\xff\xfe":              "\ufffd",
		"nul\x00 \u009b1A":      "nul\ufffd \ufffd1A",
		"\ufeff\u2028\uffff":    "\ufffd\ufffd\ufffd",
		"\U0001fffe delete\x7f": "\ufffd delete\ufffd",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q: want %q, got %q", in, want, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, row := range []struct {
		in   string
		n    int
		want string
	}{{"short", 5, "short"}, {"longer", 5, "long…"}, {"größer", 4, "grö…"}, {"two words", 5, "two…"}, {"xy", 1, "…"}, {"", 0, ""}, {"数字文", 5, "数字…"}, {"数字文", 6, "数字文"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"}} {
		if got := Cut(row.in, row.n); got != row.want {
			t.Errorf("%q in %d: want %q, got %q", row.in, row.n, row.want, got)
		}
	}
}

// TestWriter writes byte by byte: no character is split.
func TestWriter(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b)
	for _, c := range []byte("größe\t\x1b[2J\n数\xff.\n\xe6") {
		if _, err := w.Write([]byte{c}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "größe\t\ufffd[2J\n数\ufffd.\n\ufffd"; b.String() != want {
		t.Errorf("want %q, got %q", want, b.String())
	}
}

// TestJSON keeps what a program reads.
func TestJSON(t *testing.T) {
	want := []string{"a\x1b\x7f\u009b\u202e\n\"数\" 👩‍🔬", "plain"}
	raw, err := json.MarshalIndent(want, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	safe := JSON(raw)
	if text := Text(string(safe)); strings.ContainsRune(text, '\ufffd') {
		t.Errorf("hidden characters in %q", safe)
	}
	var got []string
	if err := json.Unmarshal(safe, &got); err != nil || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("want %q, got %q, %v", want, got, err)
	}
}
