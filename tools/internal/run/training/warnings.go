package training

import (
	"context"
	"fmt"
	"strconv"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// Below these a training is remarked on.
const (
	fewSteps  = 500
	fewImages = 10 // of a class
)

// farAbove is how much larger the accuracy on training images is than that on others where
// it is remarked on, beside what chance explains.
const farAbove = .1

// comparedImages is how many images of each part that comparison takes.
const comparedImages = 1000

// warnBefore lists what makes it unlikely that the training of x learns much.
func warnBefore(x *experiment.Experiment) (warnings []string) {
	c, train := x.Config.Train, x.Data.Train
	if steps := c.Steps(train.Len()); steps < fewSteps {
		warnings = append(warnings, fmt.Sprintf("warning: %d steps in all, %s in batches of %d of %d images: fewer than %d seldom teach much: raise --epochs (train.duration) or lower --batch (train.batch)",
			steps, c.Duration, c.Batch, train.Len(), fewSteps))
	}
	if few := smallClasses(train); len(few) > 0 {
		warnings = append(warnings, fmt.Sprintf("warning: classes with fewer than %d images to train on: %s: add images, or let them count more with train.objective.class_weights=balanced", fewImages, experiment.ListFew(few, ", ")))
	}
	return warnings
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
	return []string{fmt.Sprintf("warning: it classifies %.1f %% of its training images and %.1f %% of %s: it has learnt them by heart: more images, train.augment, train.objective.smoothing, train.optimizer.weight_decay or a smaller model.encoder may help",
		100*train.Share, 100*other.Share, what)}
}
