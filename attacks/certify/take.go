package certify

import (
	"math"
	"slices"

	"unwarp/attacks"
)

// take takes in a result.
func (r *run) take(by Prover, a attempt, result Result) {
	p := &r.cert.Images[a.image]
	switch result.Status {
	case Proven:
		if size := max(a.size, float32(result.Radius)); size > p.Proven {
			p.Proven, p.Method = size, result.Method
		}
	case Broken:
		if d := r.distanceOf(by, a, result); d < p.Broken {
			p.Broken, p.Class, p.Example = d, result.Class, result.Example
		}
	case Misclassified:
		p.Correct = false
		r.correct--
	}
	if result.Status != Proven {
		r.addFailure(by.Name(), a)
	}
	result.Example = nil
	p.record(Attempt{a.size, r.cert.proverPlace(by.Name()), result})
}

// record adds an attempt, or replaces the same one of an earlier run.
func (p *ImageProof) record(a Attempt) {
	same := func(b Attempt) bool { return b.Size == a.Size && b.By == a.By }
	if k := slices.IndexFunc(p.Attempts, same); k >= 0 {
		p.Attempts[k] = a
		return
	}
	p.Attempts = append(p.Attempts, a)
}

// distanceOf is the size at which the example of a result lies.
func (r *run) distanceOf(by Prover, a attempt, result Result) attacks.Distance {
	if d, ok := r.sizeOf(by, a, result); ok {
		return d
	}
	return attacks.Distance(a.size) // an example against another model
}

// proverPlace is the place of a prover in the list, to which it is added.
func (c *Certificate) proverPlace(name string) int {
	k := slices.Index(c.Provers, name)
	if k < 0 {
		k = len(c.Provers)
		c.Provers = append(c.Provers, name)
	}
	return k
}

// notTried stands for the size of no failure.
const notTried = math.MaxFloat32

// addFailure takes in that a prover has not proven an image at a size.
func (r *run) addFailure(by string, a attempt) {
	fails := r.fails[by]
	if fails == nil {
		fails = slices.Repeat([]float32{notTried}, len(r.cert.Images))
		r.fails[by] = fails
	}
	fails[a.image] = min(fails[a.image], a.size)
}

// tell reports how far the run is.
func (r *run) tell() {
	if r.progress == nil {
		return
	}
	report := Progress{Of: r.correct * len(r.o.Sizes), Doing: r.doing, Correct: r.correct}
	for i, p := range r.cert.Images {
		if !p.Correct || !r.own[i] {
			continue
		}
		if p.Proven >= r.o.Sizes[0] {
			report.Proven++
		}
		for _, size := range r.o.Sizes {
			if fails := r.fails[r.final]; !r.isUndecided(i, size) || fails != nil && fails[i] <= size {
				report.Done++
			}
		}
	}
	if r.searches {
		report.Searching = true
		report.Done, report.Of = r.countSearched()
	}
	r.progress(report)
}
