package report

import (
	_ "embed"
	"html/template"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// page holds what the template shows.
type page struct {
	Heading, Explanation string // of a geometric threat, "" of norms
	Sections             []page // of the geometric threats
	Corruptions          []corruptionSection
	Style                template.CSS
	Title                string
	Many                 bool
	Version              string
	Written              string
	Cards                []card
	Differences          []string
	Worst                []figure
	Proofs               []proofPanel
	WorstName            string
	Threats              []string
	Definitions          []definition
	Matrix               *table
	Checks               []checkList
	Panels               []panel
	Tables               []table
	Modes                []string
	Others               *table // accuracy under attacks without radius
	OtherChart           *figure
	Distances            *table
	Losses               []figure
	Pictures             []runPictures
	Queries              []figure
	Cost                 *table
	Facts                table
	Params               []params
}

// withTable is what the template of rows needs.
type withTable struct {
	Many  bool
	Table any
}

// With passes a table to the template of rows.
func (p page) With(table any) withTable { return withTable{p.Many, table} }

// card shows the verdict on one run.
type card struct {
	Name, Model, Data, Where, Share, Interval string
	Requirements                              []Requirement
	Verdict
}

// figure is a chart with its legend.
type figure struct {
	Caption string
	Chart   template.HTML
	Keys    []key
}

type key struct {
	Line template.HTML
	Name string
}

// panel is a pair of charts: accuracy and success.
type panel struct {
	Title, Note string
	Figures     []figure
	Keys        []key
}

type definition struct {
	Name string
	Unit string // of the sizes
	Rows []definitionRow
}

type definitionRow struct {
	Eps                   string
	Left, Fooled, Changed tableCell
}

// tableCell is a number with smaller text below it.
type tableCell struct{ Text, Small, Class string }

type table struct {
	Title, Note string
	Head        []string
	Rows        []tableRow
}

type tableRow struct {
	Name, Run string
	Note      string // on how many images the attack was run, "" for all
	First     bool   // of the rows with this name
	Span      int
	Cells     []tableCell
}

type checkList struct {
	Name, Trust string
	Level       Level
	Rows        []checkRow
}

type checkRow struct{ checks.Result }

func (c checkRow) Class() string { return strings.ToLower(string(c.Status)) }

// Indices lists the images at which a check did not pass.
func (c checkRow) Indices() string { return listIndices(c.Images, 20) }

type params struct {
	Attack, Title, Paper string
	Params               []attacks.Param
	Plan                 string
}
