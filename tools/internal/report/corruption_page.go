package report

import (
	"fmt"
	"html/template"
	"image"
	"image/color"

	"unwarp/pipelines"
)

// corruptionSection is what the page shows of a table of corruptions.
type corruptionSection struct {
	Name, About, Share, Counted, Clean, Trust, Repeat string
	Level                                             Level
	Sentences                                         []string
	Chart                                             *figure
	Table                                             table
	Checks                                            []checkRow
	Sheet                                             template.URL
	Width                                             int
	Label                                             string
}

func (r *Report) addCorruptions(p *page) error {
	for i := range r.Corruptions {
		c := &r.Corruptions[i]
		f := SummaryData{About: c.About, Images: c.Table.CleanImages}
		s := corruptionSection{
			Name: shortName(c.Run), About: capitalise(describeModel(c.Kind)) + ", " + describeImages(f) + ", " + shortName(c.Table.Source) + ".",
			Share: formatPercent(1 - c.Table.MeanError()), Counted: c.counted(), Clean: formatPercent(1 - c.Table.CleanError()),
			Sentences: c.sentences(), Table: c.table(), Checks: listCheckRows(c.Checks), Label: nameClass(f, c.Label),
			Repeat: fmt.Sprintf("%s. Model %.12s, data %.12s, unwarp %s: %s", c.Table.Choice, c.ModelHash, c.DataHash, c.Version, c.Command),
		}
		s.Level, s.Trust = c.trust()
		if len(c.Table.Severities) > 1 {
			fig, err := c.chart(fmt.Sprintf("corruptions%d", i))
			if err != nil {
				return err
			}
			s.Chart = &fig
		}
		s.Sheet, s.Width = c.sheet()
		p.Corruptions = append(p.Corruptions, s)
	}
	return nil
}

// table has a row for each kind.
func (r *CorruptionRecord) table() table {
	var t table
	for _, s := range r.Table.Severities {
		t.Head = append(t.Head, fmt.Sprintf("severity %d", s))
	}
	t.Head = append(t.Head, "mean")
	if r.Relation != nil {
		t.Head = append(t.Head, "CE, %")
	}
	for i, k := range r.Table.Kinds {
		row := tableRow{Name: shortName(k.Name), First: true, Span: 1}
		for _, c := range k.Cells {
			row.Cells = append(row.Cells, rateCell(NewRate(c.Correct, c.Images)))
		}
		row.Cells = append(row.Cells, tableCell{Text: fmt.Sprintf("%.1f", 100*(1-k.MeanError()))})
		if r.Relation != nil {
			row.Cells = append(row.Cells, tableCell{Text: fmt.Sprintf("%.1f", 100*r.Relation.CE[i])})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// chart draws the accuracy of each kind against severity; 0 is without corruption.
func (r *CorruptionRecord) chart(id string) (figure, error) {
	fig := figure{Caption: "Accuracy against severity"}
	c := chart{x: "severity", shares: true}
	clean := NewRate(r.Table.CleanCorrect, r.Table.CleanImages)
	for i, k := range r.Table.Kinds {
		q := curve{name: shortName(k.Name), style: i, points: []curvePoint{{0, clean.Share, clean.Share, clean.Share}}}
		for s, cell := range k.Cells {
			v := 1 - cell.Error()
			q.points = append(q.points, curvePoint{float64(r.Table.Severities[s]), v, v, v})
		}
		c.curves = append(c.curves, q)
		fig.Keys = append(fig.Keys, key{q.key(), q.name})
	}
	for _, s := range r.Table.Severities {
		c.ticks = append(c.ticks, float32(s))
	}
	c.title = fig.Caption + ", for " + listNames(c.curves)
	var err error
	fig.Chart, err = c.renderSVG(id)
	return fig, err
}

// sheet draws one image under each kind, a row, and severity. Those of which the
// model does not see the class have a frame.
func (r *CorruptionRecord) sheet() (template.URL, int) {
	columns := len(r.Table.Severities)
	if len(r.pixels) == 0 || len(r.pixels) != len(r.Predicted) || columns == 0 {
		return "", 0
	}
	const frame = 2
	sh := pipelines.Shape{H: r.Shape[0], W: r.Shape[1], C: r.Shape[2]}
	w, h := panelCount(sh)*sh.W+2*frame, sh.H+2*frame
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*w, len(r.pixels)/columns*h))
	for i, x := range r.pixels {
		left, top := i%columns*w, i/columns*h
		if r.Predicted[i] != r.Label {
			fillRect(sheet, image.Rect(left, top, left+w, top+h), color.NRGBA{0xb3, 0x26, 0x1e, 255})
		}
		pasteImage(sheet, drawImage(x, sh), left+frame, top+frame)
	}
	return encodeURI(sheet), sheet.Rect.Dx() * max(1, 56/sh.W)
}

func fillRect(m *image.NRGBA, r image.Rectangle, c color.NRGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.SetNRGBA(x, y, c)
		}
	}
}
