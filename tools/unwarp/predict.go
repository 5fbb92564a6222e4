package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/trainer/classify"
)

type predictOptions struct {
	top       int
	json, csv bool
}

func newPredict() *cobra.Command {
	var o predictOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "predict MODEL IMAGE...",
		Short: "Classify image files",
		Long: `Predict classifies image files and prints the likeliest classes of each with
their probabilities. Files are prepared as in training: turned as their EXIF tag
says, cut to the square in the middle, resized. The data set of the training is
not needed.

MODEL is a run folder or an export of unwarp. IMAGE is a file, a folder, of
which all images are taken, those in folders below it too, or - for a list of
files on standard input, one a line.

MODEL may also be a SavedModel or an .onnx file that another program wrote.
--input-range, or --mean and --std, then say how it takes pixels where its first
layers do not tell, and --classes names its outputs.

Files that cannot be read are named, the others classified; the exit code is
then 1.`,
		Example: `  unwarp predict runs/photos photo.jpg
  unwarp predict runs/photos/export holiday/ --top 1
  find . -name '*.jpg' | unwarp predict RUN - --csv > classes.csv
  unwarp predict RUN photo.jpg --json | jq -r '.images[0].classes[0].name'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("predict: want a model and image files, such as: unwarp predict RUN photo.jpg")
			}
			return nil
		},
		SuggestFor: []string{"classify", "infer", "inference", "label"},
		RunE: func(c *cobra.Command, args []string) error {
			return runPredict(c.Context(), o, f, args[0], args[1:], c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c, [3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"}, [3]string{"threads", "threads", "`N` threads within one op, 0 for all cores"})
	f.addInputFlags(c)
	for _, flag := range []string{"other-data", "allow-trained"} {
		_ = c.Flags().MarkHidden(flag) // there are no data of the training here
	}
	c.Flags().IntVar(&o.top, "top", 3, "print the `N` likeliest classes of each image")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().BoolVar(&o.csv, "csv", false, "print comma-separated values (RFC 4180)")
	return c
}

func runPredict(ctx context.Context, o predictOptions, f *runFlags, model string, args []string, in io.Reader, out, log io.Writer) error {
	if o.top < 1 {
		return usage(fmt.Errorf("--top: want at least 1 class, got %d", o.top))
	}
	if o.json && o.csv {
		return usage(errors.New("--json and --csv exclude each other: want one of them"))
	}
	images, err := namedImages(args, in)
	if err != nil {
		return err
	}
	src, c, err := f.model(model, log)
	if err != nil {
		return err
	}
	x, _, err := experiment.OpenModel(ctx, src, c)
	if err != nil {
		return err
	}
	defer x.Close()
	for _, remark := range x.Remarks {
		fmt.Fprintln(log, remark)
	}
	classifier, err := classify.New(x.Graph, x.Net, x.Known.ClassNames, x.SeenShape())
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	found, err := classifier.ClassifyFiles(ctx, images, o.top, progress.Counting(log, "classifying", "images"))
	if err != nil {
		return err
	}
	p := predictions{Model: model, Checkpoint: f.checkpoint, Images: found}
	switch {
	case o.json:
		err = writeJSON(out, p)
	case o.csv:
		err = p.writeCSV(out, min(o.top, x.Graph.Model.Classes))
	default:
		p.print(out, columns(out))
	}
	if err != nil {
		return err
	}
	p.remark(log)
	return p.unread(log)
}

// namedImages are the files that the arguments name.
func namedImages(args []string, in io.Reader) ([]string, error) {
	var paths []string
	for _, a := range args {
		if a != "-" {
			paths = append(paths, a)
			continue
		}
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			if line := strings.TrimSuffix(lines.Text(), "\r"); line != "" {
				paths = append(paths, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("standard input: want a list of files, one a line: %w", err)
		}
	}
	if len(paths) == 0 {
		return nil, usage(errors.New("predict: want image files, got an empty list"))
	}
	return pipelines.ListImages(paths)
}
