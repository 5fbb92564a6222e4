package certify

import (
	"fmt"
	"slices"
	"strings"
)

// prove takes the images through the stages of a prover.
func (r *run) prove(p Prover) error {
	if _, ok := p.(RadiusProver); ok {
		r.final = p.Name()
		return r.proveRadii(p)
	}
	stages := []Prover{p}
	if s, ok := p.(Staged); ok {
		stages = append(s.Stages(), p)
		if r.o.Fast && s.Slow() {
			stages = stages[:len(stages)-1]
		}
	}
	last := stages[len(stages)-1]
	r.final = last.Name()
	for k, stage := range stages {
		order := slices.Clone(r.o.Sizes)
		if k == 0 && len(stages) > 1 {
			slices.Reverse(order)
		}
		if err := r.proveSizes(stage, order); err != nil {
			return err
		}
	}
	if r.o.Radius {
		return r.searchRadii(last)
	}
	return nil
}

// proveSizes asks a prover about all images that are not decided, size after
// size. In ascending order what it leaves open is not tried at larger ones.
func (r *run) proveSizes(p Prover, order []float32) error {
	for _, size := range order {
		var asked []attempt
		for i := range r.cert.Images {
			if r.own[i] && r.isUndecided(i, size) && !r.failsAt(p, i, size) {
				asked = append(asked, attempt{i, size})
			}
		}
		r.doing = fmt.Sprintf("%s at %g", shortName(p), size)
		if err := r.attempt(p, asked); err != nil {
			return err
		}
	}
	return nil
}

// shortName is a prover's name without its settings.
func shortName(p Prover) string {
	name, _, _ := strings.Cut(p.Name(), "(")
	name, _, _ = strings.Cut(name, " ")
	return name
}

// failsAt tells whether a prover is known to leave image i open at a size: it did
// there or at a smaller one.
func (r *run) failsAt(p Prover, i int, size float32) bool {
	fails := r.fails[p.Name()]
	return fails != nil && fails[i] != notTried && fails[i] <= size
}

// isUndecided tells whether nothing is known of image i at a size.
func (r *run) isUndecided(i int, size float32) bool {
	p := &r.cert.Images[i]
	d := p.Broken
	if r.o.Examples != nil {
		d = min(d, r.o.Examples[i])
	}
	return p.Correct && !(size <= p.Proven) && !r.cert.Within(d, size)
}

// proveRadii asks a prover that says by itself up to which size its proofs hold about
// each image once.
func (r *run) proveRadii(p Prover) error {
	var asked []attempt
	for i, proof := range r.cert.Images {
		if r.own[i] && proof.Correct && !r.cert.wasAsked(p, i) {
			asked = append(asked, attempt{image: i})
		}
	}
	r.doing = shortName(p)
	return r.attempt(p, asked)
}

// wasAsked tells whether a result of a prover on image i is known.
func (c *Certificate) wasAsked(p Prover, i int) bool {
	by := slices.Index(c.Provers, p.Name())
	return slices.ContainsFunc(c.Images[i].Attempts, func(a Attempt) bool { return a.By == by })
}
