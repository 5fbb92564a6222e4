package training

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// Below these a training is remarked on.
const (
	fewSteps  = 500
	fewImages = 10 // of a class
)

// farAbove is how much larger the accuracy on training images is than that on others where
// it is remarked on, beside what chance explains.
const farAbove = .1

// byHeart is the accuracy on training images above which they count as learnt by heart.
const byHeart = .9

// comparedImages is how many images of each part that comparison takes.
const comparedImages = 1000

// remarkBefore writes what there is to remark on before a training, and returns the
// warnings of it.
func remarkBefore(x *experiment.Experiment, remarks []string, log io.Writer) (warnings []string) {
	warnings = warnBefore(x)
	for _, remark := range slices.Concat(remarks, x.Remarks, x.Data.Remarks, idle(x.Config), warnings) {
		fmt.Fprintln(log, remark)
	}
	return warnings
}

// warnBefore lists what makes it unlikely that the training of x learns much.
func warnBefore(x *experiment.Experiment) (warnings []string) {
	c, train := x.Config.Train, x.Data.Train
	if steps := c.Steps(train.Len()); steps < fewSteps {
		warnings = append(warnings, fmt.Sprintf("warning: %s in all, %s in batches of %d of %s: fewer than %d seldom teach much: raise --epochs (train.duration) or lower --batch (train.batch)",
			printable.Count(steps, "step"), c.Duration, c.Batch, printable.Count(train.Len(), "image"), fewSteps))
	}
	if every := c.Objective.Every; every > 1 && c.ReconstructedEvery() == 1 && x.Config.Model.Kind != "base" {
		warnings = append(warnings, fmt.Sprintf("warning: train.objective.every=%d has no effect beside train.objective.swap, an adversary or certified training: every image is reconstructed", every))
	}
	if last, full := c.CertifiedEps(train.Len()); last < full {
		warnings = append(warnings, fmt.Sprintf("warning: train.certified: eps rises to %.3g of %.3g: the training ends before its warmup and ramp do: raise --epochs (train.duration), or lower warmup and ramp", last, full))
	}
	if few := smallClasses(train); len(few) > 0 {
		warnings = append(warnings, fmt.Sprintf("warning: classes with fewer than %d images to train on: %s: %s", fewImages, experiment.ListFew(few, ", "), adviseSmallClasses(c)))
	}
	return warnings
}

// adviseSmallClasses says what helps small classes beyond what c does for them.
func adviseSmallClasses(c trainer.Config) string {
	if c.Sampling != "" || c.Objective.ClassWeights != "" { // both are refused
		return "add images"
	}
	return "add images, or let them count more with train.sampling=balanced or train.objective.class_weights=balanced"
}

// smallClasses names the classes of src with few images, each with their number.
func smallClasses(src pipelines.Source) (few []string) {
	counts, names := pipelines.CountClasses(src), pipelines.ClassNames(src)
	for k, n := range counts {
		if n >= fewImages {
			continue
		}
		name := strconv.Itoa(k)
		if names != nil {
			name = names[k]
		}
		few = append(few, fmt.Sprintf("%.40q (%d)", name, n))
	}
	return few
}

// warnOverfitted compares the accuracy on training images, as they are, with that on others:
// the validation images, or where there are none those of the test.
func warnOverfitted(ctx context.Context, x *experiment.Experiment) ([]string, error) {
	others, what := x.Data.Validation, "those held out for validation"
	if others == nil {
		others, what = x.Data.Test, "the test images"
	}
	var rates [2]report.Rate
	for i, src := range []pipelines.Source{x.Data.Train, others} {
		src, err := pipelines.First(src, min(comparedImages, src.Len()))
		if err != nil {
			return nil, err
		}
		e, err := x.Graph.Evaluate(ctx, x.Net, src)
		if err != nil {
			return nil, err
		}
		rates[i] = report.NewRate(int(e.Accuracy*float64(e.Images)+.5), e.Images)
	}
	return describeOverfitted(rates[0], rates[1], what), nil
}

func describeOverfitted(train, other report.Rate, what string) []string {
	if train.Share-other.Share < farAbove || train.Low <= other.High {
		return nil
	}
	why := "it generalises badly"
	if train.Share > byHeart {
		why = "it has learnt them by heart"
	}
	return []string{fmt.Sprintf("warning: it classifies %.1f %% of its training images and %.1f %% of %s: %s: more images, train.augment, train.objective.smoothing, train.optimizer.weight_decay or a smaller model.encoder may help",
		100*train.Share, 100*other.Share, what, why)}
}
