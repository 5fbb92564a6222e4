package trainer

import (
	"fmt"
	"math"
)

// Schedule is the learning rate as a function of the step.
type Schedule struct {
	// Name is how the learning rate changes: constant, cosine (half a cosine
	// from rate to floor at the end of the run; Loshchilov and Hutter 2017) or
	// steps (times factor at each point of at).
	Name string `mapstructure:"name" yaml:"name"`
	// Rate is the largest learning rate.
	Rate float64 `mapstructure:"rate" yaml:"rate" in:"(0,1e30]"`
	// Warmup is the duration, of n steps, in which the learning rate rises
	// linearly from rate/n to rate.
	Warmup Duration `mapstructure:"warmup" yaml:"warmup"`
	// Floor is the learning rate at the end of cosine.
	Floor float64 `mapstructure:"floor" yaml:"floor" in:"[0,1e30]"`
	// At is the list of points of the run at which steps changes the learning
	// rate, such as 50%.
	At []Duration `mapstructure:"at" yaml:"at"`
	// Factor is what steps multiplies the learning rate with at each point.
	Factor float64 `mapstructure:"factor" yaml:"factor" in:"[0,1]"`
}

func (c Schedule) check() error {
	switch c.Name {
	case "constant", "cosine", "steps":
	default:
		return fmt.Errorf("train.schedule.name: want constant, cosine or steps, got %q", c.Name)
	}
	switch {
	case c.Floor > c.Rate:
		return fmt.Errorf("train.schedule.floor: want a rate between 0 and %g, got %g", c.Rate, c.Floor)
	case c.Name == "steps" && (len(c.At) == 0 || c.Factor == 0):
		return fmt.Errorf("train.schedule.at, factor: want durations and a factor in (0,1] for steps, got %v and %g", c.At, c.Factor)
	}
	return nil
}

// Rates returns the learning rate of each step, counted from 0, of a run of total
// steps in batches of batch images, perEpoch of them in an epoch.
func (c Schedule) Rates(batch, perEpoch, total int) func(step int) float32 {
	warmup := c.Warmup.Steps(batch, perEpoch, total)
	at := make([]int, len(c.At))
	for i, s := range c.At {
		at[i] = s.Steps(batch, perEpoch, total)
	}
	return func(step int) float32 {
		if step < warmup {
			return float32(c.Rate * float64(step+1) / float64(warmup))
		}
		rate := c.Rate
		switch c.Name {
		case "cosine":
			done := float64(step-warmup) / float64(max(1, total-warmup))
			rate = c.Floor + (c.Rate-c.Floor)*(1+math.Cos(math.Pi*min(done, 1)))/2
		case "steps":
			for _, s := range at {
				if step >= s {
					rate *= c.Factor
				}
			}
		}
		return float32(rate)
	}
}
