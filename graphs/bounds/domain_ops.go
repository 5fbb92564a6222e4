package bounds

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// domainOps bound one margin over a domain: a region in which some activations'
// inputs are constrained. Inputs have a row for each domain.
type domainOps struct {
	targets graphs.Input // [N], the class that the label's margin is over
	// rows are added to the coefficients of each activation's inputs, and offset
	// to the bound: those of the constraints, times their multipliers.
	rows   []graphs.Input // [N,n]
	offset graphs.Input   // [N]
	// slopes are those of the lower lines of ReLUs; the others have none.
	slopes []graphs.Input // [N,n]
	// open are 1 where a value may be the largest of a window, [N,outputs·places·C],
	// of max poolings.
	open                 []graphs.Input
	lower                tf.Output   // [N]
	slopesGrad, rowsGrad []tf.Output // of the sum of lower; the first in the order of relus
	coefficients         []tf.Output // [N,n] of the outputs of the activations
	relus                []int       // numbers of the activations that are ReLUs
	corner               tf.Output   // [N,H,W,C], where the linear bound is least
}

// writeDomain adds the ops of [AlphaCROWN] and [BranchAndBound].
func (v *Verifier) writeDomain(b *graphs.Builder, bs *Bounds, known Intervals, name string) {
	d, w := &v.domain, bs.w
	d.targets = b.Input(name+"_targets", tf.Int32, -1)
	d.offset = b.Input(name+"_offset", tf.Float, -1)
	n := len(v.net.activations)
	d.rows, d.slopes, d.open = make([]graphs.Input, n), make([]graphs.Input, n), make([]graphs.Input, n)
	s := &backward{Bounds: bs, known: known, policy: bs.Slopes, slopes: make([]tf.Output, n), splits: make([]tf.Output, n), open: make([]tf.Output, n)}
	var slopes, rows []tf.Output
	for i, a := range v.net.activations {
		size := a.in[0].size()
		d.rows[i] = b.Input(fmt.Sprintf("%s_rows%d", name, i), tf.Float, -1, size)
		rows, s.splits[i] = append(rows, d.rows[i].Value), w.expand(d.rows[i].Value)
		switch o := a.op.(type) {
		case relu:
			d.relus = append(d.relus, i)
			d.slopes[i] = b.Input(fmt.Sprintf("%s_slopes%d", name, i), tf.Float, -1, size)
			slopes, s.slopes[i] = append(slopes, d.slopes[i].Value), w.expand(d.slopes[i].Value)
		case maxpool:
			d.open[i] = b.Input(fmt.Sprintf("%s_open%d", name, i), tf.Float, -1, product(o.out)*o.places())
			s.open[i] = d.open[i].Value
		}
	}
	s.run(v.net.logits, w.expand(v.pairRows(w)))
	s.offset(d.offset.Value)
	d.lower = w.reshape(s.lower(), -1)
	if n > 0 && w.s.OK() {
		grads := graphs.Gradients(w.s, w.sum(d.lower, 0), append(slices.Clone(slopes), rows...)...)
		d.slopesGrad, d.rowsGrad = grads[:len(slopes)], grads[len(slopes):]
	}
	for i, a := range v.net.activations {
		d.coefficients = append(d.coefficients, w.reshape(s.inputs[i], -1, a.size()))
	}
	d.corner = v.cornerOf(w, s)
}

// offset adds a constant [B] to the bound of its row.
func (b *backward) offset(x tf.Output) {
	x = b.w.reshape(x, -1, 1)
	b.d = append(b.d, x)
	if b.w.on() {
		b.errors = append(b.errors, b.w.times(b.w.rounding.factor(slack), b.w.abs(x)))
	}
}

// pairRows are the rows e_label - e_target, [N,classes].
func (v *Verifier) pairRows(w *writer) tf.Output {
	return w.sub(v.oneHot(w, v.labels.Value), v.oneHot(w, v.domain.targets.Value))
}

// cornerOf is the image of the region where the linear bound is least; for L1,
// and for L2 where limits of pixels cut the ball, only nearly.
func (v *Verifier) cornerOf(w *writer, s *backward) tf.Output {
	x := v.image.Value
	var a tf.Output
	for _, e := range s.ends {
		if e.node.op == nil {
			a = w.reshape(e.a, append([]int64{-1}, v.shape...)...)
		}
	}
	if a.Op == nil || v.set.Norm == Boxes { // what a set holds besides is not known
		return x
	}
	eps := w.reshape(v.eps.Value, append([]int64{-1}, ones(len(v.shape))...)...)
	axes := make([]int32, len(v.shape))
	for i := range axes {
		axes[i] = int32(i + 1)
	}
	step := op.Sign(w.s.Op("sign"), a)
	switch v.set.Norm {
	case L2:
		step = w.div(a, w.add(w.sqrt(w.sumKeep(w.square(a), axes...)), w.scalar(1e-30)))
	case L1:
		step = w.div(a, w.add(w.sumKeep(w.abs(a), axes...), w.scalar(1e-30)))
	}
	y := w.sub(x, w.mul(eps, step))
	return w.min(w.max(y, w.min(x, w.scalar(0))), w.max(x, w.scalar(1)))
}
