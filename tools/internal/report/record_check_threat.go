package report

import (
	"fmt"
	"math"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

// checkThreat refuses an evaluation that is of neither a norm nor a geometric
// threat, or of both.
func (r *Record) checkThreat() error {
	e := &r.Evaluation
	if e.Threat == (geometry.Threat{}) {
		return checkWord("evaluation.norm", e.Norm, attacks.Linf, attacks.L2, attacks.L1)
	}
	if e.Norm != "" {
		return fieldError("evaluation.norm", "none beside the threat "+e.Threat.String(), string(e.Norm))
	}
	return nil
}

// checkNorm refuses words that are none of known, of an evaluation in a norm; that
// of a geometric threat has none.
func (r *Record) checkNorm(field string, norm attacks.Norm, known ...attacks.Norm) error {
	if r.Evaluation.Threat != (geometry.Threat{}) {
		known = []attacks.Norm{""}
	}
	return checkWord(field, norm, known...)
}

// checkTransform refuses parameters that are not those of the threat.
func (r *Record) checkTransform(at *attacks.ImageResult) error {
	most := 0
	if t := r.Evaluation.Threat; t != (geometry.Threat{}) && at.Found() {
		most = len(t.Parameters())
	}
	if n := len(at.Parameters); n > 0 && n != most {
		return fieldError("parameters", fmt.Sprintf("%d numbers", most), n)
	}
	if n := len(at.Field); n > 0 && n != 2*r.Shape[0]*r.Shape[1] {
		return fieldError("field", fmt.Sprintf("two numbers for each of %dx%d pixels", r.Shape[0], r.Shape[1]), n)
	}
	for _, v := range at.Parameters {
		if math.IsNaN(v) || math.Abs(v) > maxSize {
			return fieldError("parameters", "numbers", v)
		}
	}
	return nil
}
