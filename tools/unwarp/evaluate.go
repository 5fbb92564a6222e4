package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/trainer"
)

type evaluateOptions struct {
	part   string
	smooth string
	json   bool
}

func newEvaluate() *cobra.Command {
	var o evaluateOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "evaluate RUN",
		Short: "Measure the accuracy of a trained classifier, class by class",
		Long: `Evaluate classifies every image of one part of the data set, prepared as for
evaluation (nothing random), and prints the accuracy with its 95 % interval
(Wilson), the mean cross-entropy, the mean reconstruction error, the accuracy
of each class and which classes are confused. With train.verified, which
certified training sets, it also counts the images for which it is proven that
no change up to eps alters their class. Where a set is split by views
(data.view), part test has the views that were not trained on and part familiar
the others, both of objects that were not.

--smooth asks the smoothed classifier about the first --images test images: the
class that the model gives most often under noise, or nothing where a two-sided
test between the first two does not tell them apart.

RUN is a run folder or an export of unwarp. Configuration flags change the run's
own configuration: --set data.path=DIR where the images have moved, for example.
Images other than those of the training's set are refused without --other-data.
` + foreignHelp,
		Example: `  unwarp evaluate runs/glyphs-disentangled-seed1
  unwarp evaluate RUN --checkpoint best --part validation
  unwarp evaluate RUN --part familiar
  unwarp evaluate RUN --set 'train.verified=crown-ibp(eps=.1)'
  unwarp evaluate RUN --json | jq .accuracy
  unwarp evaluate RUN --smooth "smooth(sigma=.25,n=1000)" --images 500
  unwarp evaluate RUN --set data.path=/data/mnist`,
		Args:       oneRun,
		SuggestFor: []string{"eval", "test", "validate"},
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.checkSmooth(c.Flags().Changed("images")); err != nil {
				return err
			}
			if o.smooth != "" {
				return runSmoothed(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
			}
			return runEvaluate(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"images", "attack.images", "with --smooth, ask about the first `N` test images, 0 for all"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	f.addModelFlags(c)
	c.Flags().StringVar(&o.smooth, "smooth", "", "evaluate the classifier smoothed by `METHOD`, such as smooth(sigma=.25,n=1000)")
	c.Flags().StringVar(&o.part, "part", "test", "`PART` of the set: train, validation, test or familiar")
	c.Flags().BoolVar(&o.json, "json", false, "print the counts as JSON")
	return c
}

// partNames are the parts of a set.
var partNames = []string{"train", "validation", "test", "familiar"}

// choosePart is the named part of a set.
func choosePart(name string, s pipelines.Splits) (pipelines.Source, error) {
	switch name {
	case "train":
		return s.Train, nil
	case "test":
		return s.Test, nil
	}
	if name == "familiar" {
		if s.Familiar == nil {
			return nil, usage(errors.New("--part familiar: the set is not split by views: data.view is for smallnorb, azimuth or elevation"))
		}
		return s.Familiar, nil
	}
	if s.Validation == nil {
		return nil, usage(errors.New("--part validation: no images are held out: data.validation is 0"))
	}
	return s.Validation, nil
}

func checkPart(name string) error {
	for _, p := range partNames {
		if p == name {
			return nil
		}
	}
	return usage(fmt.Errorf("--part: want one of %s, got %q", strings.Join(partNames, ", "), name))
}

func runEvaluate(ctx context.Context, o evaluateOptions, f *runFlags, dir string, out, log io.Writer) error {
	if err := checkPart(o.part); err != nil {
		return err
	}
	x, st, err := f.open(ctx, dir, log)
	if err != nil {
		return err
	}
	defer x.Close()
	src, err := takePart(ctx, &x.Subject, o.part)
	if err != nil {
		return err
	}
	counted, done := progress.Reading(log, "evaluating", src)
	e, err := x.Graph.Evaluate(ctx, x.Net, counted)
	done()
	if err != nil {
		return err
	}
	if e.Verified, err = verifyPart(ctx, x, src, log); err != nil {
		return err
	}
	other, err := printTitle(ctx, &x.Subject, o.part, src.Len(), o.json, out, log)
	if err != nil {
		return err
	}
	if x.Config.Model.DrawsAtRandom() {
		fmt.Fprintf(log, "model.transform=%s draws at random: each evaluation has other figures\n", x.Config.Model.Transform)
	}
	r := report.Evaluated{Run: dir, Checkpoint: f.checkpoint, Step: st.Step, Set: x.Config.Data.Set, Part: o.part, OtherData: other, ClassNames: pipelines.ClassNames(src), Evaluation: e, NoScores: x.GivesClassAlone()}
	r.AddIntervals()
	if o.json {
		return writeJSON(out, r)
	}
	r.Print(out, columns(out))
	return nil
}

// verifyPart counts what is proven of src, where train.verified asks for it.
func verifyPart(ctx context.Context, x *experiment.Experiment, src pipelines.Source, log io.Writer) (*trainer.Verified, error) {
	if !x.Graph.Verifies() {
		return nil, nil
	}
	counted, done := progress.Reading(log, "verifying", src)
	defer done()
	return x.Graph.EvaluateVerified(ctx, x.Net, counted)
}
