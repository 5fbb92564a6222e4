package trainer

import (
	"iter"
	"time"

	"unwarp/pipelines"
)

// clock measures the time spent training in one session, evaluation and saving
// left out. The zero value is a clock that has not started.
type clock struct {
	started time.Time     // of the current period of training; zero while paused
	trained time.Duration // in the periods before
	waited  time.Duration // for data, in all periods

	lastStep              int // at the last reading of throughput
	lastTaken, lastWaited time.Duration
}

// taken is the time spent training so far.
func (c *clock) taken() time.Duration {
	if c.started.IsZero() {
		return c.trained
	}
	return c.trained + time.Since(c.started)
}

func (c *clock) pause() {
	c.trained = c.taken()
	c.started = time.Time{}
}

func (c *clock) resume() { c.started = time.Now() }

// throughput is the number of steps per second since the last reading, and the
// share of that time in which the loop waited for data.
func (c *clock) throughput(step int) (stepsPerSecond, waiting float64) {
	taken := c.taken()
	if d := (taken - c.lastTaken).Seconds(); d > 0 {
		stepsPerSecond = float64(step-c.lastStep) / d
		waiting = (c.waited - c.lastWaited).Seconds() / d
	}
	c.lastStep, c.lastTaken, c.lastWaited = step, taken, c.waited
	return stepsPerSecond, waiting
}

// timed is data, with the time that its consumer waits for each batch added to
// c.waited: the first batch, for which the pipeline has to start, included.
func (c *clock) timed(data iter.Seq2[pipelines.Batch, error]) iter.Seq2[pipelines.Batch, error] {
	return func(yield func(pipelines.Batch, error) bool) {
		asked := time.Now()
		for b, err := range data {
			c.waited += time.Since(asked)
			if !yield(b, err) {
				return
			}
			asked = time.Now()
		}
	}
}
