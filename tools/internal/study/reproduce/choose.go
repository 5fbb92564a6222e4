package reproduce

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// Reproduction is what is reproduced, and what is known of its runs.
type Reproduction struct {
	Request
	Tables  []paper.Table
	Figures []Figure
	Jobs    []*Job // after Schedule

	missing      []string // places of data sets that are not there, of what is planned
	leftOut      []string // what is left out for them, in words
	note         func(format string, args ...any)
	fingerprints map[string]string                // of training images, by configuration of the set
	identities   map[string]pipelines.SetIdentity // the same, of all images
}

// New chooses the experiments of a request whose data sets exist. An experiment
// that is requested by its name must have its data set; All leaves out the
// others, which note reports.
func New(q Request, note func(format string, args ...any)) (*Reproduction, error) {
	if err := q.complete(); err != nil {
		return nil, err
	}
	r := &Reproduction{Request: q, note: note, fingerprints: map[string]string{}, identities: map[string]pipelines.SetIdentity{}}
	known := append(Names(), All)
	for _, n := range q.Names {
		if !slices.Contains(known, n) {
			return nil, study.WrongRequest("want some of %s, got %q%s", strings.Join(known, ", "), n, pipelines.DidYouMean(n, known, "%q"))
		}
	}
	if err := r.choose(slices.Contains(q.Names, All)); err != nil {
		return nil, err
	}
	if len(r.Tables)+len(r.Figures) == 0 && q.PlanOnly {
		r.leftOut = nil
		return r, r.choose(false)
	}
	for _, text := range r.leftOut {
		note("%s", text)
	}
	if len(r.Tables)+len(r.Figures) == 0 {
		return nil, missingData("reproduce", []string{cmp.Or(q.Data, "data")})
	}
	return r, nil
}

// choose takes the requested experiments. With all it takes every one whose data
// set exists.
func (r *Reproduction) choose(all bool) error {
	every := slices.Contains(r.Names, All)
	for _, n := range Names() { // in the paper's order, each once
		if !every && !slices.Contains(r.Names, n) {
			continue
		}
		choose := r.chooseTable
		if slices.Contains(figureNames, n) {
			choose = r.chooseFigure
		}
		if err := choose(n, all); err != nil {
			return err
		}
	}
	return nil
}

// plansWithout tells whether what needs missing data sets is planned all the same,
// and takes note of them.
func (r *Reproduction) plansWithout(missing []string, optional bool) bool {
	if !r.PlanOnly || optional {
		return false
	}
	for _, path := range missing {
		if !slices.Contains(r.missing, path) {
			r.missing = append(r.missing, path)
		}
	}
	return true
}

func (r *Reproduction) leaveOut(format string, args ...any) {
	r.leftOut = append(r.leftOut, fmt.Sprintf(format, args...))
}

// chooseTable takes a table if its data sets exist.
func (r *Reproduction) chooseTable(name string, optional bool) error {
	t, _ := paper.FindTable(name)
	missing, err := r.missingSets(t.Arms())
	switch {
	case err != nil:
		return err
	case len(missing) == 0 || r.plansWithout(missing, optional):
		r.Tables = append(r.Tables, t)
	case optional:
		r.leaveOut("%s is left out: there is no data set at %s", name, strings.Join(missing, " and "))
	default:
		return missingData(name, missing)
	}
	return nil
}

// chooseFigure takes the models of a figure whose data sets exist.
func (r *Reproduction) chooseFigure(name string, optional bool) error {
	f := Figure{Name: name}
	for _, a := range figureArms[name] {
		missing, err := r.missingSets([]string{a})
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			f.Arms = append(f.Arms, a)
		}
	}
	missing, err := r.missingSets(figureArms[name])
	where := strings.Join(missing, " and ")
	switch {
	case err != nil:
		return err
	case len(missing) > 0 && r.plansWithout(missing, optional):
		f.Arms = figureArms[name]
	case len(f.Arms) == 0 && !optional:
		return missingData(name, missing)
	case len(f.Arms) == 0:
		r.leaveOut("%s is left out: there is no data set at %s", name, where)
		return nil
	case where != "" && len(f.Arms) < len(figureArms[name]):
		r.leaveOut("%s is drawn without %s: there is no data set", name, where)
	}
	r.Figures = append(r.Figures, f)
	return nil
}

// missingSets returns the places where data sets of arms are expected and
// nothing is.
func (r *Reproduction) missingSets(arms []string) (paths []string, err error) {
	setsPath := func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return strings.EqualFold(strings.TrimSpace(key), "data.path")
	}
	if slices.ContainsFunc(r.Set, setsPath) {
		return nil, nil
	}
	for _, name := range arms {
		arm, _ := paper.FindArm(name)
		path, err := arm.DataPath(r.Data)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func missingData(who string, paths []string) error {
	return study.WrongRequest("%s: want a data set at %s, but there is none: name the folder that holds the folders of the sets with --data, or get it with unwarp data fetch", who, strings.Join(paths, " and "))
}
