package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/study/paper"
)

// printPlan says what is there and what is left.
func (r *reproduction) printPlan(out io.Writer) {
	count := map[string]int{}
	for _, j := range r.jobs {
		var measured, left []string
		for _, t := range j.tables {
			if j.run != nil && j.run.Holds(t, t.Count(r.budget)) {
				measured = append(measured, t.Name)
			} else {
				left = append(left, t.Name)
			}
		}
		var what []string
		if len(left) > 0 {
			what = append(what, "to measure: "+strings.Join(left, " "))
		}
		if len(measured) > 0 {
			what = append(what, "measured: "+strings.Join(measured, " "))
		}
		fmt.Fprintf(out, "%-38s seed %d  %-14s %s\n", j.arm.Name, j.seed, j.state, strings.Join(what, "; "))
		count[j.state]++
		count["left"] += len(left)
	}
	fmt.Fprintf(out, "%d runs: %d finished, %d to be resumed, %d to be trained; %d measurements left\n",
		len(r.jobs), count[finished], count[toResume], count[toTrain], count["left"])
	for _, t := range r.tables {
		for _, n := range r.shortened(t) {
			fmt.Fprintf(out, "%s: %s\n", t.Name, n)
		}
	}
}

// shortened says how the trainings and measurements of a table depart from the
// full protocol.
func (r *reproduction) shortened(t paper.Table) (notes []string) {
	if len(r.set) > 0 {
		notes = append(notes, "Trained with --set "+strings.Join(r.set, " --set ")+".")
	}
	if n := paper.Full.Seeds(); r.seeds < n {
		notes = append(notes, fmt.Sprintf("%d of %d seeds.", r.seeds, n))
	}
	if r.budget == paper.Full {
		return notes
	}
	if n := t.Count(r.budget); t.Success != "" && n > 0 {
		full := "all"
		if m := t.Count(paper.Full); m > 0 {
			full = fmt.Sprint(m)
		}
		notes = append(notes, fmt.Sprintf("Small budget: %d test images attacked instead of %s.", n, full))
	}
	var seen []string
	for _, name := range t.Arms() {
		arm, _ := paper.FindArm(name)
		full, err := arm.Load(paper.Full, 1, r.data, r.set)
		if err != nil {
			continue
		}
		short, err := arm.Load(r.budget, 1, r.data, r.set)
		if err != nil {
			continue
		}
		diff, _ := config.Differences(short, full)
		if text := strings.Join(diff, ", "); text != "" && !slices.Contains(seen, text) {
			seen = append(seen, text)
			notes = append(notes, "Small budget: "+text+".")
		}
	}
	return notes
}
