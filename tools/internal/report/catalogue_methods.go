package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs/spec"
)

// MethodCatalogue lists all methods of proof with their keys, defaults and
// meanings.
func MethodCatalogue(out io.Writer) error {
	for _, e := range certify.Catalogue() {
		var norms []string
		for _, n := range attacks.Threats {
			if e.Threat(string(n)) {
				norms = append(norms, string(n))
			}
		}
		words := e.Title
		if len(norms) > 0 {
			words += "; " + strings.Join(norms, ", ")
		}
		fmt.Fprintf(out, "%s  (%s) %s\n", e.Name, words, e.Paper)
		for _, p := range spec.Defaults(e.New()) {
			fmt.Fprintf(out, "    %-12s %-14s %s\n", p.Key, p.Value, p.Help)
		}
	}
	return nil
}
