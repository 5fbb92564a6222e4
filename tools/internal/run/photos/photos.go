// Package photos fits the preset photos to a person's images: how many there are, and how
// large. It may import pipelines, trainer and the configuration.
package photos

import (
	"cmp"
	"fmt"
	"math"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// Preset is the name of the preset.
const Preset = "photos"

// leastSize is the smallest side of images that is fitted, and the default of data.size.
const leastSize = 32

// Fitted is the preset for a set of images.
type Fitted struct {
	Config config.Config
	Train  int // images to train on, about: files that cannot be read are not known yet
}

// Fit fits base, the preset, to the images that c names: c is base with what a person gives,
// of which given tells the keys. What follows from a given value is fitted to that.
func Fit(base, c config.Config, given func(key string) bool) (Fitted, error) {
	usualSize := base.Data.Size
	n, err := pipelines.CountFiles(c.Data)
	if err != nil {
		return Fitted{}, err
	}
	base.Data.Set, base.Data.Path = c.Data.Set, c.Data.Path
	if base.Data.Size = cmp.Or(c.Data.Size, leastSize); !given("data.size") {
		base.Data.Size = fitSize(n.Side, usualSize)
	}
	if base.Data.Validation = c.Data.Validation; !given("data.validation") && n.Validation == 0 {
		base.Data.Validation = fitValidation(n.Train)
	}
	asked := 0
	if given("data.train") {
		asked = c.Data.Train
	}
	train := countTrained(n, asked, base.Data.Validation)
	if base.Train.Batch = c.Train.Batch; !given("train.batch") {
		base.Train.Batch = fitBatch(train)
	}
	base.Train.Duration = trainer.Epochs(float64(fitEpochs(train / base.Train.Batch)))
	base.Train.Schedule.Rate = fitRate(base.Train.Batch)
	base.Train.Augment, err = pipelines.ParseAugment(augmentation(base.Data.Size))
	return Fitted{base, train}, err
}

// countTrained is how many of n images are trained on: as many as are asked for, or all that
// are not held out.
func countTrained(n pipelines.FileCounts, asked, held int) int {
	switch {
	case asked > 0:
		return asked
	case n.Validation > 0:
		return n.Train
	}
	return max(1, n.Train-held)
}

// fitSize is the usual side, or for smaller images theirs, to the nearest step: enlarging adds
// time alone, and shrinking loses what tells classes apart.
func fitSize(side, usual int) int {
	const step = 16
	if side == 0 || side >= usual {
		return usual
	}
	return min(usual, max(leastSize, (side+step/2)/step*step))
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

// fitRate grows with the root of the batch up to 4e-3 at 16: with it the noise of Adam's steps
// stays what it is (Malladi et al. 2022). Of larger batches no more was tried.
func fitRate(batch int) float64 {
	const most, of = 4e-3, 16
	return min(most, math.Round(1e5*most*math.Sqrt(float64(batch)/of))/1e5)
}

// augmentation moves images of a side by up to a twelfth of it.
func augmentation(side int) string {
	k := max(1, side/12)
	return fmt.Sprintf("flip|stretch(-%d..%d)|shift(%d)|brightness(.2)|contrast(.8,1.25)|erase(.25)", k, k, k)
}

// Describe says in a line what c, a configuration made from f, trains.
func (f Fitted) Describe(c config.Config) string {
	return fmt.Sprintf("photo settings: %d px, about %s to train on in batches of %d for %s, %d to validate, rate %g; --preset none takes the plain defaults",
		c.Data.Size, printable.Count(f.Train, "image"), c.Train.Batch, c.Train.Duration, c.Data.Validation, c.Train.Schedule.Rate)
}
