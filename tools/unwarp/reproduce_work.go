package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"unwarp/tools/internal/run/experiment"
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
	for _, d := range commands {
		fmt.Fprintf(out, "%s: unwarp %s\n", d.Figure, strings.Join(d.Args, " "))
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

// printPlan prints what is finished and what is left.
func printPlan(out io.Writer, p reproduce.Plan) {
	for _, j := range p.Jobs {
		var what []string
		if len(j.Left) > 0 {
			what = append(what, "to measure: "+strings.Join(j.Left, " "))
		}
		if len(j.Measured) > 0 {
			what = append(what, "measured: "+strings.Join(j.Measured, " "))
		}
		fmt.Fprintf(out, "%-38s seed %d  %-14s %s\n", j.Arm.Name, j.Seed, j.State, strings.Join(what, "; "))
	}
	fmt.Fprintf(out, "%d runs: %d finished, %d to be resumed, %d to be trained; %d measurements left\n",
		len(p.Jobs), p.Count[reproduce.Finished], p.Count[reproduce.Interrupted], p.Count[reproduce.Missing], p.Left)
	for _, n := range p.Notes {
		fmt.Fprintf(out, "%s: %s\n", n.Table, n.Text)
	}
}
