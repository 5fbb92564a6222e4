package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/evidence"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

// bundleOptions say where the evidence goes.
type bundleOptions struct {
	file             string
	withoutOriginals bool
}

func addBundleFlags(c *cobra.Command, o *bundleOptions) {
	c.Flags().StringVar(&o.file, "bundle", "", "write the evidence into `FILE`.zip, which unwarp verify recomputes")
	c.Flags().BoolVar(&o.withoutOriginals, "without-originals", false, "put hashes of the original images into the bundle instead of the images")
}

// checkFlags refuses flags that do not go together, before the model is opened.
func (o bundleOptions) checkFlags(shard attacks.Shard) error {
	switch {
	case o.file == "" && o.withoutOriginals:
		return usage(errors.New("--without-originals: want it with --bundle FILE.zip"))
	case o.file == "":
		return nil
	case !shard.IsWhole():
		return usage(errors.New("--bundle: want it with unwarp attack merge, and the shards with --save, which keeps all examples"))
	}
	return checkTarget("--bundle", o.file, ".zip")
}

// check refuses, before any work is done, a bundle of jobs that could not be written.
func (o bundleOptions) check(jobs []threatJob) error {
	switch {
	case o.file == "":
		return nil
	case len(jobs) > 1:
		return usage(fmt.Errorf("--bundle: want one threat, got %d: bundle each with a command of its own", len(jobs)))
	}
	a := jobs[0].subject.Config
	if a.Attack.MeasuresCorruptions() {
		return usage(errors.New("--bundle: want a threat with examples, got corruptions, of which there are none"))
	}
	if report.ShowsFaces(a.Data.Set) {
		return usage(fmt.Errorf("--bundle: %s shows people: its images, and examples made of them, are not passed on", a.Data.Set))
	}
	return nil
}

// exporter writes the bundle of an evaluation of set by e; nil without --bundle.
func (o bundleOptions) exporter(s *experiment.Subject, e *evaluation.Evaluator, set attacks.Images, log io.Writer) func(r *report.Record) error {
	if o.file == "" {
		return nil
	}
	return func(r *report.Record) error {
		raw, err := evidence.Encode(evidence.Content{
			Model: s.Source.Path(), Checkpoint: s.Source.Checkpoint(), Identity: e.Identity(set), Record: *r, Images: set, Shape: s.Model.Shape(), WithoutOriginals: o.withoutOriginals,
		})
		if err != nil {
			return fmt.Errorf("--bundle: %w", err)
		}
		if err := writeFile("--bundle", o.file, raw); err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		r.Bundle = &report.BundleFile{Name: filepath.Base(o.file), SHA256: hex.EncodeToString(sum[:])}
		fmt.Fprintf(log, "evidence in %s: %s recomputes it; publish its SHA-256 with it, %s\n", o.file, shell.Unwarp("verify", shell.Operand(o.file)), r.Bundle.SHA256)
		return nil
	}
}
