package report

import (
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
)

// named is an evaluation of three classes with names that are awkward to print.
func named() Evaluated {
	e := Evaluated{Run: "runs/x", Checkpoint: "last", Step: 7, Set: "folder", Part: "test", ClassNames: []string{"oak", "große Eiche mit einem sehr langen Namen", "数字\x1b[2J"}}
	e.Confusion, e.Images = [][]int{{100, 0, 3}, {0, 7, 0}, {1, 0, 0}}, 111
	e.AddIntervals()
	return e
}

func TestNamedClasses(t *testing.T) {
	var b strings.Builder
	e := named()
	e.Print(&b, 0)
	for _, want := range []string{
		"class                             0 1 2   right   (rows: true class, columns: predicted)\n",
		"    0 oak                       100 . 3   97.1%\n",
		"    1 große Eiche mit einem s…    . 7 .  100.0%\n",
		"    2 数字\ufffd[2J                    1 . .    0.0%\n",
		"most frequent mistakes: oak as 数字\ufffd[2J (3), 数字\ufffd[2J as oak (1)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	if e.PerClass[1].Name != e.ClassNames[1] {
		t.Errorf("want names beside the figures, got %+v", e.PerClass)
	}
}

// TestNarrowEvaluation: nothing is wider than the terminal.
func TestNarrowEvaluation(t *testing.T) {
	many := evaluated(make20())
	for _, e := range []Evaluated{named(), many} {
		for _, columns := range []int{40, 60, 80, 160} {
			var b strings.Builder
			e.Print(&b, columns)
			for line := range strings.Lines(b.String()) {
				if n := printable.Width(strings.TrimRight(line, "\n")); n > columns {
					t.Errorf("%d columns: a line of %d: %s", columns, n, line)
				}
			}
			if !strings.Contains(b.String(), "right") {
				t.Errorf("%d columns: no classes in\n%s", columns, b.String())
			}
		}
	}
}

// make20 is the confusion matrix of 20 classes.
func make20() [][]int {
	all := make([][]int, 20)
	for k := range all {
		all[k] = make([]int, 20)
		all[k][k], all[k][(k+1)%20] = 1000, 100
	}
	return all
}

func TestNarrowData(t *testing.T) {
	part := Part{Part: "train", Description: pipelines.Description{Examples: 9, Height: 28, Width: 28, Channels: 1, Classes: 3, PerClass: make([]int, 18), ClassNames: named().ClassNames}}
	for k := range part.PerClass {
		part.PerClass[k] = 1000 + k
	}
	d := Data{Set: "folder", Parts: []Part{part}}
	for _, columns := range []int{40, 60, 80} {
		var b strings.Builder
		d.Print(&b, columns)
		text := b.String()
		for line := range strings.Lines(text) {
			if n := printable.Width(strings.TrimRight(line, "\n")); n > columns {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
		}
		if !strings.Contains(text, "classes  0 oak") || !strings.Contains(text, "2 数字\ufffd[2J") || !strings.Contains(text, "1017") {
			t.Errorf("%d columns: something is missing in\n%s", columns, text)
		}
	}
}

// TestWrapText divides words that are longer than a line, and keeps spaces.
func TestWrapText(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"two  spaces stay", "two  spaces stay\n"},
		{strings.Repeat("x", 70) + " end", strings.Repeat("x", 30) + "\n  " + strings.Repeat("x", 28) + "\n  " + strings.Repeat("x", 12) + " end\n"},
		{"a word and 数字数字数字数字数字数字", "a word and\n  数字数字数字数字数字数字\n"},
		{"", "\n"},
	} {
		var b strings.Builder
		wrapText(&b, 30, "", "  ", row.text)
		if b.String() != row.want {
			t.Errorf("%q: want %q, got %q", row.text, row.want, b.String())
		}
	}
}
