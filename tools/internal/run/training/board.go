package training

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strconv"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// board is what TensorBoard shows of the experiment besides scalars.
func board(ctx context.Context, x *experiment.Experiment) (trainer.Board, error) {
	values, err := hyperParameters(x.Config)
	if err != nil {
		return trainer.Board{}, err
	}
	drawn := -1
	return trainer.Board{
		HyperParameters: values,
		Begin: func() ([]trainer.Picture, error) {
			m, err := FirstBatch(ctx, x.Config, x.Data.Train, boardImages)
			return pictures(err, named{"train/first_batch", m})
		},
		Evaluated: func(at trainer.Progress, e trainer.Evaluation) ([]trainer.Picture, error) {
			now := boardEvaluations * at.Step / max(at.Steps, 1)
			if now == drawn {
				return nil, nil
			}
			drawn = now
			rebuilt, err := drawRebuilt(x)
			return pictures(err,
				named{"validation/confusion", report.DrawConfusion("validation", pipelines.ClassNames(x.Data.Validation), e)},
				named{"validation/reconstructions", rebuilt})
		},
	}, nil
}

const (
	boardImages      = 30 // of the first batch
	boardEvaluations = 20 // evaluations of which pictures are drawn
)

// shownKeys are the hyper-parameters that every run shows; others are shown where
// they differ from their defaults.
var shownKeys = []string{
	"data.set", "model.kind", "model.encoder", "seed",
	"train.augment", "train.batch", "train.duration", "train.optimizer.name", "train.schedule.name", "train.schedule.rate",
}

// hiddenKeys determine the training and say nothing of it: how often something is
// written, and how the work is divided.
var hiddenKeys = []string{"train.log", "train.checkpoint", "train.evaluate", "train.replicas"}

// hyperParameters are the keys that determine what is trained, with their values.
func hyperParameters(c config.Config) (map[string]any, error) {
	have, err := c.Leaves()
	if err != nil {
		return nil, err
	}
	usual, err := config.Default().Leaves()
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for key, text := range have {
		if slices.Contains(shownKeys, key) || !config.Free(key) && !slices.Contains(hiddenKeys, key) && text != usual[key] {
			values[key] = typedValue(text)
		}
	}
	return values, nil
}

// typedValue is a text as the number or truth value that it writes.
func typedValue(text string) any {
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return x
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

// named is a picture that may be missing.
type named struct {
	tag   string
	image image.Image
}

// pictures encodes those that are there.
func pictures(err error, all ...named) ([]trainer.Picture, error) {
	var out []trainer.Picture
	for _, p := range all {
		if err != nil {
			return nil, err
		}
		if p.image == nil {
			continue
		}
		var raw []byte
		if raw, err = report.EncodePNG(p.image); err == nil {
			out = append(out, trainer.Picture{Tag: p.tag, PNG: raw})
		}
	}
	return out, err
}

// drawRebuilt draws what the model rebuilds of the first validation images; nil
// without decoders.
func drawRebuilt(x *experiment.Experiment) (image.Image, error) {
	if !x.Graph.Model.Decode {
		return nil, nil
	}
	few, err := firstPixels(x.Data.Validation, x.Graph.Shape)
	if err != nil || few == nil {
		return nil, err
	}
	d, err := x.Graph.Decode(x.Net, few)
	if err != nil {
		return nil, err
	}
	return report.DrawReconstructions(few, d, x.Graph.Shape), nil
}

// firstPixels are the first images of src as the model sees them, as far as no
// augmentation of evaluation changes their shape; nil where one does.
func firstPixels(src pipelines.Source, sh pipelines.Shape) ([]float32, error) {
	if src.Shape() != sh {
		return nil, nil
	}
	var few []float32
	raw := make([]uint8, sh.Len())
	for i := range min(report.PictureColumns, src.Len()) {
		if _, err := src.At(i, raw); err != nil {
			return nil, err
		}
		for _, v := range raw {
			few = append(few, float32(v)/255)
		}
	}
	return few, nil
}

// FirstBatch draws the first n images that a training under c sees of src.
func FirstBatch(ctx context.Context, c config.Config, src pipelines.Source, n int) (image.Image, error) {
	shape, err := c.Train.Augment.OutputShape(src.Shape())
	if err != nil {
		return nil, err
	}
	o := pipelines.Options{Batch: min(n, src.Len()), Seed: c.Seed, Shuffle: true, Balanced: c.Train.Sampling == trainer.BalancedSampling, Augment: c.Train.Augment}
	for b, err := range pipelines.Stream(ctx, src, o) {
		if err != nil {
			return nil, err
		}
		return b.Sheet(shape, report.PictureColumns, report.PixelScale(shape), pipelines.ClassNames(src)), nil
	}
	return nil, fmt.Errorf("first images: %w", ctx.Err())
}
