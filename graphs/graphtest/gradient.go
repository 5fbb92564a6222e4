package graphtest

import (
	"fmt"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Step is the step of the finite differences; the default, 1e-2, suits smooth
// functions of values around 1 in float32.
func Step(h float64) Option { return func(o *options) { o.step = h } }

// Within is the tolerance, as a share of the gradient's size; the default is
// 1e-2.
func Within(share float64) Option { return func(o *options) { o.share = share } }

// Values replaces initial values of variables, for what zero biases put on a
// kink.
func Values(at func(path string, initial Array) Array) Option {
	return func(o *options) { o.values = at }
}

// Gradient compares the gradients that [graphs.Gradients] gives for fn with
// central finite differences, for every input and every trainable variable.
//
// The outputs are projected to one number with random weights, so that all of
// them count. The input is moved along random directions of ±step in every
// element, so that every element counts, and along single elements. Values of
// in must stay two steps away from kinks.
func Gradient(t testing.TB, fn Func, in []Array, opts ...Option) {
	t.Helper()
	o := collect(opts)
	c := build(t, fn, in, o, true)
	for _, m := range c.mismatches(t, in, o) {
		t.Error(m)
	}
}

// differentiate adds the gradient of the projected outputs.
func (c *Circuit) differentiate(s *graphs.Scope, xs []tf.Output) {
	var sum tf.Output
	for k, y := range c.Out {
		w := op.StatelessRandomNormal(s.Op("weights"), op.Shape(s.Op("shape"), y), op.Const(s.Op("seed"), []int64{7, int64(k)}))
		w = op.StopGradient(s.Op("fixed"), w)
		flat := op.Reshape(s.Op("flat"), op.Mul(s.Op("weighted"), y, w), op.Const(s.Op("list"), []int64{-1}))
		part := op.Sum(s.Op("projection"), flat, op.Const(s.Op("axis"), int32(0)))
		if k > 0 {
			part = op.AddV2(s.Op("total"), sum, part)
		}
		sum = part
		c.weights = append(c.weights, w)
	}
	c.grads = graphs.Gradients(s, sum, xs...)
}

// mismatches lists where analytic gradients and finite differences disagree.
func (c *Circuit) mismatches(t testing.TB, in []Array, o options) (out []string) {
	t.Helper()
	feeds := c.Feeds(t, 0, in...)
	values, keys, names := append([]Array{}, in...), []tf.Output{}, []string{}
	for i, x := range c.in {
		keys, names = append(keys, x.Feed), append(names, fmt.Sprint("input ", i))
	}
	for i, x := range c.variables(t) {
		// A variable is moved by feeding its read. All are fed at each run:
		// TensorFlow prepares the graph anew for each set of feeds.
		v := c.vars[i]
		if o.values != nil {
			x = o.values(v.Path, x)
		}
		values, keys, names = append(values, x), append(keys, v.Read), append(names, v.Path)
		feeds[v.Read] = x.Tensor(t)
	}
	grads := c.fetch(t, feeds, c.grads)
	for i, x := range values {
		at := func(d []float32, by float64) float64 {
			moved := Array{x.Shape, make([]float32, len(x.Data))}
			for k := range moved.Data {
				moved.Data[k] = float32(float64(x.Data[k]) + by*float64(d[k]))
			}
			feeds[keys[i]] = moved.Tensor(t)
			return c.project(t, feeds)
		}
		out = append(out, compare(names[i], x.Data, grads[i].Data, at, o)...)
		feeds[keys[i]] = x.Tensor(t)
	}
	return out
}

func (c *Circuit) variables(t testing.TB) []Array {
	t.Helper()
	if len(c.vars) == 0 {
		return nil
	}
	reads := make([]tf.Output, len(c.vars))
	for i, v := range c.vars {
		reads[i] = v.Read
	}
	return c.fetch(t, nil, reads)
}

func (c *Circuit) project(t testing.TB, feeds graphs.Feeds) float64 {
	got := c.fetch(t, feeds, append(append([]tf.Output{}, c.Out...), c.weights...))
	sum, n := 0., len(c.Out)
	for k := range n {
		for i, y := range got[k].Data {
			sum += float64(y) * float64(got[n+k].Data[i])
		}
	}
	return sum
}

const directions, elements = 3, 6

func compare(name string, x, g []float32, at func(d []float32, by float64) float64, o options) (out []string) {
	norm := 0.
	for _, v := range g {
		norm += float64(v) * float64(v)
	}
	norm = math.Sqrt(norm)
	switch {
	case len(g) != len(x):
		return []string{fmt.Sprintf("%s: want a gradient of %d elements, got %d", name, len(x), len(g))}
	case !(norm > 0) || math.IsInf(norm, 0):
		return []string{fmt.Sprintf("%s: want a finite gradient that is not zero everywhere, got norm %g", name, norm)}
	}
	check := func(where string, d []float32, allowed float64) {
		analytic := 0.
		for k, v := range g {
			analytic += float64(v) * float64(d[k])
		}
		numeric := (at(d, o.step) - at(d, -o.step)) / (2 * o.step)
		if diff := math.Abs(numeric - analytic); !(diff <= allowed+o.share*math.Abs(analytic)) {
			out = append(out, fmt.Sprintf("%s, %s: want %.5g by finite differences, got %.5g (gradient norm %.5g)", name, where, numeric, analytic, norm))
		}
	}
	r := source(uint64(len(x)))
	for i := range directions {
		d := make([]float32, len(x))
		for k := range d {
			d[k] = float32(2*r.IntN(2) - 1)
		}
		check(fmt.Sprint("direction ", i), d, o.share*norm)
	}
	rms := norm / math.Sqrt(float64(len(x)))
	order := r.Perm(len(x))
	for _, k := range order[:min(elements, len(order))] {
		d := make([]float32, len(x))
		d[k] = 1
		check(fmt.Sprint("element ", k), d, o.share*rms)
	}
	return out
}
