package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is what is said about one or more evaluations: report.json, and with
// its pictures report.html.
type Report struct {
	Format  int       `json:"unwarp_report"`
	Version string    `json:"version"` // of the unwarp that wrote it
	Written time.Time `json:"written"`
	Runs    []Figures `json:"runs"`

	shown []shown // pictures of each run
	names []string
}

const reportFormat = 1

// New is a report on no evaluations yet.
func New(version string, written time.Time) *Report {
	return &Report{Format: reportFormat, Version: version, Written: written.UTC()}
}

// Add adds the evaluation of the run in folder.
func (r *Report) Add(folder string, rec Record, im Images) {
	f := Derive(&rec)
	name := f.Run
	if name == "" {
		name = folder
	}
	for i, other := range r.Runs {
		if other.Run == f.Run {
			r.names[i], name = r.shown[i].folder, folder
		}
	}
	r.Runs = append(r.Runs, f)
	r.names = append(r.names, name)
	r.shown = append(r.shown, choose(folder, &rec, f, im))
}

// JSON is report.json.
func (r *Report) JSON() ([]byte, error) {
	raw, err := json.MarshalIndent(r, "", "  ")
	return append(raw, '\n'), err
}

// Print is the report for a terminal of so many columns, 0 for any.
func (r *Report) Print(w io.Writer, columns int) {
	for i, f := range r.Runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if len(r.Runs) > 1 || f.Set != "" {
			wrap(w, columnsOr(columns), "", "", fmt.Sprintf("%s: %s on %s images of %s", r.names[i], article(f.Kind), f.Part, f.Set))
		}
		f.print(w, columns, claims(r.Runs...))
	}
	for _, n := range r.differences() {
		fmt.Fprintln(w)
		wrap(w, columnsOr(columns), "", "", n)
	}
}

// differences are the reasons why the runs' figures must not be compared.
func (r *Report) differences() []string {
	var out []string
	first := r.Runs[:min(1, len(r.Runs))]
	differ := func(what string, of func(Figures) string) {
		for _, f := range r.Runs {
			if a, b := of(first[0]), of(f); a != b {
				out = append(out, fmt.Sprintf("These runs differ in %s (%s, %s): compare their figures with care.", what, orUnknown(a), orUnknown(b)))
				return
			}
		}
	}
	differ("the images attacked", func(f Figures) string {
		return fmt.Sprintf("%d of %s %s %.8s", f.Images, f.Set, f.Part, f.DataHash)
	})
	differ("what the attacker may do", func(f Figures) string { return string(f.Norm) })
	differ("the attacks", func(f Figures) string {
		var all []string
		for _, a := range f.Attacks {
			all = append(all, a.Attack)
		}
		return fmt.Sprintf("%d: %s", len(all), some(all))
	})
	differ("whether every attack saw every image", func(f Figures) string {
		if f.Exhaustive {
			return "every one"
		}
		return "survivors only"
	})
	return out
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
