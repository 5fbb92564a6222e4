package certify

import (
	"math"
	"slices"

	"unwarp/attacks"
)

// verify tells whether the example of a broken image lies within the threat and
// is misclassified by the model itself, and fills in its class. All other results
// hold.
func (r *run) verify(p Prover, a attempt, result *Result) (holds bool, err error) {
	if result.Status != Broken || r.cert.Proves != "" {
		return true, nil
	}
	r.pullBack(a, result)
	r.snap(a, result)
	if _, ok := r.sizeOf(p, a, *result); !ok {
		r.cert.Refuted++
		return false, nil
	}
	logits, err := r.o.Logits(result.Example)
	if err != nil {
		return false, err
	}
	label, z := int(r.images.Labels[a.image]), logits[0]
	if slices.ContainsFunc(z, func(v float32) bool { return v-v != 0 }) || attacks.Correct(z, label) {
		r.cert.Refuted++
		return false, nil
	}
	result.Class, _ = attacks.Predict(z, label)
	return true, nil
}

// pullBack projects the example of a ball into it where it lies outside. What is
// proven is a ball that is larger by rounding, and examples lie at its border.
func (r *run) pullBack(a attempt, result *Result) {
	clean := r.image(a.image)
	if !r.cert.IsBall() || len(result.Example) != len(clean) {
		return
	}
	norm := attacks.Norm(r.cert.Threat)
	if norm.Distance(result.Example, clean) <= float64(a.size) {
		return
	}
	result.Example = slices.Clone(result.Example)
	attacks.Threat{Norm: norm, Lo: 0, Hi: 1}.Project(result.Example, clean, a.size)
}

// snap moves the example of a ball to images of values k/Lattice, where only these
// count: to the nearest one, and in L-inf to the next towards the clean image where
// that one lies outside the ball.
func (r *run) snap(a attempt, result *Result) {
	clean, levels := r.image(a.image), float64(r.o.Lattice)
	if levels == 0 || !r.cert.IsBall() || len(result.Example) != len(clean) {
		return
	}
	result.Example = slices.Clone(result.Example)
	for i, v := range result.Example {
		k := math.Round(float64(v) * levels)
		value := float32(k / levels)
		if r.cert.Threat == string(attacks.Linf) && !r.cert.Within(attacks.Distance(math.Abs(float64(value)-float64(clean[i]))), a.size) {
			value = float32((k + math.Copysign(1, float64(clean[i])-float64(v))) / levels)
		}
		result.Example[i] = value
	}
}

// sizeOf is at which size an example lies; false where the threat does not have it
// within that of the attempt.
func (r *run) sizeOf(p Prover, a attempt, result Result) (attacks.Distance, bool) {
	x, clean := result.Example, r.image(a.image)
	if len(x) != len(clean) || slices.ContainsFunc(x, func(v float32) bool { return !(v >= 0 && v <= 1) }) {
		return 0, false
	}
	var d float64
	ok := true
	switch j, isJudge := p.(Judge); {
	case isJudge:
		d, ok = j.SizeOf(clean, x, result.Parameters)
	case r.cert.IsBall():
		d = attacks.Norm(r.cert.Threat).Distance(x, clean)
	default:
		d = float64(a.size)
	}
	return attacks.Distance(d), ok && r.cert.Within(attacks.Distance(d), a.size)
}
