package trainer

import (
	"context"
	"math"
	"os"
	"testing"
)

// The suggestion is where a loss of known form falls most steeply: at the middle of a
// logistic fall over the logarithm of the rate.
func TestRateCurve(t *testing.T) {
	for _, middle := range []float64{1e-4, 1e-3, 1e-2} {
		c := rateCurve{lowest: math.Inf(1)}
		for k := range 300 {
			rate := 1e-6 * math.Pow(1e6, float64(k)/299)
			fall := 2 / (1 + math.Exp(3*math.Log(rate/middle)))
			rise := math.Pow(rate/(middle*100), 4)
			if c.add(rate, 1+fall+rise+.02*math.Sin(float64(7*k))) {
				break
			}
		}
		r := c.result()
		// The moving average trails by about ten steps of log(1e6)/299.
		if x := math.Log(r.Suggestion / middle); !r.Falls || x < -.1 || x > 10*math.Log(1e6)/299+.2 {
			t.Errorf("falls at %g, suggested %g", middle, r.Suggestion)
		}
		if middle < 1e-2 && (!r.Grew || r.Points[len(r.Points)-1].Rate < middle*100) {
			t.Errorf("ended at %g, %v", r.Points[len(r.Points)-1].Rate, r.Grew)
		}
	}
}

// A loss that does not fall before it grows suggests a tenth of where it grows; one that
// does neither suggests nothing.
func TestRateCurveFlat(t *testing.T) {
	for onset, want := range map[float64]float64{1e-2: 1e-3, math.Inf(1): 0} {
		c := rateCurve{lowest: math.Inf(1)}
		for k := range 200 {
			rate := 1e-5 * math.Pow(1e5, float64(k)/199)
			loss := 1.
			if rate > onset {
				loss = 1 + 3*math.Log10(rate/onset)
			}
			if c.add(rate, loss) {
				break
			}
		}
		if r := c.result(); r.Falls || r.Suggestion < want || r.Suggestion > 2*want {
			t.Errorf("onset %g: %+v", onset, r.Suggestion)
		}
	}
}

// The rates of the steps are those asked for, each loss is that of a training at them, and
// a loss that is not finite ends the test; nothing is written.
func TestFindRate(t *testing.T) {
	c := fullConfig(t)
	p, net := declared(t, 7, c, fullModel(), littleShape)
	in := fullInputs("")
	steps := 0
	r, err := p.FindRate(t.Context(), net, in, RateRange{1e-9, 1e30, 60}, func(done, total int) {
		if steps++; done != steps || total != 60 {
			t.Errorf("step %d of %d, want %d of 60", done, total, steps)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Points); !r.Grew || n < leastRates || n >= 60 || r.Points[0].Rate != float64(float32(1e-9)) {
		t.Fatalf("%d points, %+v", n, r.Points[0])
	}
	// At rates of nothing the losses are those of a training at such a rate.
	c.Schedule = Schedule{Name: "constant", Rate: 1e-9}
	c.Patience, c.Duration = 0, mustDuration(t, "3st")
	q, other := declared(t, 7, c, fullModel(), littleShape)
	seen := &recorder{}
	if _, err := q.Run(t.Context(), other, fullInputs(t.TempDir()), seen); err != nil {
		t.Fatal(err)
	}
	for k, loss := range seen.loss {
		if math.Abs(r.Points[k].Loss-float64(loss)) > 1e-4 {
			t.Errorf("step %d: loss %g, in a training %g", k, r.Points[k].Loss, loss)
		}
	}
	if left, _ := os.ReadDir("events"); len(left) > 0 {
		t.Error("wrote events")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := p.FindRate(ctx, net, in, DefaultRateRange(), func(int, int) { cancel() }); err != ErrInterrupted {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := p.FindRate(t.Context(), net, in, RateRange{1, 1e-3, 50}, nil); err == nil {
		t.Error("rates that fall")
	}
	in.Train = littleDots(3)
	if _, err := p.FindRate(t.Context(), net, in, DefaultRateRange(), nil); err == nil {
		t.Error("fewer images than a batch")
	}
}
