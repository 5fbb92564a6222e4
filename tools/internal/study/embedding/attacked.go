package embedding

import (
	"context"
	"slices"

	"unwarp/attacks"
	"unwarp/tools/internal/study"
)

// attackedSample is a sample after an attack.
type attackedSample struct {
	*study.Sample
	places []int // in the sample, of the images that differ from those before
	found  int   // of them, images with an adversarial example
}

// replaceAttacked replaces each image of s by its smallest adversarial example.
// Where no attack found one, it takes the last image that the first attack
// tried. Images that were misclassified before are not attacked and stay.
func replaceAttacked(ctx context.Context, m study.Model, s *study.Sample, ev *attacks.Evaluation) (*attackedSample, error) {
	after := &attackedSample{Sample: &study.Sample{Images: s.Images}}
	after.Pixels = slices.Clone(s.Pixels)
	size := len(s.Pixels) / s.Len()
	for i := range s.Len() {
		image := smallestExample(ev, i)
		if image != nil {
			after.found++
		} else {
			image = ev.Attacks[0].Results[i].Last
		}
		if image != nil {
			copy(after.Pixels[i*size:], image)
			after.places = append(after.places, i)
		}
	}
	var err error
	after.Codes, after.Predicted, err = m.Encode(ctx, after.Pixels)
	return after, err
}

// smallestExample returns the smallest adversarial example of image i, nil for
// none.
func smallestExample(ev *attacks.Evaluation, i int) []float32 {
	best := -1
	for k, series := range ev.Attacks {
		if series.Results[i].Image != nil && (best < 0 || series.Results[i].ThreatDistance < ev.Attacks[best].Results[i].ThreatDistance) {
			best = k
		}
	}
	if best < 0 {
		return nil
	}
	return ev.Attacks[best].Results[i].Image
}
