// Package shell writes commands that a person copies into a POSIX shell.
package shell

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Command returns the command line that runs a program with these arguments. Each
// is quoted where a shell would read it as anything but itself.
func Command(args ...string) string { return shellescape.QuoteCommand(args) }

// Operand returns a path as an argument that no program takes for a flag: one that
// begins with a dash is written from the current folder.
func Operand(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}

// Unwarp returns a command of unwarp. The paths among its arguments are not
// operands yet.
func Unwarp(args ...string) string { return Command(append([]string{"unwarp"}, args...)...) }
