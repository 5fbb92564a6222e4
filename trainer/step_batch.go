package trainer

import (
	"math"

	"unwarp/pipelines"
)

// stepBatch is what a training step sees of a batch: its clean images, then
// their adversarial versions. Index and Step are those of the batch.
type stepBatch struct {
	pipelines.Batch
	originals []float32 // [N,H,W,C], the clean image of each row
	teacher   []float32 // [N,K], the teacher's logits, and then those of the deformed views
}

// span is a range of rows, without the last.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// part is the k-th of n parts of the span, which differ by at most one row.
func (s span) part(k, n int) span { return span{s.from + s.len()*k/n, s.from + s.len()*(k+1)/n} }

// share says what of a batch is seen: which of its images clean, and then which of
// them attacked. A replica's parts of both are the same where each image comes both
// ways: pairs stay together.
type share struct{ clean, attacked span }

func (s share) rows() int { return s.clean.len() + s.attacked.len() }

func (s share) part(k, n int) share { return share{s.clean.part(k, n), s.attacked.part(k, n)} }

// positions appends where the rows of s are among those of the whole.
func (s share) positions(whole share) (rows []int32) {
	for i := s.clean.from; i < s.clean.to; i++ {
		rows = append(rows, int32(i))
	}
	for i := s.attacked.from; i < s.attacked.to; i++ {
		rows = append(rows, int32(whole.clean.len()+i))
	}
	return rows
}

// wholeShare is all that a training step sees of a batch of n images.
func (g *TrainGraph) wholeShare(n int) share {
	clean, attacked := n, 0
	if m := g.Config.imageAttack(); m != nil {
		clean, attacked = m.rows(n)
	}
	return share{span{0, clean}, span{0, attacked}}
}

// selectRows is the rows of x that s sees; size is that of a row.
func selectRows[T any](s share, x []T, size int) []T {
	out := append([]T(nil), x[s.clean.from*size:s.clean.to*size]...)
	return append(out, x[s.attacked.from*size:s.attacked.to*size]...)
}

// of is what s sees of a batch, images clean throughout. The slices are new.
func (b stepBatch) of(s share, g *TrainGraph) stepBatch {
	size, classes := g.Shape.Len(), g.Model.Classes
	out := stepBatch{Batch: b.Batch}
	out.N = s.rows()
	out.Images, out.Labels = selectRows(s, b.Images, size), selectRows(s, b.Labels, 1)
	if b.DeformedViews != nil {
		out.DeformedViews = selectRows(s, b.DeformedViews, size)
	}
	if b.Shares != nil {
		out.Partners, out.Shares = selectRows(s, b.Partners, 1), selectRows(s, b.Shares, 1)
	}
	for t := b.teacher; len(t) > 0; t = t[b.N*classes:] {
		out.teacher = append(out.teacher, selectRows(s, t, classes)...)
	}
	return out
}

// stepBatch attacks a batch, which has no originals yet, at a step of the run.
// The slices of the result are new.
func (a *attacker) stepBatch(in stepBatch, step int, eps, alpha float32) (stepBatch, error) {
	return a.attackShare(in, a.graph.wholeShare(in.N), step, eps, alpha)
}

// attackShare is what s sees of a batch, attacked.
func (a *attacker) attackShare(in stepBatch, s share, step int, eps, alpha float32) (stepBatch, error) {
	out, size := in.of(s, a.graph), a.graph.Shape.Len()
	out.originals = out.Images
	target, of := in.Batch, s.attacked
	target.N, target.Labels, target.Index = of.len(), in.Labels[of.from:of.to], in.Index[of.from:of.to]
	target.Images = in.Images[of.from*size : of.to*size]
	clean := append([]float32(nil), in.Images[s.clean.from*size:s.clean.to*size]...)
	var err error
	out.Images, err = a.perturb(clean, target, step, eps, alpha)
	return out, err
}

// mixedRows is how many of n images come clean and how many attacked, where
// clean is the share of clean rows: with .5 each image comes both ways, below
// that the first of a batch come clean, above it the first are attacked.
func mixedRows(clean float32, n int) (cleanRows, attackedRows int) {
	c := float64(clean)
	if c <= .5 {
		return int(math.Round(float64(n) * c / (1 - c))), n
	}
	return n, max(1, int(math.Round(float64(n)*(1-c)/c)))
}
