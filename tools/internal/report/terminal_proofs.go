package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"unwarp/attacks"
)

// printProofs prints a table for each certificate: how many images are proven,
// broken and open at each size, and the bounds of the share that stays right.
func (f SummaryData) printProofs(w io.Writer, columns int) {
	for _, c := range f.Certificates {
		if len(c.Points) == 0 {
			continue
		}
		of := ""
		if c.Proves != "" {
			of = " of " + shortName(c.Proves)
		}
		wrapText(w, columns, "", "  ", fmt.Sprintf("proofs%s by %s, %% of %s, %s", of, c.describeMethod(), countImages(f.Images), c.describeThreat()))
		printRows(w, columns, c.rows())
		if words := c.describeProvers(); words != "" {
			wrapText(w, columns, "  ", "  ", words)
		}
		if c.Radii != nil {
			wrapText(w, columns, "  ", "  ", c.describeRadii())
		}
		if c.Confidence != "" {
			wrapText(w, columns, "  ", "  ", c.describeConfidence())
		}
	}
}

// describeMethod is the method with its settings, and those whose proofs were taken
// over.
func (c CertificateSummary) describeMethod() string {
	var earlier []string
	for _, m := range c.Earlier {
		earlier = append(earlier, shortenMethod(m))
	}
	if len(earlier) == 0 {
		return shortenMethod(c.Method)
	}
	return shortenMethod(c.Method) + ", with earlier proofs by " + strings.Join(earlier, ", ")
}

// shortenMethod is a method with the first of its settings, as many as there is room
// for.
func shortenMethod(text string) string {
	const most = 50
	text = shortName(text)
	if len(text) <= most {
		return text
	}
	at := strings.LastIndexByte(text[:most], ',')
	if at < 0 {
		name, _, _ := strings.Cut(text, "(")
		return name
	}
	return text[:at] + ",…)"
}

// describeProvers says which prover proved how many images, "" for one alone.
func (c CertificateSummary) describeProvers() string {
	if len(c.By) < 2 && (len(c.By) == 0 || len(c.Earlier) == 0) {
		return ""
	}
	var words []string
	for _, n := range c.By {
		words = append(words, fmt.Sprintf("%s %s", shortName(n.Prover), formatCount(n.Images)))
	}
	return "Images of which each proved the largest size: " + strings.Join(words, ", ") + "."
}

// describeThreat names what may change.
func (c CertificateSummary) describeThreat() string {
	if isNorm(c.Threat) {
		return normSymbol(attacks.Norm(c.Threat))
	}
	text := shortName(c.Threat)
	if c.Unit != "" {
		text += ", sizes in " + shortName(c.Unit)
	}
	return text
}

// rows are the table of a certificate.
func (c CertificateSummary) rows() []textRow {
	sizes := textRow{name: "eps"}
	if !isNorm(c.Threat) {
		sizes.name = "size"
	}
	proven, broken, open, abstained := textRow{name: "proven"}, textRow{name: "broken, or misclassified"}, textRow{name: "open"}, textRow{name: "without answer"}
	low, high := textRow{name: "95 % interval for images like these, from"}, textRow{name: "  to"}
	some := false
	for _, p := range c.Points {
		percent := func(n int) string { return fmt.Sprintf("%.1f", 100*NewRate(n, p.Lower.Of).Share) }
		sizes.cells = append(sizes.cells, c.formatSize(p.Size))
		proven.cells, broken.cells, open.cells = append(proven.cells, percent(p.Proven)), append(broken.cells, percent(p.Broken+p.Misclassified)), append(open.cells, percent(p.Open))
		abstained.cells, some = append(abstained.cells, percent(p.Abstained)), some || p.Abstained > 0
		low.cells, high.cells = append(low.cells, fmt.Sprintf("%.1f", 100*p.Interval[0])), append(high.cells, fmt.Sprintf("%.1f", 100*p.Interval[1]))
	}
	rows := []textRow{sizes, proven, broken, open}
	if some {
		rows = append(rows, abstained)
	}
	return append(rows, low, high)
}

func (c CertificateSummary) formatSize(size float32) string {
	if isNorm(c.Threat) {
		return formatEps(size)
	}
	return strconv.FormatFloat(float64(size), 'g', 4, 32)
}
