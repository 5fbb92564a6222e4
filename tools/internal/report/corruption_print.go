package report

import (
	"fmt"
	"io"

	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
)

// Print prints the table for a terminal of so many columns, 0 for any: a row for
// each kind, a column for each severity, and what follows from it.
func (r *CorruptionRecord) Print(w io.Writer, columns int) {
	columns = columnsOrDefault(columns)
	t := &r.Table
	wrapText(w, columns, "", "  ", fmt.Sprintf("accuracy under corruptions, %% of %s (%s), %.1f without", countImages(t.Kinds[0].Cells[0].Images), shortName(t.Source), 100*(1-t.CleanError())))
	rows := []textRow{{name: "severity"}}
	for _, s := range t.Severities {
		rows[0].cells = append(rows[0].cells, fmt.Sprint(s))
	}
	rows[0].cells = append(rows[0].cells, "mean")
	if r.Relation != nil {
		rows[0].cells = append(rows[0].cells, "CE")
	}
	for i, k := range t.Kinds {
		row := textRow{name: shortName(k.Name)}
		for _, c := range k.Cells {
			row.cells = append(row.cells, fmt.Sprintf("%.1f", 100*(1-c.Error())))
		}
		row.cells = append(row.cells, fmt.Sprintf("%.1f", 100*(1-k.MeanError())))
		if r.Relation != nil {
			row.cells = append(row.cells, fmt.Sprintf("%.1f", 100*r.Relation.CE[i]))
		}
		rows = append(rows, row)
	}
	printRows(w, columns, rows)
	SummaryData{Checks: r.Checks}.printChecks(w, columns)
	fmt.Fprintln(w)
	for _, s := range r.sentences() {
		wrapText(w, columns, "", "", s)
	}
	if _, trust := r.trust(); trust != "" {
		wrapText(w, columns, "", "", trust)
	}
}

// sentences say what the table means.
func (r *CorruptionRecord) sentences() []string {
	t := &r.Table
	k, s := t.Worst()
	worst := t.Kinds[k].Cells[s]
	out := []string{
		fmt.Sprintf("Without corruption the model classifies %s of %s correctly.", formatPercent(1-t.CleanError()), countImages(t.CleanImages)),
		fmt.Sprintf("Under %s it is %s in the mean: the mean error is %s.", r.counted(), formatPercent(1-t.MeanError()), formatPercent(t.MeanError())),
		fmt.Sprintf("The worst is %s in severity %d: %s.", shortName(t.Kinds[k].Name), t.Severities[s], formatPercent(1-worst.Error())),
	}
	if r.Relation == nil {
		return append(out, "The mean error is no mCE, which divides by the errors of a reference model: --baseline RUN names one.")
	}
	text := fmt.Sprintf("The mean corruption error (mCE) is %s of that of %s", formatPercent(r.Relation.MCE), shortName(r.Reference))
	if r.Relation.Relative != nil {
		text += fmt.Sprintf(", the relative mCE %s", formatPercent(*r.Relation.Relative))
	}
	return append(out, text+".")
}

// counted counts kinds and severities.
func (r *CorruptionRecord) counted() string {
	text := printable.Count(len(r.Table.Kinds), "kind") + " of corruption"
	if n := len(r.Table.Severities); n > 1 {
		text += fmt.Sprintf(" in %d severities", n)
	}
	return text
}

// trust says whether the table can be trusted.
func (r *CorruptionRecord) trust() (Level, string) {
	j := judge(r.Checks)
	switch {
	case len(j.failed) > 0:
		return Unsound, fmt.Sprintf("%s failed (%s): these figures may be wrong.", countOf(len(j.failed), j.made), listSome(j.failed))
	case len(j.warned) > 0:
		return Doubtful, fmt.Sprintf("Read the warnings: %s were not conclusive (%s).", countOf(len(j.warned), j.made), listSome(j.warned))
	}
	return Sound, fmt.Sprintf("%s found nothing wrong with these figures.", capitalise(printable.Count(j.made, "check")))
}

// listCheckRows are the checks as the page shows them.
func listCheckRows(all []checks.Result) (rows []checkRow) {
	for _, c := range sortChecks(all) {
		rows = append(rows, checkRow{c})
	}
	return rows
}
