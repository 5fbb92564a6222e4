package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// boundInputs are what a pass of certified training is fed besides a batch:
// scalars, and how many rows CROWN bounds.
type boundInputs struct{ eps, kappa, beta, pull, crownRows graphs.Input }

// declareBoundInputs declares those that the method reads.
func (g *TrainGraph) declareBoundInputs(b *graphs.Builder) {
	c := g.Config.Certified
	if c.Off() {
		return
	}
	g.bound.eps = b.Input("certified_eps", tf.Float)
	g.bound.kappa = b.Input("certified_kappa", tf.Float)
	if c.settings().regularised() {
		g.bound.pull = b.Input("certified_pull", tf.Float)
	}
	if c.settings().crown {
		g.bound.beta = b.Input("certified_beta", tf.Float)
		g.bound.crownRows = b.Input("certified_crown_rows", tf.Int32)
	}
}

// boundLoss writes the loss of a certified method into a training pass.
type boundLoss struct {
	certifiedSettings
	in    boundInputs
	share replicaShare
}

// UnboundedError says that a model has ops without bounds.
type UnboundedError struct{ error }

// join replaces the cross-entropy in terms, those of o for a pass f over images,
// by that of the method. The ball lies around centers [B,H,W,C].
func (l boundLoss) join(s *graphs.Scope, o Objective, terms Terms, f graphs.Forward, images, centers tf.Output, t targets) Terms {
	n, err := bounds.Walk(s.In("walk"), images, f.Logits, bounds.ForTraining())
	if err != nil {
		s.Errorf("%w", UnboundedError{err})
		return terms
	}
	lower, known := l.margins(s, n, centers, t.labels)
	if !s.OK() {
		return terms
	}
	worst := op.Neg(s.Op("worst"), lower)
	terms.WorstCase = graphs.Weighted(s, t.branches(), graphs.Mean(s, graphs.CrossEntropy(s.In("cross_entropy"), worst, t.labels)))
	terms.Verified = verifiedShare(s.In("verified"), worst, t.labels)
	terms.Radius = op.Identity(s.Op("radius"), l.in.eps.Value)
	terms.Total = l.mixClassification(s, terms)
	if terms.Reconstruction.Op != nil {
		terms.Total = op.AddV2(s.Op("joint"), terms.Total, o.weighted(s, t, terms.Reconstruction))
	}
	if terms.CodeChange.Op != nil {
		terms.Total = op.AddV2(s.Op("steady"), terms.Total, graphs.Weighted(s, o.Gamma, terms.CodeChange))
	}
	if l.regularised() {
		terms = l.regularise(s.In("regularisers"), terms, centers, known)
	}
	return terms
}

// mixClassification is kappa·CE + (1-kappa)·worst case. Where kappa is 0
// throughout, no gradient goes through the cross-entropy: a step takes less time.
func (l boundLoss) mixClassification(s *graphs.Scope, terms Terms) tf.Output {
	if l.kappa == [2]float32{} {
		return terms.WorstCase
	}
	plain := op.Mul(s.Op("plain"), l.in.kappa.Value, terms.Classification)
	rest := op.Sub(s.Op("rest"), op.Const(s.Op("one"), float32(1)), l.in.kappa.Value)
	return op.AddV2(s.Op("certified"), plain, op.Mul(s.Op("share"), rest, terms.WorstCase))
}

// verifiedShare is the share of rows whose worst-case logits are classified as
// the label.
func verifiedShare(s *graphs.Scope, worst, labels tf.Output) tf.Output {
	margin := graphs.Margin(s, worst, labels)
	if !s.OK() {
		return tf.Output{}
	}
	right := op.Less(s.Op("right"), margin, op.Const(s.Op("zero"), float32(0)))
	return graphs.Mean(s, op.Cast(s.Op("count"), right, tf.Float))
}

// margins are the lower bounds of z_y - z_k, [B,K], and the intervals before the
// activations.
func (l boundLoss) margins(s *graphs.Scope, n *bounds.Network, centers, labels tf.Output) (tf.Output, bounds.Intervals) {
	b, err := bounds.New(s.In("ibp"), n, bounds.Ball(bounds.Norm(l.norm), centers, l.in.eps.Value), bounds.Unwidened)
	if err != nil {
		s.Errorf("%w", UnboundedError{err})
		return tf.Output{}, bounds.Intervals{}
	}
	known := b.IBP(nil)
	lower := b.IBPMargins(labels, known)
	if l.crown && s.OK() {
		lower = l.mixCROWN(s, n, centers, labels, known, lower)
	}
	return lower, known
}

// mixCROWN is (1-beta)·ibp + beta·crown. The bounds by CROWN are computed for
// the first rows alone, as many as are fed: all, or one once beta is 0, which
// takes little time then. Where the pass draws random numbers, which differ from
// row to row, all rows are bounded throughout.
func (l boundLoss) mixCROWN(s *graphs.Scope, n *bounds.Network, centers, labels tf.Output, known bounds.Intervals, ibp tf.Output) tf.Output {
	rows, whole := l.in.crownRows.Value, drawsNumbers(n.Logits.Op)
	first := func(x tf.Output) tf.Output {
		if whole {
			return x
		}
		return firstRows(s, x, rows)
	}
	in := s.In("crown")
	b, err := bounds.New(in, n, bounds.Ball(bounds.Norm(l.norm), first(centers), l.in.eps.Value), bounds.Unwidened)
	if err != nil {
		s.Errorf("%w", fmt.Errorf("crown: %w", err))
		return ibp
	}
	var some bounds.Intervals
	for i := range known.Lower {
		some.Lower, some.Upper = append(some.Lower, first(known.Lower[i])), append(some.Upper, first(known.Upper[i]))
	}
	mixed := bounds.Mix(s.In("mix"), l.in.beta.Value, b.CROWNMargins(first(labels), some), first(ibp))
	if whole || !s.OK() {
		return mixed
	}
	rest := op.Slice(s.Op("rest"), ibp, beginAt(s, rows, 2), op.Const(s.Op("size"), []int32{-1, -1}))
	return op.ConcatV2(s.Op("margins"), []tf.Output{mixed, rest}, op.Const(s.Op("axis"), int32(0)))
}

// drawsNumbers tells whether what an op computes depends on random numbers.
func drawsNumbers(o *tf.Operation) bool {
	seen := map[string]bool{}
	var visit func(o *tf.Operation) bool
	visit = func(o *tf.Operation) bool {
		if seen[o.Name()] {
			return false
		}
		seen[o.Name()] = true
		if graphs.IsRandomOp(o.Type()) {
			return true
		}
		for i := range o.NumInputs() {
			if visit(tf.Consumer{Op: o, Index: i}.Producer().Op) {
				return true
			}
		}
		return false
	}
	return visit(o)
}

// firstRows are the first rows of x.
func firstRows(s *graphs.Scope, x, rows tf.Output) tf.Output {
	if !s.OK() {
		return x
	}
	rank := x.Shape().NumDimensions()
	size := op.Pack(s.Op("size"), append([]tf.Output{rows}, constants(s, -1, rank-1)...))
	y := op.Slice(s.Op("first"), x, op.Const(s.Op("begin"), make([]int32, rank)), size)
	d, err := x.Shape().ToSlice()
	if err != nil || rank < 2 {
		return y
	}
	return s.Reshape(y, d[1:]...) // restores the static shape
}

// beginAt is [rows, 0, …], of so many numbers.
func beginAt(s *graphs.Scope, rows tf.Output, rank int) tf.Output {
	return op.Pack(s.Op("begin"), append([]tf.Output{rows}, constants(s, 0, rank-1)...))
}

func constants(s *graphs.Scope, v int32, n int) []tf.Output {
	all := make([]tf.Output, n)
	for i := range all {
		all[i] = op.Const(s.Op("number"), v)
	}
	return all
}
