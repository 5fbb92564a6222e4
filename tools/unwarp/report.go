package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/progress"
)

type reportOptions struct {
	out        string
	text, json bool
}

func newReport() *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:        "report RUN...",
		SuggestFor: []string{"html", "page", "plot"},
		Short:      "Make a page of attack results, for one run or several side by side",
		Long: `Report reads the evaluation that unwarp attack left in each RUN and writes
  report.html  one file that needs no other and no network: the verdict, the
               checks, curves and tables with 95 % intervals, losses,
               pictures, cost, and all that is needed to repeat it
  report.json  the same results
into RUN, or where there are several, into the current folder.

Pictures of data sets of faces are left out.`,
		Example: `  unwarp report runs/glyphs-disentangled-seed1
  unwarp report runs/mnist-base-seed1 runs/mnist-base-seed2 --out reports
  unwarp report RUN --text
  unwarp report RUN --json | jq .runs[0].worst`,
		Args: someRuns,
		RunE: func(c *cobra.Command, args []string) error {
			return runReport(o, args, c.OutOrStdout())
		},
		ValidArgsFunction: completeRuns,
	}
	c.Flags().StringVar(&o.out, "out", "", "write into `DIR`")
	c.Flags().BoolVar(&o.text, "text", false, "print the report for a terminal instead")
	c.Flags().BoolVar(&o.json, "json", false, "print report.json instead")
	return c
}

// someRuns is the argument check of commands that take run folders.
func someRuns(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s: want at least one run folder, as unwarp train names it, got none", c.Name())
	}
	return nil
}

func runReport(o reportOptions, runs []string, out io.Writer) error {
	if o.text && o.json || o.out != "" && (o.text || o.json) {
		return usage(errors.New("--out, --text and --json exclude each other: a report is written or printed"))
	}
	r := report.New(version(), time.Now())
	for _, dir := range runs {
		if err := addRun(r, dir); err != nil {
			return usage(err)
		}
	}
	if o.text {
		r.Print(out, columns(out))
		return nil
	}
	raw, err := r.JSON()
	if err != nil {
		return err
	}
	if o.json {
		_, err := out.Write(raw)
		return err
	}
	dir := o.out
	switch {
	case dir != "":
	case len(runs) == 1:
		dir = filepath.Clean(runs[0])
	default:
		dir = "."
	}
	return writeReport(r, raw, dir, out)
}

// addRun adds all evaluations of a run: that of a norm, those of other threats,
// and corruptions.
func addRun(r *report.Report, dir string) error {
	folders := report.ThreatFolders(dir)
	corruptions := report.CorruptionFolder(dir)
	if report.HasEvaluation(dir) || len(folders) == 0 && !report.HasCorruptions(corruptions) {
		folders = append([]string{dir}, folders...)
	}
	for _, folder := range folders {
		rec, images, err := report.Load(folder)
		if err != nil {
			return err
		}
		r.Add(filepath.Clean(dir), rec, images)
	}
	if !report.HasCorruptions(corruptions) {
		return nil
	}
	rec, err := report.LoadCorruptions(corruptions)
	if err == nil {
		r.AddCorruptions(rec)
	}
	return err
}

func writeReport(r *report.Report, figures []byte, dir string, out io.Writer) error {
	page, err := r.HTML()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return notWritten("--out", dir, err)
	}
	for _, file := range []struct {
		name string
		raw  []byte
	}{{"report.json", figures}, {"report.html", page}} {
		path := filepath.Join(dir, file.name)
		if err := writeFile("--out", path, file.raw); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%s (open it in a browser), %s\n", filepath.Join(dir, "report.html"), filepath.Join(dir, "report.json"))
	return nil
}

// columns is the width of the terminal behind out, 0 where there is none.
func columns(out io.Writer) int {
	if w, ok := out.(*watched); ok {
		out = w.w
	}
	return progress.Columns(out)
}
