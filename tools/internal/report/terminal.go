package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/attacks/checks"
)

// PrintAttacks prints a record for a terminal of so many columns, 0 for any: the
// accuracy under each attack, a row per attack and a column per eps, the checks
// that did not pass, and the verdict.
func PrintAttacks(w io.Writer, r *Record, columns int) { Summarise(r).Print(w, columns) }

// Print is [PrintAttacks] of a record's summary data.
func (f SummaryData) Print(w io.Writer, columns int) { f.print(w, columns, mayClaimRobustness(f)) }

func (f SummaryData) print(w io.Writer, columns int, claim bool) {
	columns = columnsOrDefault(columns)
	f.printTables(w, columns, claim)
	f.printDistances(w, columns)
	f.printChecks(w, columns, claim)
	v := newVerdict(f, claim)
	fmt.Fprintln(w)
	if v.Level == Unsound {
		wrapText(w, columns, "", "", v.Trust)
	}
	for _, s := range slices.Concat(v.Sentences, v.Notes) {
		wrapText(w, columns, "", "", s)
	}
	if v.Level != Unsound && v.Level != Worthless {
		wrapText(w, columns, "", "", v.Trust)
	}
}

// printTables prints one table for each list of radii that attacks share.
func (f SummaryData) printTables(w io.Writer, columns int, claim bool) {
	for _, group := range groupByRadii(f.Attacks) {
		what := "accuracy under attack, %"
		if !f.Exhaustive {
			what = "accuracy under each attack and those above it, %"
		}
		wrapText(w, columns, "", "  ", fmt.Sprintf("%s of %s (%.1f without attack), %s", what, countImages(f.Images), 100*f.Clean.Share, f.Norm))
		var eps []float32
		for _, p := range group[0].Points {
			eps = append(eps, p.Eps)
		}
		rows := []textRow{{name: "eps"}}
		for _, e := range eps {
			rows[0].cells = append(rows[0].cells, formatEps(e))
		}
		weaker := ""
		for _, a := range group {
			r := textRow{name: a.Title}
			for _, p := range a.Points {
				mark := ""
				if p.WeakerThan != "" {
					mark, weaker = "!", p.WeakerThan
				}
				r.cells = append(r.cells, fmt.Sprintf("%.1f%s", 100*p.Robust.Share, mark))
			}
			rows = append(rows, r)
		}
		worst, low, high := textRow{name: worstCaseName(claim)}, textRow{name: "  95 % interval, from"}, textRow{name: "  to"}
		for _, p := range f.Worst {
			if slices.Contains(eps, p.Eps) {
				worst.cells = append(worst.cells, fmt.Sprintf("%.1f", 100*p.Robust.Share))
				low.cells = append(low.cells, fmt.Sprintf("%.1f", 100*p.Robust.Low))
				high.cells = append(high.cells, fmt.Sprintf("%.1f", 100*p.Robust.High))
			}
		}
		printRows(w, columns, append(rows, worst, low, high))
		if weaker != "" {
			wrapText(w, columns, "  ", "  ", "! succeeds on fewer images than "+weaker+" of the same size: this gradient does not follow the classifier")
		}
	}
}

// printDistances prints the distances of attacks that minimise them.
func (f SummaryData) printDistances(w io.Writer, columns int) {
	for _, a := range f.Attacks {
		if !a.MinimumNorm || a.Attempted == 0 {
			continue
		}
		wrapText(w, columns, "", "  ", fmt.Sprintf("%s: found %d of %d, median distance %s (%s)", a.Title, a.Found.Count, a.Attempted, formatDistance(a.Median), a.Norm))
	}
}

// printChecks prints the checks that did not pass: of those that failed what was
// measured and the advice, of those that warn the advice alone.
func (f SummaryData) printChecks(w io.Writer, columns int, claim bool) {
	first := true
	for _, c := range sortChecks(f.Checks) {
		if c.Status != checks.Fail && c.Status != checks.Warn {
			continue
		}
		if first {
			fmt.Fprintln(w)
			first = false
		}
		line := func(text string) {
			if text != "" {
				wrapText(w, columns, "  ", "  ", replaceRobust(text, claim))
			}
		}
		wrapText(w, columns, "", "  ", replaceRobust(fmt.Sprintf("%s %s %s", c.Status, c.ID, c.Title), claim))
		if c.Status == checks.Fail {
			line(c.Value)
			line("wanted: " + c.Threshold)
			if len(c.Images) > 0 {
				line("images " + listIndices(c.Images, 5))
			}
		}
		line(c.Advice)
	}
}

// sortChecks puts the checks that failed first, then those that warn.
func sortChecks(all []checks.Result) []checks.Result {
	rank := map[checks.Status]int{checks.Fail: 0, checks.Warn: 1, checks.Pass: 2, checks.Skip: 3}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b checks.Result) int {
		if d := rank[a.Status] - rank[b.Status]; d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// listIndices lists the first n indices.
func listIndices(all []int, n int) string {
	var words []string
	for _, i := range all[:min(n, len(all))] {
		words = append(words, fmt.Sprint(i))
	}
	text := strings.Join(words, ", ")
	if len(all) > n {
		text += fmt.Sprintf(" and %d more", len(all)-n)
	}
	return text
}
