package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// walk visits every command that a user sees.
func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			walk(sub, visit)
		}
	}
}

func TestHelp(t *testing.T) {
	walk(newRoot(io.Discard, io.Discard, 0), func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			text := must(t, append(path, "--help")...).out
			codes := strings.SplitAfter(text, "Exit codes:")
			if len(codes) != 2 {
				t.Fatalf("want exit codes once:\n%s", text)
			}
			for _, code := range []string{"\n  0 ", "\n  1 ", "\n  2 ", "\n  3 ", "\n  4 ", "\n  5 ", "\n  130 "} {
				if !strings.Contains(codes[1], code) {
					t.Errorf("want exit code%sin\n%s", code, codes[1])
				}
			}
			ours := len(path) > 0 && path[0] != "help" && path[0] != "completion"
			if (ours || len(path) == 0) && !strings.Contains(text, "Examples:\n  unwarp ") {
				t.Errorf("want examples in\n%s", text)
			}
			if !ours {
				return
			}
			for _, line := range strings.Split(c.Long+"\n"+c.Example, "\n") {
				if len(line) > 80 {
					t.Errorf("wider than 80 columns: %q", line)
				}
			}
			if help := must(t, append([]string{"help"}, path...)...).out; help != text {
				t.Errorf("help %v and --help differ", path)
			}
		})
	})
}

// TestExamples reads the flags of every example, so that none goes stale.
func TestExamples(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("photos", 0o777); err != nil { // --data looks at what it names
		t.Fatal(err)
	}
	walk(newRoot(io.Discard, io.Discard, 0), func(c *cobra.Command) {
		for _, line := range strings.Split(c.Example, "\n") {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " > ")
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, " # ")
			args := words(line)
			if len(args) == 0 || args[0] != "unwarp" {
				continue
			}
			root := newRoot(io.Discard, io.Discard, 0)
			of, rest, err := root.Find(args[1:])
			if err != nil || of == root {
				t.Errorf("%q: no such command: %v", line, err)
				continue
			}
			if err := of.ParseFlags(rest); err != nil {
				t.Errorf("%q: %v", line, err)
				continue
			}
			if err := of.ValidateArgs(of.Flags().Args()); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}

// words splits a command line as a shell would, as far as examples need it.
func words(line string) []string {
	var out []string
	var word strings.Builder
	quote := rune(0)
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			if word.Len() > 0 {
				out = append(out, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return out
}

func TestAlone(t *testing.T) {
	r := must(t)
	if !strings.Contains(r.out, "Available Commands:") || r.err != "" {
		t.Errorf("want the help, got %q and %q", r.out, r.err)
	}
}

func TestFold(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"short\n", "short\n"},
		{"", ""},
		{"one two three four five six seven eight\n", "one two three four five six seven\neight\n"},
		{"  indented text goes on and on and on for long\n", "  indented text goes on and on and\n    on for long\n"},
		{"      --flag F   one two three four five six\n", "      --flag F   one two three four\n                 five six\n"},
		{"onelongwordthatcannotbebrokenanywhereatall and more\n", "onelongwordthatcannotbebrokenanywhereatall and more\n"},
	} {
		if got := foldText(row.text, 35); got != row.want {
			t.Errorf("foldText(%q):\nwant %q\ngot  %q", row.text, row.want, got)
		}
	}
	for _, columns := range []int{60, 72} {
		walk(newRoot(io.Discard, io.Discard, columns), func(c *cobra.Command) {
			if c.Name() == "completion" || c.HasParent() && c.Parent().Name() == "completion" {
				return // cobra's own texts hold long paths
			}
			var b strings.Builder
			c.SetOut(&b)
			if err := c.Help(); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if len(line) > columns {
					t.Errorf("%s at %d columns: %q", c.Name(), columns, line)
				}
			}
		})
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestReportThatNobodyGot(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"--help"}} {
		var err strings.Builder
		if code := run(args, full{}, &err); code != exitFailed || !strings.Contains(err.String(), "unwarp: ") {
			t.Errorf("%v: want exit code 1 and a message, got %d and %q", args, code, err.String())
		}
	}
}
