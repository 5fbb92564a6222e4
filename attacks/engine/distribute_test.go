package engine_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"sync"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// computers are machines that compute in this process. Each third call is lost once
// it is computed, and made again on a runner that is new.
type computers struct {
	net   *graphs.Net
	n     int
	false float32 // what they return is wrong by up to this, twice

	mu    sync.Mutex
	calls int
}

type computer struct{ of *computers }

func (c *computer) Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	out, err := c.of.net.Run(feeds, fetches, targets...)
	if err != nil || c.of.false == 0 {
		return out, err
	}
	for i, x := range out {
		values := graphs.Floats(nil, x)
		for k := range values {
			values[k] += c.of.false * float32(k%3) // changes classes
		}
		b, err := graphs.NewBuffer(tf.Float, x.Shape()...)
		if err != nil {
			return nil, err
		}
		copy(b.Float32(), values)
		out[i] = b.Tensor
	}
	return out, nil
}

func (c *computers) Computers() int { return c.n }

func (c *computers) Each(_ context.Context, n int, call func(on engine.Runner, i int) error) error {
	faults := make([]error, c.n)
	var all sync.WaitGroup
	for k := range c.n {
		all.Go(func() {
			on := &computer{c}
			for i := k; i < n; i += c.n {
				c.mu.Lock()
				c.calls++
				lost := c.calls%3 == 0
				c.mu.Unlock()
				if lost {
					faults[k] = errors.Join(faults[k], call(on, i))
					on = &computer{c}
				}
				faults[k] = errors.Join(faults[k], call(on, i))
			}
		})
	}
	all.Wait()
	return errors.Join(faults...)
}

// TestDistribute: who computes is no part of the result, and verified examples are
// computed here whatever others return.
func TestDistribute(t *testing.T) {
	list := attacktest.Parse(t, "fgsm", "pgd(steps=4,restarts=2)", "square(queries=40)", "boundary(steps=20)")
	s := attacktest.NewSession(t, attacktest.Smooth(8, 8, 1, 4), attacktest.UnitBox(attacks.Linf), list...)
	images := attacktest.PredictedImages(t, s, 40)
	run := func(on *computers) *attacks.Evaluation {
		t.Helper()
		e, err := engine.NewEngine(s, s, engine.Options{Attacks: list, Eps: []float32{.05, .1}, Batch: 16, Keep: 40})
		if err != nil {
			t.Fatal(err)
		}
		if on != nil {
			e.Distribute(on, on)
		}
		ev, err := e.Run(t.Context(), images, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		ev.Seconds = 0
		return ev
	}
	alone := run(nil)
	for _, n := range []int{1, 3} {
		on := &computers{net: s.Net, n: n}
		if got := run(on); !reflect.DeepEqual(got, alone) {
			t.Errorf("%d computers: got another evaluation", n)
		}
		if on.calls < 20 {
			t.Errorf("%d computers: they made %d calls", n, on.calls)
		}
	}
	// Wrong logits and gradients: fewer examples, each of which holds.
	for _, a := range run(&computers{net: s.Net, n: 2, false: float32(math.Pi)}).Attacks {
		for i, r := range a.Results {
			if r.Image == nil {
				continue
			}
			logits, err := engine.NewBatchRunner(s, 1).Logits(r.Image)
			if err != nil {
				t.Fatal(err)
			}
			if class, _ := attacks.Predict(logits[0], int(images.Labels[i])); class == int(images.Labels[i]) {
				t.Errorf("%s: the example of image %d is classified as %d", a.Attack, i, class)
			}
		}
	}
}
