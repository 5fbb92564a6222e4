package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// foldHelp folds help texts to so many columns; 0 leaves them unchanged, for files
// and pipes.
func foldHelp(root *cobra.Command, columns int) {
	plain := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		out := c.OutOrStdout()
		var b bytes.Buffer
		c.SetOut(&b)
		plain(c, args)
		c.SetOut(out)
		io.WriteString(out, foldText(b.String(), columns))
	})
}

// foldText breaks lines between words. The rest of a line is indented to the last
// column of a table in it, or by two more than the line.
func foldText(text string, columns int) string {
	if columns < 20 {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		hang := min(indent+2, columns/2)
		if indent == 0 {
			hang = 0
		}
		if at := strings.LastIndex(line, "   "); at >= indent && at+3 <= columns*2/3 {
			hang = at + 3
		}
		for len(line) > columns {
			at := strings.LastIndex(line[:columns+1], " ")
			if at <= max(hang, indent) {
				break // one long word
			}
			out.WriteString(strings.TrimRight(line[:at], " ") + "\n")
			line = strings.Repeat(" ", hang) + strings.TrimLeft(line[at:], " ")
			indent = hang
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}
