package trainer

import (
	"cmp"
	"context"
	"slices"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Mistake is an image that is not classified correctly.
type Mistake struct {
	Index       int       // in its source
	Label       int       // the true class
	Class       int       // the predicted one
	Probability float32   // of the predicted class
	OfLabel     float32   // probability of the true class
	Image       []float32 // [H,W,C], as the model sees it
}

// EvaluateWithMistakes is [TrainGraph.Evaluate] that returns the worst mistakes too,
// at most so many: those of the largest probability, the worst first.
func (g *TrainGraph) EvaluateWithMistakes(ctx context.Context, net *graphs.Net, src pipelines.Source, most int) (Evaluation, []Mistake, error) {
	e, worst, err := g.evaluate(ctx, net, src, most)
	return e, worst.list, err
}

// mistakes are the worst so far.
type mistakes struct {
	list []Mistake // sorted
	most int
	size int // of an image
}

// add looks at the images of a batch, of which these are the classes and the logits
// [N,K].
func (m *mistakes) add(b pipelines.Batch, classes []int32, logits []float32) {
	k := len(logits) / max(b.N, 1)
	for i, c := range classes {
		if c == b.Labels[i] || m.most == 0 {
			continue
		}
		p := softmax(logits[i*k:(i+1)*k], k)
		found := Mistake{Index: b.Index[i], Label: int(b.Labels[i]), Class: int(c), Probability: p[c], OfLabel: p[b.Labels[i]]}
		at, _ := slices.BinarySearchFunc(m.list, found, compareMistakes)
		if at >= m.most {
			continue
		}
		found.Image = slices.Clone(b.Images[i*m.size : (i+1)*m.size])
		m.list = slices.Insert(m.list, at, found)
		m.list = m.list[:min(len(m.list), m.most)]
	}
}

// compareMistakes puts the worst first; of equals the order of the source decides.
func compareMistakes(a, b Mistake) int {
	return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.OfLabel, b.OfLabel), cmp.Compare(a.Index, b.Index))
}
