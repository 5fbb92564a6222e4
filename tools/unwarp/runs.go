package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"unwarp/graphs/memory"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/runlist"
)

type runsOptions struct {
	sort string
	json bool
}

// ownSets are the kinds of sets that are told apart by their paths.
var ownSets = []string{"folder", "csv", "npz", "idx"}

// orders are the values of --sort.
var orders = []string{"path", "accuracy", "attacked", "changed", "size"}

func newRuns() *cobra.Command {
	var o runsOptions
	c := &cobra.Command{
		Use:        "runs [DIR...]",
		SuggestFor: []string{"list", "ls", "compare", "history", "experiments"},
		Short:      "List run folders and compare them",
		Long: `Runs lists the run folders in DIR and in the two levels of folders below;
without DIR those in runs. Of each it prints data set, model, steps, accuracy on
the test images (of an unfinished run on the validation images, marked ~),
accuracy under attack at the smallest eps tried, time of training, size on disk,
and when its metrics changed last.

Accuracies compare where data set and images are the same.`,
		Example: `  unwarp runs
  unwarp runs --sort accuracy
  unwarp runs runs/mnist-* --json | jq -r '.[] | select(.finished) | .path'`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"runs"}
			}
			return runRuns(o, args, c.OutOrStdout())
		},
		ValidArgsFunction: completeRuns,
	}
	c.Flags().StringVar(&o.sort, "sort", "path", "order by `WHAT`: "+strings.Join(orders, ", ")+"; the best, latest or largest first")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return c
}

func runRuns(o runsOptions, dirs []string, out io.Writer) error {
	if !slices.Contains(orders, o.sort) {
		return usage(fmt.Errorf("--sort: want one of %s, got %q", strings.Join(orders, ", "), o.sort))
	}
	runs, err := runlist.Find(dirs)
	if err != nil {
		return usage(err)
	}
	sortRuns(runs, o.sort)
	if o.json {
		if runs == nil {
			runs = []runlist.Run{}
		}
		return writeJSON(out, runs)
	}
	printRuns(out, columns(out), runs)
	return nil
}

func sortRuns(runs []runlist.Run, by string) {
	accuracy := func(r runlist.Run) float64 {
		if r.Accuracy == nil {
			return -1
		}
		return *r.Accuracy
	}
	attacked := func(r runlist.Run) float64 {
		if r.Attacked == nil {
			return -1
		}
		return r.Attacked.Accuracy
	}
	slices.SortStableFunc(runs, func(a, b runlist.Run) int {
		switch by {
		case "accuracy":
			return cmp.Compare(accuracy(b), accuracy(a))
		case "attacked":
			return cmp.Compare(attacked(b), attacked(a))
		case "changed":
			return b.Changed.Compare(a.Changed)
		case "size":
			return cmp.Compare(b.Bytes, a.Bytes)
		}
		return cmp.Compare(a.Path, b.Path)
	})
}

// printRuns prints a table, and below it the folders that cannot be read.
func printRuns(w io.Writer, columns int, runs []runlist.Run) {
	rows := [][]string{{"run", "data", "model", "steps", "accuracy", "under attack", "time", "size", "changed"}}
	for _, r := range runs {
		if r.Error == "" {
			rows = append(rows, runRow(r))
		}
	}
	if len(rows) == 1 {
		fmt.Fprintln(w, "no runs that can be read")
	} else {
		report.PrintTable(w, columns, rows)
	}
	for _, r := range runs {
		if r.Error != "" {
			report.WriteLine(w, columns, printable.Text(r.Error))
		}
	}
}

func runRow(r runlist.Run) []string {
	accuracy, attacked, took, changed := "", "", "", ""
	if r.Accuracy != nil {
		accuracy = fmt.Sprintf("%.2f %%", 100**r.Accuracy)
		if !r.Finished {
			accuracy = "~" + accuracy
		}
	}
	if a := r.Attacked; a != nil {
		attacked = fmt.Sprintf("%.1f %% at %s %.3g", 100*a.Accuracy, a.Norm, a.Eps)
	}
	if r.Seconds > 0 {
		took = time.Duration(r.Seconds * float64(time.Second)).Round(time.Second).String()
	}
	if !r.Changed.IsZero() {
		changed = r.Changed.Format("2006-01-02 15:04")
	}
	data := r.Set
	if slices.Contains(ownSets, r.Set) && r.Data != "" {
		data += " " + filepath.Base(r.Data)
	}
	steps := fmt.Sprint(r.Step)
	if !r.Finished {
		steps += " so far"
	}
	return []string{r.Path, data, r.Kind + " " + r.Encoder, steps, accuracy, attacked, took, memory.Format(uint64(r.Bytes)), changed}
}
