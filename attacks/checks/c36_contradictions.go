package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks/certify"
)

var _ = register(Check{
	ID: "C36", Title: "No image is proven and broken at once",
	Threshold: "no verified example within what is proven of its image, whether an attack of the evaluation, of these checks or the method of proof itself found it",
	Source:    thisProject,
	judge:     judgeContradictions,
})

func judgeContradictions(c *checkContext) (verdict, error) {
	proven, withstood := 0, 0
	v := verdict{status: Pass}
	for k := range c.Certificates {
		cert := &c.Certificates[k]
		for _, i := range cert.Contradictions(c.Evaluation) {
			v.images = append(v.images, cert.Images[i].Index)
		}
		for _, p := range cert.Images {
			if p.Proven > 0 {
				proven++
			}
		}
		probed, broken := c.probeProofs(cert)
		withstood += probed
		v.images = append(v.images, broken...)
	}
	if proven == 0 {
		return skip("nothing is proven")
	}
	slices.Sort(v.images)
	v.images = slices.Compact(v.images)
	if len(v.images) > 0 {
		v.status = Fail
		v.value = fmt.Sprintf("%d images have an example within what is proven of them", len(v.images))
		v.advice = "a bound or an example is wrong, so that no figure holds: report it with the model, the images named and the method of proof"
		return v, nil
	}
	v.value = fmt.Sprintf("no example contradicts the proofs of %d images", proven)
	if withstood > 0 {
		v.value += fmt.Sprintf("; %d of them were attacked by these checks too, within what is proven", withstood)
	}
	return v, nil
}

// probeProofs looks at what the attacks of the probe run found of images that are
// proven at its radius: how many there are, and the places in the data of those
// with an example.
func (c *checkContext) probeProofs(cert *certify.Certificate) (probed int, broken []int) {
	if c.probeRun == nil || cert.Proves != "" || cert.Threat != certify.ThreatOf(c.probeRun) {
		return 0, nil
	}
	proven := map[int]float32{}
	for _, p := range cert.Images {
		proven[p.Index] = p.Proven
	}
	for i, index := range c.probeRun.Index {
		within := proven[index]
		if within < c.Eps {
			continue
		}
		probed++
		if slices.ContainsFunc(firstPlaces(len(c.probeRun.Attacks)), func(a int) bool { return c.probeRun.Misclassified(a, i, within) }) {
			broken = append(broken, index)
		}
	}
	return probed, broken
}
