package bounds

import (
	"cmp"
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// tighten bounds some neurons of an activation's input by back-substitution:
// sign·neuron from below. Where IBP is as tight, lower has no Op.
type tighten struct {
	neurons, signs graphs.Input // [B,rows]; of a local network channels, [N,rows]
	local          *local       // nil: the whole network
	where          graphs.Input // [N,3] int32, the image, row and column of local neurons
	rows           int
	most           int       // images or places bounded at once
	lower          tf.Output // [B,rows] or [N,rows]
	slopes         neuronSlopes
}

// writeTighten adds the ops of [CROWN]'s intervals.
func (v *Verifier) writeTighten(b *graphs.Builder, bs *Bounds, known Intervals, name string) {
	for i, a := range v.net.activations {
		var t tighten
		if n := a.in[0]; !v.net.exactByIBP(n) {
			id := fmt.Sprint(name, "_", i)
			if t.local = v.net.localOf(n); t.local != nil {
				v.writeLocal(b, bs, known, id, &t)
			} else {
				v.writeWhole(b, bs, known, id, n, &t)
			}
		}
		v.tighten = append(v.tighten, t)
	}
}

// writeWhole bounds neurons of n by back-substitution through the network.
func (v *Verifier) writeWhole(b *graphs.Builder, bs *Bounds, known Intervals, id string, n *node, t *tighten) {
	w := bs.w
	t.rows, t.most = v.set.Rows, v.set.Images
	rows := int64(t.rows)
	t.neurons = b.Input(id+"_neurons", tf.Int32, -1, rows)
	t.signs = b.Input(id+"_signs", tf.Float, -1, rows)
	unit := w.unitRows(t.neurons.Value, t.signs.Value, n.size())
	s := &backward{Bounds: bs, known: known, policy: bs.Slopes}
	s.run(n, unit)
	t.lower = s.lower()
	v.writeSlopes(b, bs, known, id, n, unit, t)
}

// writeLocal bounds neurons by back-substitution through the windows that they
// are computed from.
func (v *Verifier) writeLocal(b *graphs.Builder, bs *Bounds, known Intervals, id string, t *tighten) {
	w, l := bs.w, t.local
	channels := l.from.dims[2]
	t.rows = int(min(2*channels, localRows))
	t.most = int(max(1, localValues/(int64(t.rows)*l.widest)))
	rows := int64(t.rows)
	t.where = b.Input(id+"_where", tf.Int32, -1, 3)
	t.neurons = b.Input(id+"_channels", tf.Int32, -1, rows)
	t.signs = b.Input(id+"_signs", tf.Float, -1, rows)
	x := locals{w: w, l: l}
	for i := range x.where {
		x.where[i] = w.reshape(w.slice(t.where.Value, []int64{int64(i)}, []int64{1}), -1)
	}
	within, have := x.bounds(bs, known)
	unit := w.unitRows(t.neurons.Value, t.signs.Value, channels)
	s := &backward{Bounds: within, known: have, policy: bs.Slopes}
	s.run(l.from, unit)
	t.lower = s.lower()
	v.writeSlopes(b, within, have, id, l.from, unit, t)
}

// localRows are rows of one place: those of more neurons share its lines, but
// places with fewer waste them. localValues are the coefficients of a run at the
// widest window: as many as the cache of a processor holds.
const localRows, localValues = 32, 2 << 20

// unitRows are the rows sign·e_neuron, [B,rows,n].
func (w *writer) unitRows(neurons, signs tf.Output, n int64) tf.Output {
	one := op.OneHot(w.s.Op("neuron"), neurons, w.constant(int32(n)), w.scalar(1), w.scalar(0))
	return w.mul(one, w.reshape(signs, -1, signs.Shape().Size(1), 1))
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
// operator other than ReLU, all), so many at once.
func (r *run) tightenOne(subjects []*subject, at int) error {
	t := r.v.tighten[at]
	size := len(subjects[0].lower[at])
	if t.local != nil {
		size = int(t.local.from.dims[2])
	}
	var work []task
	for i, s := range subjects {
		for from := 0; from < len(s.lower[at]); from += size {
			work = append(work, r.v.tasksOf(subjects, i, at, from, size)...)
		}
	}
	if t.local == nil {
		work = interleave(work, len(subjects))
	}
	for len(work) > 0 {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		n := min(len(work), t.most)
		if err := r.tightenSome(subjects, at, work[:n]); err != nil {
			return err
		}
		work = work[n:]
	}
	return nil
}

// task are neurons of one image to be bounded together: of a local network
// those of one place.
type task struct {
	image   int // of the subjects
	from    int // number of the first neuron of the place
	neurons []int32
}

// tasksOf are the tasks of neurons [from, from+size) of image i.
func (v *Verifier) tasksOf(subjects []*subject, i, at, from, size int) []task {
	_, isRelu := v.net.activations[at].op.(relu)
	half := v.tighten[at].rows / 2
	var all []task
	for j := from; j < from+size; j++ {
		if l, u := subjects[i].lower[at][j], subjects[i].upper[at][j]; isRelu && !(l < 0 && u > 0) {
			continue
		}
		if n := len(all); n == 0 || len(all[n-1].neurons) == half {
			all = append(all, task{image: i, from: from})
		}
		last := &all[len(all)-1]
		last.neurons = append(last.neurons, int32(j-from))
	}
	return all
}

// interleave orders tasks so that those of one image are far from each other:
// a run over the whole network takes one of each.
func interleave(work []task, images int) []task {
	by := make([][]task, images)
	for _, t := range work {
		by[t.image] = append(by[t.image], t)
	}
	var all []task
	for i := 0; len(all) < len(work); i++ {
		for _, of := range by {
			if i < len(of) {
				all = append(all, of[i])
			}
		}
	}
	return all
}

// tightenSome bounds the neurons of some tasks, each from both sides.
func (r *run) tightenSome(subjects []*subject, at int, work []task) error {
	t := r.v.tighten[at]
	f := r.v.feeding(len(subjects))
	g := f
	if t.local == nil { // a row of the images for each task
		var each []*subject
		for _, x := range work {
			each = append(each, subjects[x.image])
		}
		f = r.v.feeding(len(work))
		r.feedImages(f, each)
		r.feedKnown(f, each)
		g = f
	} else {
		r.feedImages(f, subjects)
		r.feedKnown(f, subjects)
		g = f.withRows(len(work))
		where, cols := g.ints(t.where), int(t.local.places[1])
		for i, x := range work {
			place := x.from / int(t.local.from.dims[2])
			where[3*i], where[3*i+1], where[3*i+2] = int32(x.image), int32(place/cols), int32(place%cols)
		}
	}
	neurons, signs := g.ints(t.neurons), g.floats(t.signs)
	for i, x := range work {
		for j := range t.rows {
			neurons[i*t.rows+j], signs[i*t.rows+j] = x.neurons[j/2%len(x.neurons)], float32(1-2*(j%2))
		}
	}
	f.err = cmp.Or(f.err, g.err)
	out, err := r.fetch(f, t.lower)
	if err != nil {
		return err
	}
	if r.raising && t.slopes.lower.Op != nil {
		if err := r.raiseNeurons(&t, f, g, out[0]); err != nil {
			return err
		}
	}
	for i, x := range work {
		for j := range 2 * len(x.neurons) {
			subjects[x.image].cut(at, x.from+int(x.neurons[j/2]), j%2 == 1, out[0][i*t.rows+j])
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
