package engine

import (
	"slices"

	"unwarp/attacks"
)

// ConfirmTransforms implements [Model]. The image of each transform is made here,
// by the reference, so that an example is what its parameters say.
func (m *imageOracle) ConfirmTransforms(list ...attacks.Transform) int {
	p := m.problem
	var requests []attacks.Request
	var places []int
	for i, f := range list {
		if !p.Threat.IsGeometric() || !p.Allows(f) {
			m.invalid++
			continue
		}
		x := make([]float32, len(p.Image))
		p.Apply(x, f)
		requests, places = append(requests, attacks.Request{Image: x}), append(places, i)
		if m.keepImages {
			m.lastClaim = x
		}
	}
	first := -1
	for k, r := range m.ask(requestKind{referenceSession, verifiedLogits}, requests) {
		if !m.isSuccess(requests[k].Image, r.logits) {
			continue
		}
		if first < 0 {
			first = places[k]
		}
		m.keepTransform(list[places[k]], requests[k].Image, r.logits)
	}
	return first
}

// isSuccess tells whether the verified logits of x are those of a success, in
// further passes too where little decides.
func (m *imageOracle) isSuccess(x, logits []float32) bool {
	p := m.problem
	return allFinite(logits) && p.Success(logits) && (!p.NearTie(logits) || m.succeedsAgain(x))
}

// keepTransform takes in a verified transform with its image.
func (m *imageOracle) keepTransform(f attacks.Transform, x, logits []float32) {
	size := m.problem.Size(f)
	e := example{distance: size, threatDistance: size, parameters: slices.Clone(f.Parameters)}
	if m.keepImages {
		e.field = slices.Clone(f.Field)
	}
	m.keepSmallest(e, x, logits)
}

// holdsTransform tells whether the stored example of a result is the transform
// that it says.
func holdsTransform(p *attacks.Problem, r attacks.ImageResult) bool {
	f := attacks.Transform{Parameters: r.Parameters, Field: r.Field}
	at := *p
	at.Eps = float32(p.Threat.Geometry.Size())
	if !at.Allows(f) || at.Size(f) != float64(r.Distance) || r.Distance != r.ThreatDistance {
		return false
	}
	x := make([]float32, len(p.Image))
	p.Apply(x, f)
	return slices.Equal(x, r.Image)
}
