package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"unwarp/tools/internal/printable"
)

// Report describes one or more evaluations: report.json, and with its pictures
// report.html.
type Report struct {
	Format  int           `json:"unwarp_report"`
	Version string        `json:"version"` // of the unwarp that wrote it
	Written time.Time     `json:"written"`
	Runs    []SummaryData `json:"runs"`

	// Threats are the evaluations of geometric threats, those with one axis
	// together; Corruptions those under corruptions.
	Threats     []*ThreatReport    `json:"threats,omitempty"`
	Corruptions []CorruptionRecord `json:"corruptions,omitempty"`

	pictures []runPictures // pictures of each run
	names    []string
	prefix   string // of ids in the page
}

// ThreatReport describes evaluations of one kind of geometric threat.
type ThreatReport struct {
	Threat string `json:"threat"`
	Report
}

const reportFormat = 1

// New returns a report on no evaluations yet.
func New(version string, written time.Time) *Report {
	return &Report{Format: reportFormat, Version: version, Written: written.UTC()}
}

// Add adds the evaluation of the run in folder.
func (r *Report) Add(folder string, rec Record, im Images) {
	if m := measureOf(rec.Evaluation.Norm, rec.Evaluation.Threat); m.isGeometric() {
		r.threat(m, rec.Evaluation.Threat.String()).add(folder, rec, im)
		return
	}
	r.add(folder, rec, im)
}

// threat is the report of the threats with a measure. Of several sizes the text is
// the kind alone.
func (r *Report) threat(m measure, text string) *ThreatReport {
	for _, t := range r.Threats {
		if t.Runs[0].measure() == m {
			if t.Threat != text {
				t.Threat = kindOf(m.kind)
			}
			return t
		}
	}
	t := &ThreatReport{Threat: text, Report: *New(r.Version, r.Written)}
	t.prefix = fmt.Sprintf("threat%d-", len(r.Threats))
	r.Threats = append(r.Threats, t)
	return t
}

// AddCorruptions adds a table of corruptions.
func (r *Report) AddCorruptions(rec CorruptionRecord) {
	r.Corruptions = append(r.Corruptions, makePrintable(rec))
}

// Empty tells whether nothing was added.
func (r *Report) Empty() bool { return len(r.Runs)+len(r.Threats)+len(r.Corruptions) == 0 }

func (r *Report) add(folder string, rec Record, im Images) {
	f := Summarise(&rec)
	name := shortName(f.Run)
	if name == "" {
		name = shortName(folder)
	}
	for i, other := range r.Runs {
		if other.Run == f.Run {
			r.names[i], name = shortName(r.pictures[i].folder), shortName(folder)
		}
	}
	r.Runs = append(r.Runs, f)
	r.names = append(r.names, name)
	r.pictures = append(r.pictures, choosePictures(folder, &rec, f, im))
	r.tellAttacksApart()
}

// JSON returns report.json.
func (r *Report) JSON() ([]byte, error) {
	raw, err := json.MarshalIndent(r, "", "  ")
	return append(printable.JSON(raw), '\n'), err
}

// Print prints the report for a terminal of so many columns, 0 for any.
func (r *Report) Print(w io.Writer, columns int) {
	some := len(r.Runs) > 0
	between := func() {
		if some {
			fmt.Fprintln(w)
		}
		some = true
	}
	r.printRuns(w, columns)
	for _, t := range r.Threats {
		between()
		wrapText(w, columnsOrDefault(columns), "", "", "Threat "+t.Threat)
		t.printRuns(w, columns)
	}
	for _, c := range r.Corruptions {
		between()
		wrapText(w, columnsOrDefault(columns), "", "", fmt.Sprintf("Corruptions, %s", shortName(c.Run)))
		c.Print(w, columns)
	}
}

func (r *Report) printRuns(w io.Writer, columns int) {
	for i, f := range r.Runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if len(r.Runs) > 1 || f.Set != "" {
			wrapText(w, columnsOrDefault(columns), "", "", fmt.Sprintf("%s: %s on %s", r.names[i], describeModel(f.Kind), describeImages(f)))
		}
		f.print(w, columns, mayClaimRobustness(r.Runs...))
	}
	for _, n := range r.findDifferences() {
		fmt.Fprintln(w)
		wrapText(w, columnsOrDefault(columns), "", "", n)
	}
}

// findDifferences returns the reasons why the runs' results cannot be compared.
func (r *Report) findDifferences() []string {
	var out []string
	first := r.Runs[:min(1, len(r.Runs))]
	differ := func(what string, of func(SummaryData) string) {
		for i, f := range r.Runs {
			if a, b := of(first[0]), of(f); a != b {
				out = append(out, fmt.Sprintf("These runs differ in %s (%s: %s; %s: %s): compare their results with care.", what, r.names[0], orUnknown(a), r.names[i], orUnknown(b)))
				return
			}
		}
	}
	differ("the images attacked", func(f SummaryData) string {
		return fmt.Sprintf("%d of %s %s %.8s", f.Images, f.Set, f.Part, f.DataHash)
	})
	differ("what the attacker may do", func(f SummaryData) string { return f.threatText() })
	differ("the values that examples may have", func(f SummaryData) string {
		if f.Lattice == nil {
			return "any"
		}
		return f.Lattice.describeImages()
	})
	differ("the defence around the model", func(f SummaryData) string {
		_, defence := SplitDefended(f.Kind)
		return cmp.Or(defence, "none")
	})
	differ("the attacks", func(f SummaryData) string {
		var all []string
		for _, a := range f.Attacks {
			all = append(all, a.Attack)
		}
		if len(all) == 0 {
			return "none"
		}
		return fmt.Sprintf("%d: %s", len(all), listSome(all))
	})
	differ("whether every attack saw every image", func(f SummaryData) string {
		if f.Exhaustive {
			return "every one"
		}
		return "only images still classified correctly"
	})
	return out
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
