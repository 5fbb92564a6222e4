package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
)

const requireHelp = `--require "linf .1 >= 70%" wants that at least so many images stay right; where
it is not met the exit code is 5. Several may be given. The proven lower bound
decides where it suffices; otherwise the attacks' upper bound, if no check says
that the attacks are too weak. Before the relation, proven asks for the proven
bound alone, attacked for what the attacks leave whatever checks say, confident
for 95 % confidence of all images like these. A line for each names what
decided. clean >= 95% and rotate(30) 10 <= 20% are understood too.`

// unmetError says that what was asked for does not hold.
type unmetError struct{ error }

func (e unmetError) Unwrap() error { return e.error }

// addRequireFlag adds --require to a command; takeRequirements reads it.
func addRequireFlag(c *cobra.Command, f *runFlags) {
	c.Flags().StringArrayVar(&f.require, "require", nil, "what the evaluation must reach, `REQUIREMENT` such as \"linf .1 >= 70%\"; may be repeated (configuration: attack.require)")
}

// checkRequirements refuses, before any work is done, what no job will measure.
func checkRequirements(jobs []threatJob) error {
	var list []config.Attack
	for _, j := range jobs {
		list = append(list, j.subject.Config.Attack)
	}
	return usage(config.CheckRequirements(list...))
}

// refuseUnmet is an error where a record does not meet all requirements.
func refuseUnmet(records ...*report.Record) error {
	var unmet []string
	of := 0
	for _, r := range records {
		if r != nil {
			of += len(r.Requirements)
			unmet = append(unmet, report.ListUnmet(r.Requirements)...)
		}
	}
	if len(unmet) == 0 {
		return nil
	}
	return unmetError{fmt.Errorf("requirements: %d of %d not met: %s", len(unmet), of, strings.Join(unmet, "; "))}
}

// printRequirements prints a line for each requirement beside a record that is
// printed for machines.
func printRequirements(log io.Writer, records ...*report.Record) {
	for _, r := range records {
		if r == nil {
			continue
		}
		for _, q := range r.Requirements {
			fmt.Fprintln(log, printable.Text(q.Line()))
		}
	}
}
