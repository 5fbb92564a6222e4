package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/shell"
	"unwarp/tools/internal/study/paper"
)

// Plan says what is finished and what is left.
type Plan struct {
	Budget   paper.Budget  `json:"budget"`
	Jobs     []JobPlan     `json:"jobs"`
	Count    map[State]int `json:"count"` // of jobs
	Left     int           `json:"left"`  // measurements: evaluations, and of tables without attacks the accuracies of a run
	Notes    []Note        `json:"notes"`
	Missing  []string      `json:"missing"`  // places of data sets that are not there, of what is planned
	LeftOut  []string      `json:"left_out"` // what All leaves out, and why
	Drawings []string      `json:"figures"`  // that are drawn when the trainings are finished
}

// JobPlan is a job with the tables that are measured on it and those that are
// not.
type JobPlan struct {
	Name     string   `json:"name"` // of the training
	Seed     uint64   `json:"seed"`
	Folder   string   `json:"folder"`
	State    State    `json:"state"`
	Measured []string `json:"measured"`
	Left     []string `json:"left"`
}

// Note says how a table departs from the full protocol.
type Note struct {
	Table string `json:"table"`
	Text  string `json:"text"`
}

// Plan returns what is left of the scheduled jobs.
func (r *Reproduction) Plan() Plan {
	p := Plan{Budget: r.Budget, Count: map[State]int{}, Jobs: []JobPlan{}, Notes: []Note{}, Missing: []string{}, LeftOut: []string{}, Drawings: []string{}}
	for _, j := range r.Jobs {
		jp := JobPlan{Name: j.Arm.Name, Seed: j.Seed, Folder: j.Dir, State: j.State, Measured: []string{}, Left: []string{}}
		for _, t := range j.Tables {
			if j.holds(t, r.Budget) {
				jp.Measured = append(jp.Measured, t.Name)
				continue
			}
			jp.Left = append(jp.Left, t.Name)
			p.Left += max(1, len(j.left(t, r.Budget))) // of a table without attacks: accuracies
		}
		p.Jobs = append(p.Jobs, jp)
		p.Count[j.State]++
	}
	p.Missing, p.LeftOut = append(p.Missing, r.missing...), append(p.LeftOut, r.leftOut...)
	for _, f := range r.Figures {
		p.Drawings = append(p.Drawings, f.Name)
	}
	for _, t := range r.Tables {
		for _, text := range r.deviations(t) {
			p.Notes = append(p.Notes, Note{t.Name, text})
		}
	}
	return p
}

// deviations says how the trainings and measurements of a table depart from the
// full protocol.
func (r *Reproduction) deviations(t paper.Table) (notes []string) {
	if len(r.Set) > 0 {
		notes = append(notes, "Trained with "+describeSet(r.Set)+".")
	}
	if n := paper.Full.Seeds(); r.Seeds < n {
		notes = append(notes, fmt.Sprintf("%d of %d seeds.", r.Seeds, n))
	}
	if r.Budget == paper.Full {
		return notes
	}
	if n := t.Count(r.Budget); t.Success != "" && n > 0 {
		full := "all"
		if m := t.Count(paper.Full); m > 0 {
			full = fmt.Sprint(m)
		}
		notes = append(notes, fmt.Sprintf("Small budget: at most %d test images attacked instead of %s.", n, full))
	}
	var texts []string
	of := map[string][]string{} // the arms of each text
	for _, name := range t.Arms() {
		arm, _ := paper.FindArm(name)
		text := r.shortening(arm)
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		of[text] = append(of[text], name)
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		which := ""
		if len(texts) > 1 {
			which = " of " + strings.Join(of[text], ", ")
		}
		notes = append(notes, "Small budget: "+text+which+".")
	}
	return notes
}

// describeSet writes the flags that set these keys.
func describeSet(keys []string) string {
	var flags []string
	for _, kv := range keys {
		flags = append(flags, "--set", kv)
	}
	return shell.Command(flags...)
}

// shortening lists the differences of an arm's configuration from the full
// protocol; "" where one of both cannot be loaded.
func (r *Reproduction) shortening(arm paper.Arm) string {
	full, err := arm.Resolve(paper.Full, 1, r.Data, r.Set)
	if err != nil {
		return ""
	}
	short, err := arm.Resolve(r.Budget, 1, r.Data, r.Set)
	if err != nil {
		return ""
	}
	diff, _ := config.Differences(short, full)
	return strings.Join(diff, ", ")
}
