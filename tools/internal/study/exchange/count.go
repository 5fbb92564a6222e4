package exchange

import (
	"context"
	"math/rand/v2"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/study"
)

// Counts say which classes are predicted for images with the appearance code of
// one image and the geometric code of another, of a different class.
type Counts struct {
	Pairs      int         `json:"pairs"`
	Appearance report.Rate `json:"appearance"` // the appearance donor's class
	Geometry   report.Rate `json:"geometry"`   // the geometry donor's class
	Neither    report.Rate `json:"neither"`
	Rebuilt    report.Rate `json:"reconstruction"` // reconstructions without exchange: their own class
	Canonical  report.Rate `json:"canonical"`      // canonical images: their own class
}

// batchPairs is how many pairs are exchanged at once.
const batchPairs = 250

// countClasses exchanges n random pairs of different classes.
func (e *Exchanger) countClasses(ctx context.Context, n int, r *rand.Rand) (*Counts, error) {
	var t tally
	for t.pairs < n {
		pairs, err := randomPairs(e.src, min(batchPairs, n-t.pairs), r)
		if err != nil {
			return nil, err
		}
		if err := e.countBatch(ctx, pairs, &t); err != nil {
			return nil, err
		}
	}
	return t.counts(), nil
}

// countBatch adds pairs, of which the first image gives the appearance and the
// second the geometry.
func (e *Exchanger) countBatch(ctx context.Context, pairs []Indices, t *tally) error {
	s, err := e.encode(ctx, pairs)
	if err != nil {
		return err
	}
	var appearance, own, other []float32
	for k := range pairs {
		appearance = append(appearance, row(s.Codes.Appearance, s.Codes.N, 2*k)...)
		own = append(own, row(s.Codes.Geometry, s.Codes.N, 2*k)...)
		other = append(other, row(s.Codes.Geometry, s.Codes.N, 2*k+1)...)
	}
	_, exchanged, err := e.decode(ctx, appearance, other)
	if err != nil {
		return err
	}
	d, rebuilt, err := e.decode(ctx, appearance, own)
	if err != nil {
		return err
	}
	canonical, err := e.classify(ctx, d.Canonical)
	if err != nil {
		return err
	}
	for k := range pairs {
		a, g := e.name(s.Labels[2*k]), e.name(s.Labels[2*k+1])
		if a == g {
			return study.WrongRequest("--count: want images of at least 2 classes in this part, found only class %s: choose another --part, or --count 0", a)
		}
		t.add(a, g, exchanged[k], rebuilt[k], canonical[k])
	}
	return nil
}

// tally counts predicted classes.
type tally struct{ pairs, appearance, geometry, rebuilt, canonical int }

// add counts one pair: the classes of both donors, and those predicted for the
// exchange, for the reconstruction of the appearance donor and for its canonical
// image.
func (t *tally) add(appearance, geometry, exchanged, rebuilt, canonical string) {
	t.pairs++
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	count(&t.appearance, exchanged == appearance)
	count(&t.geometry, exchanged == geometry)
	count(&t.rebuilt, rebuilt == appearance)
	count(&t.canonical, canonical == appearance)
}

func (t *tally) counts() *Counts {
	n := t.pairs
	return &Counts{
		Pairs: n, Appearance: report.NewRate(t.appearance, n), Geometry: report.NewRate(t.geometry, n), Neither: report.NewRate(n-t.appearance-t.geometry, n),
		Rebuilt: report.NewRate(t.rebuilt, n), Canonical: report.NewRate(t.canonical, n),
	}
}
