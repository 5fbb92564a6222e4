package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/study/paper"
)

// Plan says what is finished and what is left.
type Plan struct {
	Jobs  []JobPlan
	Count map[State]int // of jobs
	Left  int           // measurements
	Notes []Note
}

// JobPlan is a job with the tables that are measured on it and those that are
// not.
type JobPlan struct {
	*Job
	Measured, Left []string
}

// Note says how a table departs from the full protocol.
type Note struct{ Table, Text string }

// Plan returns what is left of the scheduled jobs.
func (r *Reproduction) Plan() Plan {
	p := Plan{Count: map[State]int{}}
	for _, j := range r.Jobs {
		jp := JobPlan{Job: j}
		for _, t := range j.Tables {
			if j.holds(t, r.Budget) {
				jp.Measured = append(jp.Measured, t.Name)
			} else {
				jp.Left = append(jp.Left, t.Name)
			}
		}
		p.Jobs = append(p.Jobs, jp)
		p.Count[j.State]++
		p.Left += len(jp.Left)
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
		notes = append(notes, "Trained with --set "+strings.Join(r.Set, " --set ")+".")
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
		notes = append(notes, fmt.Sprintf("Small budget: %d test images attacked instead of %s.", n, full))
	}
	var known []string
	for _, name := range t.Arms() {
		arm, _ := paper.FindArm(name)
		if text := r.shortening(arm); text != "" && !slices.Contains(known, text) {
			known = append(known, text)
			notes = append(notes, "Small budget: "+text+".")
		}
	}
	return notes
}

// shortening lists the differences of an arm's configuration from the full
// protocol; "" where one of both cannot be loaded.
func (r *Reproduction) shortening(arm paper.Arm) string {
	full, err := arm.Load(paper.Full, 1, r.Data, r.Set)
	if err != nil {
		return ""
	}
	short, err := arm.Load(r.Budget, 1, r.Data, r.Set)
	if err != nil {
		return ""
	}
	diff, _ := config.Differences(short, full)
	return strings.Join(diff, ", ")
}
