package evaluation

import (
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/npz"
)

// EncodeExamples returns an .npz with M rows, one for each confirmed adversarial
// example that is the smallest which its attack found of its image:
//
//	images [M,H,W,C] float32, labels [M] int32 (true), predicted [M] int32,
//	eps [M] float32 (its distance in the threat's norm), index [M] int32 (place
//	in the test part), attack [M] int32 (place in attacks), attacks: the names
//	as bytes, one per line
func EncodeExamples(set attacks.Images, ev *attacks.Evaluation, sh pipelines.Shape) ([]byte, error) {
	var images, eps []float32
	var labels, predicted, index, which []int32
	var names []string
	for k, s := range ev.Attacks {
		names = append(names, s.Attack)
		for i, a := range s.Results {
			if a.Image == nil {
				continue
			}
			images = append(images, a.Image...)
			labels, predicted = append(labels, set.Labels[i]), append(predicted, int32(a.Class))
			eps, index, which = append(eps, float32(a.ThreatDistance)), append(index, int32(set.Index[i])), append(which, int32(k))
		}
	}
	m := len(labels)
	return npz.Encode(
		npz.Float32("images", images, m, sh.H, sh.W, sh.C),
		npz.Int32("labels", labels, m),
		npz.Int32("predicted", predicted, m),
		npz.Float32("eps", eps, m),
		npz.Int32("index", index, m),
		npz.Int32("attack", which, m),
		npz.Uint8("attacks", []byte(strings.Join(names, "\n")), -1),
	)
}
