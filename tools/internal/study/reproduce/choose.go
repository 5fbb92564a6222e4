package reproduce

import (
	"cmp"
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

	note         func(format string, args ...any)
	fingerprints map[string]string // of training images, by configuration of the set
}

// New chooses the experiments of a request whose data sets exist. An experiment
// that is requested by its name must have its data set; All leaves out the
// others, which note reports.
func New(q Request, note func(format string, args ...any)) (*Reproduction, error) {
	if err := q.complete(); err != nil {
		return nil, err
	}
	r := &Reproduction{Request: q, note: note, fingerprints: map[string]string{}}
	known := append(Names(), All)
	for _, n := range q.Names {
		if !slices.Contains(known, n) {
			return nil, study.WrongRequest("want some of %s, got %q: did you mean %q?", strings.Join(known, ", "), n, pipelines.Nearest(n, known))
		}
	}
	all := slices.Contains(q.Names, All)
	for _, n := range Names() { // in the paper's order, each once
		if !all && !slices.Contains(q.Names, n) {
			continue
		}
		choose := r.chooseTable
		if slices.Contains(figureNames, n) {
			choose = r.chooseFigure
		}
		if err := choose(n, all); err != nil {
			return nil, err
		}
	}
	if len(r.Tables)+len(r.Figures) == 0 {
		return nil, missingData("reproduce", []string{cmp.Or(q.Data, "data")})
	}
	return r, nil
}

// chooseTable takes a table if its data sets exist.
func (r *Reproduction) chooseTable(name string, optional bool) error {
	t, _ := paper.FindTable(name)
	missing, err := r.missingSets(t.Arms())
	switch {
	case err != nil:
		return err
	case len(missing) == 0:
		r.Tables = append(r.Tables, t)
	case optional:
		r.note("%s is left out: there is no data set at %s", name, strings.Join(missing, " and "))
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
	case len(f.Arms) == 0 && !optional:
		return missingData(name, missing)
	case len(f.Arms) == 0:
		r.note("%s is left out: there is no data set at %s", name, where)
		return nil
	case where != "":
		r.note("%s is drawn without %s: there is no data set", name, where)
	}
	r.Figures = append(r.Figures, f)
	return nil
}

// missingSets returns the places where data sets of arms are expected and
// nothing is.
func (r *Reproduction) missingSets(arms []string) (paths []string, err error) {
	if slices.ContainsFunc(r.Set, func(kv string) bool { return strings.HasPrefix(kv, "data.path=") }) {
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
