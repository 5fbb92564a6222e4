package evaluation

import (
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
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
//
// Of a geometric threat eps is its size, and there are also
//
//	parameters [M,P] float32, in the order of the names in parameter_names, or
//	field [M,H,W,2] float32
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
	arrays := append(transforms(ev, sh),
		npz.Float32("images", images, m, sh.H, sh.W, sh.C),
		npz.Int32("labels", labels, m),
		npz.Int32("predicted", predicted, m),
		npz.Float32("eps", eps, m),
		npz.Int32("index", index, m),
		npz.Int32("attack", which, m),
		npz.Uint8("attacks", []byte(strings.Join(names, "\n")), -1),
	)
	return npz.Encode(arrays...)
}

// transforms are the arrays of what makes the examples of a geometric threat.
func transforms(ev *attacks.Evaluation, sh pipelines.Shape) []npz.Array {
	if ev.Threat == (geometry.Threat{}) {
		return nil
	}
	var parameters, fields []float32
	m := 0
	for _, s := range ev.Attacks {
		for _, r := range s.Results {
			if r.Image == nil {
				continue
			}
			m++
			fields = append(fields, r.Field...)
			for _, v := range r.Parameters {
				parameters = append(parameters, float32(v))
			}
		}
	}
	if ev.Threat.IsField() {
		return []npz.Array{npz.Float32("field", fields, m, sh.H, sh.W, 2)}
	}
	var names []string
	for _, p := range ev.Threat.Parameters() {
		names = append(names, p.Name)
	}
	return []npz.Array{npz.Float32("parameters", parameters, m, len(names)), npz.Uint8("parameter_names", []byte(strings.Join(names, "\n")), -1)}
}
