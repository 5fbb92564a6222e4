package checks

import (
	"slices"

	"unwarp/attacks"
)

// example is an adversarial example that an evaluation has kept, with the clean
// image.
type example struct {
	place        int // in the data
	label, class int
	image, clean []float32
	distance     float64 // in the threat's norm, as it was reported
	exact        bool    // distance is this example's own, not that of a nearer one
	parameters   []float64
	field        []float32
	minimumNorm  bool // the attack looks for the decision boundary
}

// keptExamples are the examples in the evaluation; without any, those of the
// probe run.
func (c *checkContext) keptExamples() []example {
	out := collectExamples(c.Evaluation, c.Images)
	if len(out) == 0 && c.probeRun != nil {
		out = collectExamples(c.probeRun, c.sample)
	}
	return out
}

// collectExamples are the examples of an evaluation of these images; none where
// it is one of other images.
func collectExamples(ev *attacks.Evaluation, images attacks.Images) []example {
	if !slices.Equal(ev.Index, images.Index) {
		return nil
	}
	size := len(images.Pixels) / max(1, images.Len())
	var out []example
	for _, a := range ev.Attacks {
		for i, r := range a.Results {
			if r.Image == nil {
				continue
			}
			out = append(out, example{
				place: ev.Index[i], label: int(ev.Labels[i]), class: r.Class,
				image: r.Image, clean: images.Pixels[i*size : (i+1)*size],
				distance: float64(r.ThreatDistance), parameters: r.Parameters, field: r.Field, exact: a.Norm == ev.Norm, minimumNorm: a.Search == attacks.MinimumNorm,
			})
		}
	}
	return out
}

// classifyExamples computes the logits of examples anew, after change.
func (c *checkContext) classifyExamples(all []example, change func([]float32) []float32) ([][]float32, error) {
	var out [][]float32
	for chunk := range slices.Chunk(all, c.Batch) {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		var images [][]float32
		for _, e := range chunk {
			images = append(images, change(e.image))
		}
		logits, err := c.reference.Logits(images...)
		if err != nil {
			return nil, err
		}
		out = append(out, logits...)
	}
	return out, nil
}
