package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"unwarp/tools/internal/study/paper"
)

// figureNames are the figures that reproduce draws.
var figureNames = []string{"figure3", "figure4"}

// figureArms are the trainings that a figure shows, of seed 1.
var figureArms = map[string][]string{
	"figure3": {"mnist-disentangled", "facescrub-disentangled"},
	"figure4": {"mnist-base", "mnist-disentangled"},
}

// draw makes the figures with the commands that anyone would use, and says
// which.
func (r *reproduction) draw(ctx context.Context, out io.Writer) error {
	for _, f := range r.figures {
		for _, name := range r.shown[f] {
			arm, _ := paper.FindArm(name)
			run := filepath.Join(r.runs, arm.Folder(1))
			args := []string{"swap", run, "--count", "1000"}
			if f == "figure4" {
				args = []string{"embed", run, "--method", "both", "--attack", "fgsm(eps=.3)"}
			}
			if r.data != "" {
				path, err := arm.DataPath(r.data)
				if err != nil {
					return err
				}
				args = append(args, "--set", "data.path="+path)
			}
			fmt.Fprintf(out, "%s: unwarp %s\n", f, strings.Join(args, " "))
			c := newRoot(out, r.log, columns(out))
			c.SetArgs(args)
			if err := c.ExecuteContext(ctx); err != nil {
				return goesOn(err, f)
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}
