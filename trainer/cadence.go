package trainer

import (
	"fmt"

	"unwarp/pipelines"
)

// cadence counts the steps of a run, and says what happens at which of them.
type cadence struct {
	replays             int // steps per batch
	perEpoch, steps     int // steps per epoch, steps in all
	log, evaluate, save int // every so many steps; 0 is at the end alone
}

// cadence of training on src, which must have a whole batch.
func (c Config) cadence(src pipelines.Source) (cadence, error) {
	batches := src.Len() / c.Batch
	if batches == 0 {
		return cadence{}, fmt.Errorf("trainer: %s: want at least one batch of %d images, got %d images: lower train.batch", src.Name(), c.Batch, src.Len())
	}
	k := cadence{replays: c.Adversary.settings().replays}
	k.perEpoch = c.stepsPerEpoch(src.Len())
	k.steps = c.Steps(src.Len())
	if w := c.Schedule.Warmup.Steps(c.Batch, k.perEpoch, k.steps); w > k.steps {
		return cadence{}, fmt.Errorf("train.schedule.warmup: want at most the %d steps of the training, got %d: its rate would never be reached: lower it, or raise train.duration", k.steps, w)
	}
	every := func(d Duration) int { return d.Steps(c.Batch, k.perEpoch, k.steps) }
	k.log, k.evaluate, k.save = every(c.Log), every(c.Evaluate), every(c.Checkpoint)
	return k, nil
}

// CheckData refuses data that c cannot train on: fewer images than a batch, a warm-up
// longer than the training, patience without validation images. validation may be nil.
func (c Config) CheckData(train, validation pipelines.Source) error {
	if _, err := c.cadence(train); err != nil {
		return err
	}
	return c.checkPatience(validation)
}

// Steps is the number of steps of a training on n images; 0 where they make no batch.
func (c Config) Steps(n int) int {
	perEpoch := c.stepsPerEpoch(n)
	if perEpoch == 0 {
		return 0
	}
	return c.Duration.Steps(c.Batch, perEpoch, 0)
}

// stepsPerEpoch is the number of steps of an epoch of n images.
func (c Config) stepsPerEpoch(n int) int { return n / c.Batch * c.Adversary.settings().replays }

func (k cadence) logs(step int) bool      { return due(step, k.log) || step == k.steps }
func (k cadence) evaluates(step int) bool { return due(step, k.evaluate) || step == k.steps }
func (k cadence) saves(step int) bool     { return due(step, k.save) || step == k.steps }

// epoch is the number of the epoch that step belongs to, from 1; 0 before the
// first step. It is the one way in which epochs are counted for people.
func (k cadence) epoch(step int) int { return (step + k.perEpoch - 1) / k.perEpoch }

func due(step, every int) bool { return every > 0 && step%every == 0 }
