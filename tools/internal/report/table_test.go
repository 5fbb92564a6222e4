package report

import (
	"strings"
	"testing"

	"unwarp/tools/internal/printable"
)

// A table that a terminal is too narrow for becomes paragraphs; nothing is lost, and no line is
// longer than the terminal.
func TestPrintTable(t *testing.T) {
	rows := [][]string{{"run", "data", "accuracy"}, {"runs/a", "folder", "97.50 %"}, {"runs/äéb", "glyphs", ""}}
	const table = `run       data    accuracy
runs/a    folder  97.50 %
runs/äéb  glyphs
`
	for _, columns := range []int{0, 26} {
		var b strings.Builder
		if PrintTable(&b, columns, rows); b.String() != table {
			t.Errorf("at %d columns want\n%s, got\n%s", columns, table, b.String())
		}
	}
	rows[1][0] += strings.Repeat("/of-a-long-name", 4)
	for _, columns := range []int{30, 40, 60} {
		var b strings.Builder
		PrintTable(&b, columns, rows)
		text := b.String()
		for _, want := range []string{"  data     folder\n", "  accuracy 97.50 %\n", "runs/äéb\n", "  data     glyphs\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %d columns want %q in\n%s", columns, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if n := printable.Width(strings.TrimSuffix(line, "\n")); n > columns {
				t.Errorf("%d columns of %d: %s", n, columns, line)
			}
		}
	}
}
