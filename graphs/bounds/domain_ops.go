package bounds

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// domainOps bound one margin over a domain: a region in which some ReLUs have a
// known sign. Inputs have a row for each domain.
type domainOps struct {
	targets graphs.Input // [N], the class that the label's margin is over
	// slopes and splits belong to the activations; those other than ReLU have
	// none. A split adds -β·s to the coefficient of an input whose sign is s
	// (β-CROWN, Wang et al. 2021, eq. 8).
	slopes, splits         []graphs.Input // [N,n]
	lower                  tf.Output      // [N]
	slopesGrad, splitsGrad []tf.Output    // of the sum of lower, in the order of relus
	coefficients           []tf.Output    // [N,n] of the outputs of the ReLUs
	relus                  []int          // numbers of the activations that are ReLUs
	corner                 tf.Output      // [N,H,W,C], where the linear bound is least
}

// writeDomain adds the ops of [AlphaCROWN] and [BranchAndBound].
func (v *Verifier) writeDomain(b *graphs.Builder, bs *Bounds, known Intervals, name string) {
	d, w := &v.domain, bs.w
	d.targets = b.Input(name+"_targets", tf.Int32, -1)
	slopes, splits := make([]tf.Output, len(v.net.activations)), make([]tf.Output, len(v.net.activations))
	d.slopes, d.splits = make([]graphs.Input, len(slopes)), make([]graphs.Input, len(slopes))
	var xs []tf.Output
	for i, a := range v.net.activations {
		if _, ok := a.op.(relu); !ok {
			continue
		}
		n := a.in[0].size()
		d.relus = append(d.relus, i)
		d.slopes[i] = b.Input(fmt.Sprintf("%s_slopes%d", name, i), tf.Float, -1, n)
		d.splits[i] = b.Input(fmt.Sprintf("%s_splits%d", name, i), tf.Float, -1, n)
		slopes[i], splits[i] = w.expand(d.slopes[i].Value), w.expand(d.splits[i].Value)
	}
	for _, in := range [][]graphs.Input{d.slopes, d.splits} {
		for _, i := range d.relus {
			xs = append(xs, in[i].Value)
		}
	}
	s := &backward{Bounds: bs, known: known, slopes: slopes, splits: splits, policy: bs.Slopes}
	s.run(v.net.logits, w.expand(v.pairRows(w)))
	d.lower = w.reshape(s.lower(), -1)
	if len(xs) > 0 && w.s.OK() {
		grads := graphs.Gradients(w.s, w.sum(d.lower, 0), xs...)
		d.slopesGrad, d.splitsGrad = grads[:len(d.relus)], grads[len(d.relus):]
	}
	for _, i := range d.relus {
		d.coefficients = append(d.coefficients, w.reshape(s.inputs[i], -1, v.net.activations[i].size()))
	}
	d.corner = v.cornerOf(w, s)
}

// pairRows are the rows e_label - e_target, [N,classes].
func (v *Verifier) pairRows(w *writer) tf.Output {
	k := w.constant(int32(v.net.Classes))
	one := func(x tf.Output) tf.Output { return op.OneHot(w.s.Op("class"), x, k, w.scalar(1), w.scalar(0)) }
	return w.sub(one(v.labels.Value), one(v.domain.targets.Value))
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
	if a.Op == nil {
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
