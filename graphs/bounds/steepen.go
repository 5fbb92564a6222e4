package bounds

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// neuronSlopes optimise the slopes in the bounds of neurons before activations:
// each row (a neuron from one side) has slopes of its own. The joint optimum of
// all slopes is reached so without going through later bounds: a margin's best
// bound rises with each interval that gets tighter, and no two rows share a slope.
type neuronSlopes struct {
	inputs []graphs.Input // [B,rows,n] of each ReLU that the neurons depend on
	start  []tf.Output    // [B,1,n], the policy's
	lower  tf.Output      // [B,rows]
	grads  []tf.Output    // of its sum, by input
}

// writeSlopes adds the ops of a back-substitution of rows from a node of bs's
// network with slopes that are fed.
func (v *Verifier) writeSlopes(b *graphs.Builder, bs *Bounds, known Intervals, id string, from *node, rows tf.Output, t *tighten) {
	if v.set.NeuronSteps == 0 || !v.set.Method.atLeast(AlphaCROWN) {
		return
	}
	w, k := bs.w, rows.Shape().Size(1)
	s := &backward{Bounds: bs, known: known, policy: bs.Slopes, slopes: make([]tf.Output, len(bs.net.activations))}
	var xs []tf.Output
	for i, a := range bs.net.activations {
		if _, ok := a.op.(relu); !ok || a.id > from.id {
			continue
		}
		in := b.Input(fmt.Sprint(id, "_rowslopes", i), tf.Float, -1, k, a.in[0].size())
		t.slopes.inputs, xs, s.slopes[i] = append(t.slopes.inputs, in), append(xs, in.Value), in.Value
		up, low := w.expand(w.positive(known.Upper[i])), w.expand(w.negative(known.Lower[i]))
		t.slopes.start = append(t.slopes.start, w.mask(up, w.neg(low)))
	}
	if len(xs) == 0 {
		return
	}
	s.run(from, rows)
	t.slopes.lower = s.lower()
	t.slopes.grads = graphs.Gradients(w.s, w.sum(t.slopes.lower, 0, 1), xs...)
}

// raiseNeurons raises bounds [B,rows] by Adam on the slopes of each row. f feeds
// what the rows need, g inputs with a row for each task.
func (r *run) raiseNeurons(t *tighten, f, g *feeding, bounds []float32) error {
	starts, err := r.fetch(f, t.slopes.start...)
	if err != nil {
		return err
	}
	slopes, moments := make([][]float32, len(starts)), make([]adam, len(starts))
	for i, start := range starts {
		slopes[i] = g.floats(t.slopes.inputs[i])
		n := int(t.slopes.inputs[i].Shape[2])
		for row := range len(slopes[i]) / n {
			copy(slopes[i][row*n:], start[row/t.rows*n:][:n])
		}
	}
	if g.err != nil {
		return g.err
	}
	for step := range r.v.set.NeuronSteps + 1 {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		last := step == r.v.set.NeuronSteps
		outs := []tf.Output{t.slopes.lower}
		if !last {
			outs = append(outs, t.slopes.grads...)
		}
		got, err := r.fetch(f, outs...)
		if err != nil {
			return err
		}
		for i, x := range got[0] {
			if x > bounds[i] {
				bounds[i] = x
			}
		}
		if last || decided(bounds) {
			break
		}
		for i := range slopes {
			moments[i].step(slopes[i], got[1+i], step+1, r.v.set.Rate)
			for j, x := range slopes[i] {
				slopes[i][j] = min(max(x, 0), 1)
			}
		}
	}
	return nil
}

// decided reports whether the sign of each neuron is known: rows are pairs of a
// lower bound and a negated upper one.
func decided(bounds []float32) bool {
	for i := 0; i+1 < len(bounds); i += 2 {
		if !(bounds[i] >= 0 || bounds[i+1] >= 0) {
			return false
		}
	}
	return true
}
