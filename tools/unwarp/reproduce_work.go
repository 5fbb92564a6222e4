package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
	"unwarp/tools/internal/study/paper"
	"unwarp/tools/internal/study/reproduce"
	"unwarp/trainer"
)

// explainInterruption says how to continue after an interruption of a job.
func explainInterruption(err error) error {
	var at *reproduce.JobError
	if errors.As(err, &at) {
		return continueAt(err, fmt.Sprintf("%s, seed %d", at.Job.Arm.Name, at.Job.Seed))
	}
	return err
}

// continueAt says how to continue where err is an interruption; other errors it
// returns as they are.
func continueAt(err error, where string) error {
	var stopped experiment.InterruptedError
	if errors.Is(err, context.Canceled) || errors.Is(err, trainer.ErrInterrupted) || errors.As(err, &stopped) {
		return experiment.InterruptedError(fmt.Sprintf("interrupted at %s; what is done is kept: the same command goes on from there", where))
	}
	return err
}

// drawFigures draws the figures with the commands swap and embed, and prints
// these commands.
func drawFigures(ctx context.Context, r *reproduce.Reproduction, out, log io.Writer) error {
	commands, err := r.DrawingCommands()
	if err != nil {
		return err
	}
	if len(commands) > 0 {
		if err := r.MakeFolder(); err != nil {
			return err
		}
	}
	for _, d := range commands {
		fmt.Fprintf(out, "%s: %s\n", d.Figure, shell.Unwarp(d.Args...))
		c := newRoot(out, log, columns(out))
		c.SetArgs(d.Args)
		if err := c.ExecuteContext(ctx); err != nil {
			return continueAt(err, d.Figure)
		}
		fmt.Fprintln(out)
	}
	return nil
}

func printTables(out io.Writer, all []paper.Comparison) {
	for _, c := range all {
		c.Write(out)
		fmt.Fprintln(out)
	}
	if len(all) > 0 {
		fmt.Fprintln(out, paper.Meaning)
	}
}

// printPlan prints what is finished and what is left, for a terminal of so many
// columns, 0 for any.
func printPlan(out io.Writer, p reproduce.Plan, columns int) {
	name := 0
	for _, j := range p.Jobs {
		name = max(name, len(j.Name))
	}
	for _, j := range p.Jobs {
		var what []string
		if len(j.Left) > 0 {
			what = append(what, "to measure: "+strings.Join(j.Left, " "))
		}
		if len(j.Measured) > 0 {
			what = append(what, "measured: "+strings.Join(j.Measured, " "))
		}
		report.WriteWrapped(out, columns, fmt.Sprintf("%-*s seed %d  %-14s %s", name, j.Name, j.Seed, j.State, strings.Join(what, "; ")))
	}
	report.WriteWrapped(out, columns, fmt.Sprintf("%s: %d finished, %d to be resumed, %d to be trained; %s left",
		printable.Count(len(p.Jobs), "run"), p.Count[reproduce.Finished], p.Count[reproduce.Interrupted], p.Count[reproduce.Missing], printable.Count(p.Left, "measurement")))
	for _, n := range p.Notes {
		report.WriteWrapped(out, columns, fmt.Sprintf("%s: %s", n.Table, n.Text))
	}
	for _, path := range p.Missing {
		report.WriteWrapped(out, columns, "There is no data set at "+path+".")
	}
}
