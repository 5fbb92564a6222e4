package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/attacks"
)

// Catalogue lists all attacks with their keys, defaults and meanings.
func Catalogue(out io.Writer) error {
	for _, e := range attacks.Catalogue() {
		norms := "linf, l2, l1"
		if e.OwnNorm != "" {
			norms = "minimises " + string(e.OwnNorm)
		} else if e.Norms != nil {
			var words []string
			for _, n := range e.Norms {
				words = append(words, string(n))
			}
			norms = strings.Join(words, ", ")
		}
		fmt.Fprintf(out, "%s  (%s; %s) %s\n", e.Name, e.Family, norms, e.Paper)
		a, err := attacks.Parse(e.Name)
		if err != nil {
			return err
		}
		for _, p := range attacks.Params(a) {
			if p.Common {
				continue
			}
			fmt.Fprintf(out, "    %-12s %-14s %s\n", p.Key, p.Value, p.Help)
		}
	}
	fmt.Fprintln(out, "\nevery attack also has")
	a, err := attacks.Parse("fgsm")
	if err != nil {
		return err
	}
	for _, p := range attacks.Params(a) {
		if p.Common {
			fmt.Fprintf(out, "    %-12s %-14s %s\n", p.Key, p.Value, p.Help)
		}
	}
	return nil
}
