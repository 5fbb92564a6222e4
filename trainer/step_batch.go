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

// stepBatch attacks a batch, which has no originals yet, at a step of the run.
// The slices of the result are new.
func (a *attacker) stepBatch(in stepBatch, step int, eps, alpha float32) (stepBatch, error) {
	b := in.Batch
	clean, attacked := a.method.rows(b.N)
	size := a.graph.Shape.Len()
	out := stepBatch{Batch: b}
	out.N = clean + attacked
	target := b
	target.N, target.Labels, target.Images, target.Index = attacked, b.Labels[:attacked], b.Images[:attacked*size], b.Index[:attacked]
	var err error
	if out.Images, err = a.perturb(append([]float32(nil), b.Images[:clean*size]...), target, step, eps, alpha); err != nil {
		return stepBatch{}, err
	}
	twice := func(x []float32, size int) []float32 {
		return append(append([]float32(nil), x[:clean*size]...), x[:attacked*size]...)
	}
	out.Labels = append(append([]int32(nil), b.Labels[:clean]...), b.Labels[:attacked]...)
	out.originals = twice(b.Images, size)
	if b.DeformedViews != nil {
		out.DeformedViews = twice(b.DeformedViews, size)
	}
	for classes := a.graph.Model.Classes; len(in.teacher) > 0; in.teacher = in.teacher[b.N*classes:] {
		out.teacher = append(out.teacher, twice(in.teacher, classes)...)
	}
	return out, nil
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
