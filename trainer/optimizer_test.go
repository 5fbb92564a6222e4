package trainer

import (
	"fmt"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// pixels is an encoder that does nothing: with a classifier on top the model
// is softmax regression, whose gradient fits in a line.
type pixels struct{}

func (pixels) Encode(s *graphs.Scope, images tf.Output) tf.Output { return s.Flatten(images) }

// regression is softmax regression and its optimiser in float64, written from
// the papers' formulas.
type regression struct {
	classes int
	w, b    []float64            // [d*classes], [classes]
	slots   map[string][]float64 // by variable path
	average [2][]float64
}

// gradient of the mean cross-entropy of a batch, and the loss.
func (r *regression) gradient(b pipelines.Batch) (gw, gb []float64, loss float64) {
	d := len(r.w) / r.classes
	gw, gb = make([]float64, len(r.w)), make([]float64, len(r.b))
	for i, label := range b.Labels {
		x := b.Images[i*d : (i+1)*d]
		p, sum := make([]float64, r.classes), 0.
		for k := range p {
			z := r.b[k]
			for j, v := range x {
				z += float64(v) * r.w[j*r.classes+k]
			}
			p[k] = math.Exp(z)
			sum += p[k]
		}
		for k := range p {
			e := p[k] / sum
			if k == int(label) {
				loss -= math.Log(e) / float64(b.N)
				e--
			}
			e /= float64(b.N)
			gb[k] += e
			for j, v := range x {
				gw[j*r.classes+k] += e * float64(v)
			}
		}
	}
	return gw, gb, loss
}

// step is one update; t counts from 1. It returns loss and gradient norm.
func (r *regression) step(o Optimizer, decay float64, b pipelines.Batch, rate float64, t int) (loss, norm float64) {
	gw, gb, loss := r.gradient(b)
	for _, g := range [][]float64{gw, gb} {
		for _, v := range g {
			norm += v * v
		}
	}
	norm = math.Sqrt(norm)
	factor := 1.
	if o.Clip > 0 && norm > float64(o.Clip) {
		factor = float64(o.Clip) / norm
	}
	for k, v := range []struct {
		path string
		w, g []float64
	}{{"classifier/kernel", r.w, gw}, {"classifier/bias", r.b, gb}} {
		wd := float64(o.Decay)
		if k == 1 {
			wd = 0 // biases do not decay
		}
		for i := range v.w {
			g := v.g[i] * factor
			if o.Name == "sgd" {
				g += wd * v.w[i]
				a := r.slot("momentum/"+v.path, len(v.w))
				a[i] = float64(o.Momentum)*a[i] + g
				move := a[i]
				if o.Nesterov {
					move = g + float64(o.Momentum)*a[i]
				}
				v.w[i] -= rate * move
				continue
			}
			m, s := r.slot("adam/m/"+v.path, len(v.w)), r.slot("adam/v/"+v.path, len(v.w))
			b1, b2 := float64(o.Beta1), float64(o.Beta2)
			m[i] = b1*m[i] + (1-b1)*g
			s[i] = b2*s[i] + (1-b2)*g*g
			v.w[i] -= rate * wd * v.w[i]
			at := rate * math.Sqrt(1-math.Pow(b2, float64(t))) / (1 - math.Pow(b1, float64(t)))
			v.w[i] -= at * m[i] / (math.Sqrt(s[i]) + float64(o.Epsilon))
		}
	}
	if decay > 0 {
		d := math.Min(decay, float64(t)/float64(t+9))
		for k, w := range [][]float64{r.w, r.b} {
			for i, v := range w {
				r.average[k][i] = d*r.average[k][i] + (1-d)*v
			}
		}
	}
	return loss, norm
}

func (r *regression) slot(path string, n int) []float64 {
	if r.slots[path] == nil {
		r.slots[path] = make([]float64, n)
	}
	return r.slots[path]
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Three steps of each optimiser, with another rate at each, against the reference.
func TestOptimizers(t *testing.T) {
	adam := Optimizer{Name: "adam", Beta1: .8, Beta2: .95, Epsilon: 1e-2}
	sgd := Optimizer{Name: "sgd", Momentum: .7, Beta1: .9, Beta2: .9, Epsilon: 1}
	with := func(o Optimizer, f func(o *Optimizer)) Optimizer { f(&o); return o }
	for _, c := range []struct {
		name    string
		o       Optimizer
		average float32
	}{
		{"adam", adam, 0},
		{"adam, decay", with(adam, func(o *Optimizer) { o.Decay = .4 }), 0},
		{"adam, clipped, averaged", with(adam, func(o *Optimizer) { o.Clip = .3 }), .15},
		{"adam, decay and clip", with(adam, func(o *Optimizer) { o.Decay, o.Clip = .4, .3 }), .999},
		{"sgd", with(sgd, func(o *Optimizer) { o.Momentum = 0 }), 0},
		{"momentum", sgd, 0},
		{"nesterov", with(sgd, func(o *Optimizer) { o.Nesterov = true }), 0},
		{"momentum, decay", with(sgd, func(o *Optimizer) { o.Decay = .4 }), 0},
		{"nesterov, clipped, decay", with(sgd, func(o *Optimizer) { o.Nesterov, o.Decay, o.Clip = true, .4, .3 }), .15},
		{"a clip that never cuts", with(sgd, func(o *Optimizer) { o.Clip = 1e6 }), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := DefaultConfig()
			config.Optimizer, config.Average = c.o, c.average
			src := dots{60, 4, pipelines.Shape{H: 4, W: 3, C: 1}}
			p, net := declared(t, 3, config, graphs.Disentangled{Encoder: pixels{}, Classes: 4}, src.shape)
			start := values(t, net)
			reference := &regression{classes: 4, w: wide(start["classifier/kernel"]), b: wide(start["classifier/bias"]), slots: map[string][]float64{}}
			reference.average = [2][]float64{wide(start["classifier/kernel"]), wide(start["classifier/bias"])}
			f, err := p.newInputBuffers()
			if err != nil {
				t.Fatal(err)
			}
			for step, rate := range []float64{.5, .25, 1} {
				b := firstBatch(t, src, pipelines.Options{Batch: 6, Start: step + 5})
				feeds, err := f.feedStep(stepBatch{Batch: b}, step, stepParams{rate: float32(rate)})
				if err != nil {
					t.Fatal(err)
				}
				losses := stepLosses(t, p, net, feeds, p.update)
				loss, norm := reference.step(c.o, float64(c.average), b, rate, step+1)
				if c.o.Clip == .3 && norm < .3 {
					t.Fatalf("want a gradient that is clipped, got norm %g", norm)
				}
				graphtest.Near(t, "losses", []float32{losses.Total, losses.Classification, losses.GradientNorm}, []float64{loss, loss, norm}, 2e-6)
				if rest := (Losses{Total: losses.Total, Classification: losses.Classification, GradientNorm: losses.GradientNorm, EmbeddingSpread: losses.EmbeddingSpread, Accuracy: losses.Accuracy}); rest != losses {
					t.Errorf("want no other losses, got %+v", losses)
				}

				got := values(t, net)
				want := map[string][]float64{"classifier/kernel": reference.w, "classifier/bias": reference.b}
				for path, s := range reference.slots {
					want[path] = s
				}
				if c.average > 0 {
					want["average/classifier/kernel"], want["average/classifier/bias"] = reference.average[0], reference.average[1]
				}
				if len(got) != len(want) {
					t.Errorf("want %d variables, got %d", len(want), len(got))
				}
				for path, w := range want {
					graphtest.Near(t, fmt.Sprintf("step %d: %s", step, path), got[path], w, 3e-6)
				}
				// Evaluation reads the averages where they are kept.
				seen := &regression{classes: 4, w: reference.w, b: reference.b}
				if c.average > 0 {
					seen.w, seen.b = reference.average[0], reference.average[1]
				}
				_, _, loss = seen.gradient(b)
				each := fetchAll(t, net, feeds, p.perImage.Total)[0].Data
				graphtest.Near(t, "evaluation", []float32{float32(sumValues(each) / float64(b.N))}, []float64{loss}, 3e-6)
			}
		})
	}
}
