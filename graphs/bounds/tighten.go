package bounds

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// tighten bounds some neurons of an activation's input by back-substitution:
// sign·neuron from below. Where IBP is as tight, neurons has no Op.
type tighten struct {
	neurons, signs graphs.Input // [B,rows]
	lower          tf.Output    // [B,rows]
}

// writeTighten adds the ops of [CROWN]'s intervals.
func (v *Verifier) writeTighten(b *graphs.Builder, bs *Bounds, known Intervals, name string) {
	rows := int64(v.set.Rows)
	for i, a := range v.net.activations {
		var t tighten
		if n := a.in[0]; !v.net.exactByIBP(n) {
			t.neurons = b.Input(fmt.Sprintf("%s_neurons%d", name, i), tf.Int32, -1, rows)
			t.signs = b.Input(fmt.Sprintf("%s_signs%d", name, i), tf.Float, -1, rows)
			w := bs.w
			one := op.OneHot(w.s.Op("neuron"), t.neurons.Value, w.constant(int32(n.size())), w.scalar(1), w.scalar(0))
			s := &backward{Bounds: bs, known: known, policy: bs.Slopes}
			s.run(n, w.mul(one, w.reshape(t.signs.Value, -1, rows, 1)))
			t.lower = s.lower()
		}
		v.tighten = append(v.tighten, t)
	}
}

// exactByIBP reports whether intervals of x lose nothing: x is computed from
// the image by at most one operator that mixes values, or from an activation by
// none.
func (n *Network) exactByIBP(x *node) bool {
	mixed := 0
	for {
		switch o := x.op.(type) {
		case nil:
			return mixed <= 1
		case activation:
			return mixed == 0
		case *shift, injective:
		case linear:
			if _, several := o.(sum); several && len(x.in) > 1 {
				return false
			}
			mixed++
		}
		if len(x.in) != 1 {
			return false
		}
		x = x.in[0]
	}
}

// tightenAll bounds the inputs of all activations by back-substitution, in
// order: each makes those after it tighter.
func (r *run) tightenAll(subjects []*subject) error {
	for at, t := range r.v.tighten {
		if t.lower.Op == nil {
			continue
		}
		if err := r.tightenOne(subjects, at); err != nil {
			return err
		}
		if err := r.intervals(subjects); err != nil { // carries it to later activations
			return err
		}
	}
	return nil
}

// tightenOne bounds the neurons of one activation whose sign is unknown (of an
// operator other than ReLU, all), a chunk of each image at a time.
func (r *run) tightenOne(subjects []*subject, at int) error {
	v := r.v
	_, isRelu := v.net.activations[at].op.(relu)
	work := make([][]int32, len(subjects))
	most := 0
	for i, s := range subjects {
		for j, l := range s.lower[at] {
			if !isRelu || l < 0 && s.upper[at][j] > 0 {
				work[i] = append(work[i], int32(j))
			}
		}
		most = max(most, len(work[i]))
	}
	half := max(v.set.Rows/2, 1)
	for from := 0; from < most; from += half {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := r.tightenChunk(subjects, at, work, from, half); err != nil {
			return err
		}
	}
	return nil
}

// tightenChunk bounds neurons [from, from+half) of work, each from both sides.
func (r *run) tightenChunk(all []*subject, at int, allWork [][]int32, from, half int) error {
	var subjects []*subject
	var work [][]int32
	for i, s := range all {
		if len(allWork[i]) > from {
			subjects = append(subjects, s)
			work = append(work, allWork[i][from:min(from+half, len(allWork[i]))])
		}
	}
	v, t := r.v, r.v.tighten[at]
	f := v.feeding(len(subjects))
	r.feedImages(f, subjects)
	r.feedKnown(f, subjects)
	neurons, signs := f.ints(t.neurons), f.floats(t.signs)
	rows := v.set.Rows
	for i := range subjects {
		for j := range rows {
			neurons[i*rows+j], signs[i*rows+j] = work[i][j/2%len(work[i])], float32(1-2*(j%2))
		}
	}
	out, err := r.fetch(f, t.lower)
	if err != nil {
		return err
	}
	for i, s := range subjects {
		for j := range min(rows, 2*len(work[i])) {
			n, bound := neurons[i*rows+j], out[0][i*rows+j]
			s.cut(at, int(n), j%2 == 1, bound)
		}
	}
	return nil
}

// cut keeps a bound of sign·neuron where it is finite and tighter.
func (s *subject) cut(at, neuron int, negated bool, bound float32) {
	switch {
	case math.IsNaN(float64(bound)):
	case negated:
		s.upper[at][neuron] = min(s.upper[at][neuron], -bound)
	default:
		s.lower[at][neuron] = max(s.lower[at][neuron], bound)
	}
}
