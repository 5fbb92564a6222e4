// Package report says in words and pictures what came out.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/attacks"
)

// Attacks prints the accuracy left under each attack, a row per attack and a
// column per eps, and what to think of it.
func Attacks(w io.Writer, r attacks.Report, labels []int32) {
	for _, group := range groups(r) {
		eps := attacks.Report{Outcomes: group}.Radii()
		fmt.Fprintf(w, "accuracy left, %% of %d images (%.1f without attack), %s\n", r.Images, percent(r.CleanRight, r.Images), group[0].Norm)
		row := func(name string, value func(eps float32) string) {
			fmt.Fprintf(w, "  %-*s", nameWidth, name)
			for _, e := range eps {
				fmt.Fprintf(w, " %6s", value(e))
			}
			fmt.Fprintln(w)
		}
		row("eps", func(e float32) string { return fmt.Sprintf("%.4g", e) })
		weak := false
		for _, name := range names(group) {
			row(title(group, name), func(e float32) string {
				for _, o := range group {
					if o.Attack == name && o.Eps == e {
						mark := ""
						if o.Weak != "" {
							mark, weak = "!", true
						}
						return fmt.Sprintf("%.1f%s", 100*o.Accuracy(), mark)
					}
				}
				return ""
			})
		}
		row("worst case per image", func(e float32) string {
			return fmt.Sprintf("%.1f", percent(r.Worst(labels, e), r.Images))
		})
		if weak {
			fmt.Fprintln(w, "  ! breaks fewer images than random signs of the same size: this gradient does not follow the classifier")
		}
	}
}

// nameWidth fits the longest title.
const nameWidth = 44

// groups collects the outcomes that share a list of eps, in order.
func groups(r attacks.Report) [][]attacks.Outcome {
	var keys []string
	by := map[string][]attacks.Outcome{}
	lists := map[string][]float32{}
	for _, o := range r.Outcomes {
		lists[o.Attack] = append(lists[o.Attack], o.Eps)
	}
	for _, o := range r.Outcomes {
		k := fmt.Sprint(lists[o.Attack])
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		by[k] = append(by[k], o)
	}
	out := make([][]attacks.Outcome, len(keys))
	for i, k := range keys {
		out[i] = by[k]
	}
	return out
}

func names(group []attacks.Outcome) []string {
	var out []string
	for _, o := range group {
		if !slices.Contains(out, o.Attack) {
			out = append(out, o.Attack)
		}
	}
	return out
}

// title describes an attack for people; where that would be the same as for
// another one, by its full text.
func title(group []attacks.Outcome, name string) string {
	short := describe(group, name)
	for _, other := range names(group) {
		if other != name && describe(group, other) == short {
			return name
		}
	}
	return short
}

func describe(group []attacks.Outcome, name string) string {
	for _, o := range group {
		if o.Attack != name {
			continue
		}
		short, _, _ := strings.Cut(name, "(")
		switch {
		case o.Loss == "":
			return short + " signs, no gradient"
		case o.Steps > 1:
			return fmt.Sprintf("%s, %d steps, gradient of the %s", strings.ToUpper(short), o.Steps, lossWords(o.Loss))
		}
		return fmt.Sprintf("%s, gradient of the %s", strings.ToUpper(short), lossWords(o.Loss))
	}
	return name
}

func lossWords(l attacks.Loss) string {
	switch l {
	case attacks.Training:
		return "training loss"
	case attacks.Margin:
		return "margin"
	}
	return "classifier"
}

func percent(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return 100 * float64(a) / float64(b)
}
