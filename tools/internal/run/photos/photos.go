// Package photos fits the preset photos to a person's images: how many there are, and how
// large. It may import pipelines, trainer and the configuration.
package photos

import (
	"fmt"
	"math"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// Preset is the name of the preset.
const Preset = "photos"

// Fitted is the preset for a set of images.
type Fitted struct {
	Config config.Config
	Train  int // images to train on, about: files that cannot be read are not known yet
}

// Fit fits base, the preset, to the images that d names.
func Fit(base config.Config, d pipelines.Data) (Fitted, error) {
	n, err := pipelines.CountFiles(d)
	if err != nil {
		return Fitted{}, err
	}
	c := base
	c.Data.Set, c.Data.Path = d.Set, d.Path
	c.Data.Size = fitSize(n.Side, base.Data.Size)
	if n.Validation == 0 {
		c.Data.Validation = fitValidation(n.Train)
	}
	train := n.Train - c.Data.Validation
	c.Train.Batch = fitBatch(train)
	c.Train.Duration = trainer.Epochs(float64(fitEpochs(train / c.Train.Batch)))
	c.Train.Schedule.Rate = fitRate(c.Train.Batch)
	c.Train.Augment, err = pipelines.ParseAugment(augmentation(c.Data.Size))
	return Fitted{c, train}, err
}

// fitSize is the usual side, or for smaller images about theirs: enlarging adds time alone.
func fitSize(side, usual int) int {
	const least, step = 32, 16
	if side == 0 || side >= usual {
		return usual
	}
	return max(least, side/step*step)
}

// fitValidation holds out an eighth of n images, none of a set that can spare none.
func fitValidation(n int) int {
	const least, most = 100, 2000
	if n < least {
		return 0
	}
	return min(n/8, most)
}

// fitBatch is a power of 2 that makes about a dozen batches of n images, from 4 to 64.
func fitBatch(n int) int {
	batch := 4
	for batch < 64 && 2*batch*12 <= n {
		batch *= 2
	}
	return max(1, min(batch, n))
}

// fitEpochs makes about 1,200 steps, from 15 to 100 epochs.
func fitEpochs(batches int) int {
	const steps, least, most = 1200, 15, 100
	return min(max(least, (steps+batches-1)/max(1, batches)), most)
}

// fitRate grows with the root of the batch, from 1e-3 at 32: with it the noise of Adam's steps
// stays what it is (Malladi et al. 2022).
func fitRate(batch int) float64 {
	return math.Round(1e5*1e-3*math.Sqrt(float64(batch)/32)) / 1e5
}

// augmentation moves images of a side by up to a twelfth of it.
func augmentation(side int) string {
	k := max(1, side/12)
	return fmt.Sprintf("flip|stretch(-%d..%d)|shift(%d)|brightness(.2)|contrast(.8,1.25)|erase(.25)", k, k, k)
}

// Describe says in a line what c, a configuration made from f, trains.
func (f Fitted) Describe(c config.Config) string {
	return fmt.Sprintf("photo settings: %d px, about %d images to train on in batches of %d for %s, %d to validate, rate %g; --preset none takes the plain defaults",
		c.Data.Size, f.Train, c.Train.Batch, c.Train.Duration, c.Data.Validation, c.Train.Schedule.Rate)
}
