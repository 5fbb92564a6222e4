package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"unwarp/graphs"
)

// RateRange says which learning rates a range test tries: from From to To, evenly on a
// logarithmic scale, one a step.
type RateRange struct {
	From, To float64
	Steps    int // at least 20
}

// DefaultRateRange spans what models of any kind are trained with.
func DefaultRateRange() RateRange { return RateRange{From: 1e-5, To: 1, Steps: 150} }

// RatePoint is one step of a range test.
type RatePoint struct {
	Rate     float64 `json:"rate"`
	Loss     float64 `json:"loss"`     // the whole training loss before the step
	Smoothed float64 `json:"smoothed"` // its moving average over about ten steps
}

// RateTest is the result of a range test.
type RateTest struct {
	Points []RatePoint `json:"points"`
	// Suggestion is the rate at which the smoothed loss falls most steeply. Where it hardly
	// falls in so few steps, as with few images, it is a tenth of Onset; 0 where there is
	// neither.
	Suggestion float64 `json:"suggestion"`
	Falls      bool    `json:"falls"`  // Suggestion is where the loss falls
	Lowest     float64 `json:"lowest"` // the rate at which the smoothed loss is lowest
	Onset      float64 `json:"onset"`  // the rate at which it first grows, to above its lowest so far; 0 for none
	// Grew is whether the loss grew to several times its lowest, where the test ends.
	Grew bool `json:"grew"`
}

const (
	rateSmoothing = .9 // decay of the moving average
	rateGrowth    = 4. // times the lowest loss, at which the test ends
	leastRates    = 20 // steps before that
	clearFall     = .9 // of the loss at first, that its lowest is at most
	onsetGrowth   = 1.2
)

// FindRate trains with a rate that grows at every step and watches the loss: the learning-rate
// range test of Smith 2017 ("Cyclical learning rates for training neural networks", section
// 3.3). It leaves the weights of net changed, and writes nothing. observe is called after each
// step. Other schedules are as at the beginning of the training.
func (g *TrainGraph) FindRate(ctx context.Context, net *graphs.Net, in Inputs, o RateRange, observe func(done, total int)) (RateTest, error) {
	if !(o.From > 0 && o.To > o.From) || o.Steps < leastRates {
		return RateTest{}, fmt.Errorf("trainer: want rates that grow from above 0 in at least %d steps, got %g to %g in %d", leastRates, o.From, o.To, o.Steps)
	}
	r, err := g.newRun(net, in, nil)
	if err != nil {
		return RateTest{}, err
	}
	if r.steps, err = r.newStepMaker(ctx); err != nil {
		return RateTest{}, err
	}
	defer r.close()
	c := rateCurve{lowest: math.Inf(1)}
	err = r.tryRates(ctx, o, &c, observe)
	return c.result(), err
}

// tryRates makes the steps of a range test, until the loss grows.
func (r *run) tryRates(ctx context.Context, o RateRange, c *rateCurve, observe func(done, total int)) error {
	for batch, err := range r.stream(ctx) {
		if err != nil {
			return interrupted(ctx, err)
		}
		b, err := r.taught(batch)
		if err != nil {
			return err
		}
		k := len(c.test.Points)
		at := r.params(k)
		at.rate = float32(o.From * math.Pow(o.To/o.From, float64(k)/float64(o.Steps-1)))
		losses, err := r.steps.step(ctx, b, k, at)
		if err != nil {
			return interrupted(ctx, err)
		}
		ended := c.add(float64(at.rate), float64(losses.Total))
		observe(k+1, o.Steps)
		if ended || k+1 == o.Steps {
			return nil
		}
	}
	return nil
}

// interrupted is err, or [ErrInterrupted] where ctx ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ErrInterrupted
	}
	return err
}

// rateCurve gathers a range test.
type rateCurve struct {
	test            RateTest
	average, weight float64
	lowest          float64 // smoothed
}

// add adds a step, and reports whether the loss has grown so much that the test ends.
func (c *rateCurve) add(rate, loss float64) (ended bool) {
	if !finite(loss) {
		c.test.Grew = true
		return true
	}
	c.average = rateSmoothing*c.average + (1-rateSmoothing)*loss
	c.weight = rateSmoothing*c.weight + (1 - rateSmoothing)
	p := RatePoint{Rate: rate, Loss: loss, Smoothed: c.average / c.weight}
	c.test.Points = append(c.test.Points, p)
	if p.Smoothed < c.lowest {
		c.lowest, c.test.Lowest = p.Smoothed, rate
	}
	if n := len(c.test.Points); n >= leastRates && c.test.Onset == 0 && p.Smoothed > onsetGrowth*c.lowest {
		c.test.Onset = rate
	}
	c.test.Grew = len(c.test.Points) >= leastRates && p.Smoothed > rateGrowth*c.lowest
	return c.test.Grew
}

// result adds the suggestion.
func (c *rateCurve) result() RateTest {
	t := c.test
	if len(t.Points) == 0 {
		return t
	}
	first := t.Points[min(leastRates, len(t.Points))-1].Smoothed // of steps too small to matter
	if t.Falls = c.lowest <= clearFall*first; t.Falls {
		t.Suggestion = t.steepest()
	} else {
		t.Suggestion = t.Onset / 10
	}
	return t
}

// steepest is the rate of the steepest fall before the lowest loss. The slope at a point is
// that of a line through its neighbours, since losses are noisy.
func (t RateTest) steepest() (rate float64) {
	half, fall := max(2, len(t.Points)/20), 0.
	for i := half; i+half < len(t.Points) && t.Points[i].Rate <= t.Lowest; i++ {
		if s := slope(t.Points[i-half : i+half+1]); s < fall {
			fall, rate = s, t.Points[i].Rate
		}
	}
	return rate
}

// slope is that of the smoothed loss over the logarithm of the rate, by least squares.
func slope(points []RatePoint) float64 {
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		x := math.Log(p.Rate)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+p.Smoothed, sxx+x*x, sxy+x*p.Smoothed
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
