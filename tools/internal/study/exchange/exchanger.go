package exchange

import (
	"context"

	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/study"
	"unwarp/trainer"
)

// Exchanger exchanges codes between images of one part of a set.
type Exchanger struct {
	model study.Model
	src   pipelines.Source
	name  func(class int32) string
}

// New returns an exchanger of the images of src. The model must be a disentangled
// one.
func New(m study.Model, src pipelines.Source) *Exchanger {
	return &Exchanger{model: m, src: src, name: study.ClassNames(src)}
}

// encode reads and encodes the images of pairs: image 2k and 2k+1 are those of
// pair k.
func (e *Exchanger) encode(ctx context.Context, pairs []Indices) (*study.Sample, error) {
	indices, err := flatten(pairs, e.src)
	if err != nil {
		return nil, err
	}
	return study.EncodeSample(ctx, e.model, e.src, indices)
}

// decode synthesises one image of each pair of codes, and names the class that
// is predicted for each reconstruction.
func (e *Exchanger) decode(ctx context.Context, appearance, geometry []float32) (trainer.Decoded, []string, error) {
	d, err := e.model.Synthesise(ctx, appearance, geometry)
	if err != nil {
		return d, nil, err
	}
	seen, err := e.classify(ctx, d.Reconstruction)
	return d, seen, err
}

// classify names the class that is predicted for each image.
func (e *Exchanger) classify(ctx context.Context, images []float32) ([]string, error) {
	_, classes, err := e.model.Encode(ctx, images)
	names := make([]string, len(classes))
	for i, k := range classes {
		names[i] = e.name(k)
	}
	return names, err
}

// exchangePairs exchanges the geometric codes within each pair, and returns what
// is drawn of it.
func (e *Exchanger) exchangePairs(ctx context.Context, pairs []Indices, s *study.Sample) ([]drawing.Pair, error) {
	own, seenOwn, err := e.decode(ctx, s.Codes.Appearance, s.Codes.Geometry)
	if err != nil {
		return nil, err
	}
	seenCanonical, err := e.classify(ctx, own.Canonical)
	if err != nil {
		return nil, err
	}
	swap, seenSwap, err := e.decode(ctx, s.Codes.Appearance, swapRows(s.Codes.Geometry, s.Codes.N))
	if err != nil {
		return nil, err
	}
	n := s.Len()
	all := make([]drawing.Pair, len(pairs))
	for k := range all {
		for m := range 2 {
			i := 2*k + m
			all[k][m] = drawing.Side{
				Name: drawing.ImageName(pairs[k][m]), Class: e.name(s.Labels[i]),
				Input: row(s.Pixels, n, i), Canonical: row(own.Canonical, n, i), Reconstruction: row(own.Reconstruction, n, i),
				Field: row(own.Field, n, i), Swapped: row(swap.Reconstruction, n, i),
				Appearance: row(s.Codes.Appearance, n, i), Geometry: row(s.Codes.Geometry, n, i), Seen: e.name(s.Predicted[i]),
				SeenCanonical: seenCanonical[i], SeenReconstruction: seenOwn[i], SeenSwapped: seenSwap[i],
			}
		}
	}
	return all, nil
}

// row returns row i of the n rows of values.
func row(values []float32, n, i int) []float32 {
	size := len(values) / n
	return values[i*size : (i+1)*size]
}

// swapRows exchanges rows 2k and 2k+1 of the n rows of values, for each k.
func swapRows(values []float32, n int) []float32 {
	var out []float32
	for i := range n {
		out = append(out, row(values, n, i^1)...)
	}
	return out
}
