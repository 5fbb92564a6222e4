package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/attacks"
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
	if len(f.Contradicted) == 0 {
		f.printTables(w, columns, claim)
		f.printProofs(w, columns)
		f.printWithoutRadius(w, columns)
		f.printDistances(w, columns)
		f.printCost(w, columns)
	}
	f.printChecks(w, columns)
	v := newVerdict(f, claim)
	fmt.Fprintln(w)
	first := v.Level == Unsound || v.Level == Broken
	if first {
		wrapText(w, columns, "", "", v.Trust)
	}
	for _, s := range slices.Concat(v.Sentences, v.Notes) {
		wrapText(w, columns, "", "", s)
	}
	if !first && v.Trust != "" {
		wrapText(w, columns, "", "", v.Trust)
	}
	f.printRequirements(w, columns)
}

// printTables prints one table for each list of radii that attacks share.
func (f SummaryData) printTables(w io.Writer, columns int, claim bool) {
	for _, group := range groupByRadii(f.Attacks) {
		what := "accuracy under attack, %"
		if !f.Exhaustive {
			what = "accuracy under each attack and those above it, %"
		}
		wrapText(w, columns, "", "  ", fmt.Sprintf("%s of %s (%.1f without attack), %s", what, countImages(f.Images), 100*f.Clean.Share, f.threatText()))
		rows := []textRow{{name: f.measure().unit()}}
		for _, e := range group[0].Radii {
			rows[0].cells = append(rows[0].cells, f.measure().format(e))
		}
		for _, a := range group {
			rows = append(rows, textRow{a.label(), accuracyCells(a)})
		}
		printRows(w, columns, append(rows, f.worstRows(group[0].Radii, claim)...))
		if weaker := findWeaker(group); weaker != "" {
			wrapText(w, columns, "  ", "  ", "! succeeds on fewer images than "+weaker+" of the same size: this gradient does not follow the classifier")
		}
	}
}

// accuracyCells are the cells of an attack in a table; none where it was not run.
func accuracyCells(a AttackSummary) (cells []string) {
	for _, p := range a.Points {
		mark := ""
		if p.WeakerThan != "" {
			mark = "!"
		}
		cells = append(cells, fmt.Sprintf("%.1f%s", 100*p.Robust.Share, mark))
	}
	return cells
}

// worstRows are the rows of the worst case per image at some radii; none where no
// attack was run.
func (f SummaryData) worstRows(radii []float32, claim bool) []textRow {
	worst, low, high := textRow{name: worstCaseName(claim)}, textRow{name: "  95 % interval, from"}, textRow{name: "  to"}
	some := false
	for _, eps := range radii {
		i := slices.IndexFunc(f.Worst, func(p Point) bool { return p.Eps == eps })
		if i < 0 {
			worst.cells, low.cells, high.cells = append(worst.cells, "–"), append(low.cells, "–"), append(high.cells, "–")
			continue
		}
		p := f.Worst[i]
		some = true
		worst.cells = append(worst.cells, fmt.Sprintf("%.1f", 100*p.Robust.Share))
		low.cells = append(low.cells, fmt.Sprintf("%.1f", 100*p.Robust.Low))
		high.cells = append(high.cells, fmt.Sprintf("%.1f", 100*p.Robust.High))
	}
	if !some {
		return nil
	}
	return []textRow{worst, low, high}
}

// findWeaker names a baseline that is stronger than an attack of the group.
func findWeaker(group []AttackSummary) string {
	for _, a := range group {
		for _, p := range a.Points {
			if p.WeakerThan != "" {
				return p.WeakerThan
			}
		}
	}
	return ""
}

// printWithoutRadius prints the accuracy under attacks whose changes no radius
// bounds.
func (f SummaryData) printWithoutRadius(w io.Writer, columns int) {
	var rows []textRow
	if _, ran := f.attacksRun(); len(ran) > 0 {
		rows = append(rows, textRow{cells: []string{"accuracy", "from", "to"}})
	}
	for _, a := range f.Attacks {
		switch {
		case !a.NoRadius:
		case a.wasRun():
			rows = append(rows, textRow{a.label(), []string{fmt.Sprintf("%.1f", 100*a.Accuracy.Share), fmt.Sprintf("%.1f", 100*a.Accuracy.Low), fmt.Sprintf("%.1f", 100*a.Accuracy.High)}})
		default:
			rows = append(rows, textRow{name: a.label()})
		}
	}
	if len(rows) > 0 {
		wrapText(w, columns, "", "  ", fmt.Sprintf("accuracy under changes that no radius bounds, with its 95 %% interval, %% of %s (%.1f without attack)", countImages(f.Images), 100*f.Clean.Share))
		printRows(w, columns, rows)
	}
}

// printDistances prints the distances of attacks that minimise them.
func (f SummaryData) printDistances(w io.Writer, columns int) {
	for _, a := range f.Attacks {
		if a.measuresDistance() {
			wrapText(w, columns, "", "  ", fmt.Sprintf("%s: found %d of %d, median distance %s (%s)", a.Title, a.Found.Count, a.Attempted, formatDistance(a.Median), f.distanceUnit(a)))
		}
	}
}

// measuresDistance tells whether the distances that an attack found are a result:
// it minimises them, and was run.
func (a AttackSummary) measuresDistance() bool {
	return a.MinimumNorm && a.wasRun() && a.Family != attacks.Natural
}

// printChecks prints the checks that did not pass: of those that failed what was
// measured and the advice, of those that warn the advice alone.
func (f SummaryData) printChecks(w io.Writer, columns int) {
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
				wrapText(w, columns, "  ", "  ", text)
			}
		}
		wrapText(w, columns, "", "  ", fmt.Sprintf("%s %s %s", c.Status, c.ID, c.Title))
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
