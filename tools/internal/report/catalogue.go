package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/corruption"
)

// Catalogue lists all attacks with the threats that they are for, their keys,
// defaults and meanings; last what is no attack.
func Catalogue(out io.Writer) error {
	for _, e := range attacks.Catalogue() {
		norms := "linf, l2, l1"
		if e.Terms != nil {
			norms = "threats of " + strings.Join(e.Terms, ", ")
		}
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
	fmt.Fprintf(out, "\ncorruption is a threat without attacks (--threat corruption): accuracy under each of the kinds\n    %s\n    in severities 1 to %d; --corruptions DIR measures on files\n", strings.Join(corruption.Kinds(), " "), corruption.Severities)
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
