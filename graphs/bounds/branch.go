package bounds

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// branch runs branch and bound on each image.
func (r *run) branch(subjects []*subject) error {
	for _, s := range subjects {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.ctx, r.v.set.Time)
		timed := *r
		timed.ctx = ctx
		err := ignoreDeadline(timed.branchOne(s), r.ctx)
		cancel()
		s.verdict.Seconds = time.Since(began).Seconds()
		if err != nil {
			return err
		}
		s.conclude()
	}
	return nil
}

// branchOne proves the open margins of an image one after the other, as long as
// there is time.
func (r *run) branchOne(s *subject) error {
	if broken, err := r.attack(s); err != nil || broken {
		return err
	}
	for _, k := range s.open() {
		q := &Frontier[*domain]{}
		root := &domain{s: s, target: int32(k), bound: s.verdict.Lower[k]}
		if err := r.evaluate([]*domain{root}, 0); err != nil {
			return err
		}
		if math.IsInf(float64(root.bound), 1) { // empty, though it holds the image: some bound is wrong
			s.verdict.Overflow = true
			return nil
		}
		closed, err := r.search(root, q)
		s.raise(k, min(closed, lowestBound(*q)))
		if err != nil || s.verdict.Status == Broken || len(*q) > 0 {
			return err
		}
	}
	return nil
}

// attack asks the settings' attack for an example.
func (r *run) attack(s *subject) (broken bool, err error) {
	if r.v.set.Attack == nil {
		return false, nil
	}
	x := r.v.set.Attack(s.image, s.label, s.eps)
	if x == nil || len(x) != len(s.image) || !r.v.within(s, x) {
		return false, nil
	}
	return r.tryExamples(s, [][]float32{x})
}

// search closes domains, lowest bound first, until none is left, an example is
// found, or time (the end of the context) or domains are used up; what is left stays in q. It returns
// the least bound of those that were closed.
func (r *run) search(root *domain, q *Frontier[*domain]) (closed float32, err error) {
	s, set := root.s, r.v.set
	closed = float32(math.MaxFloat32)
	settle := func(d *domain) {
		if d.bound > 0 {
			closed = min(closed, d.bound)
		} else {
			q.Add(d)
		}
	}
	settle(root)
	s.verdict.Domains++
	if broken, err := r.tryCorners([]*domain{root}); err != nil || broken {
		return closed, err
	}
	for len(*q) > 0 && s.verdict.Domains < set.Domains && r.ctx.Err() == nil {
		parents := takeParents(q, max(r.v.atOnce/2, 1))
		if parents == nil { // no ReLU left to split
			leaf := q.Take()
			err := r.polish(leaf)
			settle(leaf)
			if err != nil || !(leaf.bound > 0) {
				return closed, err
			}
			continue
		}
		children, err := r.divide(parents)
		if err == nil {
			err = r.evaluateAll(children)
		}
		for _, d := range children {
			settle(d)
		}
		if err != nil {
			if len(children) == 0 {
				for _, d := range parents {
					settle(d)
				}
			}
			return closed, err
		}
		s.verdict.Domains += len(children)
		if broken, err := r.tryCorners(children); err != nil || broken {
			return closed, err
		}
	}
	return closed, nil
}

// evaluateAll optimises the domains that are still open.
func (r *run) evaluateAll(domains []*domain) error {
	open := slices.DeleteFunc(slices.Clone(domains), func(d *domain) bool { return d.bound > 0 })
	return r.evaluateParts(open, r.v.set.SplitSteps)
}

// polish optimises the multipliers of a domain without unstable ReLUs, whose
// best bound is exact, as long as that helps: in turn by Adam and by Polyak's
// steps, each of which gets stuck in other places.
func (r *run) polish(d *domain) error {
	inherited := d.bound // of the parent; the multipliers may not have come that far
	best := float32(-math.MaxFloat32)
	for idle, turn := 0, 0; idle < 2 && !(best > 0) && r.ctx.Err() == nil; turn++ {
		climb := (*ascent).climb
		if turn%2 == 1 {
			climb = (*ascent).climbPolyak
		}
		d.bound = -math.MaxFloat32
		if err := r.ascend([]*domain{d}, 10*r.v.set.SplitSteps, climb); err != nil {
			return err
		}
		if idle++; d.bound > best+.01*float32(math.Abs(float64(best))) {
			idle = 0
		}
		best = max(best, d.bound)
	}
	d.bound = max(best, inherited)
	return nil
}

// ignoreDeadline is err, unless only the time of the image is over.
func ignoreDeadline(err error, ctx context.Context) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

// tryCorners tests the images where the bounds of open domains are least.
func (r *run) tryCorners(domains []*domain) (broken bool, err error) {
	var images [][]float32
	for _, d := range domains {
		if d.corner != nil && !(d.bound > 0) {
			images = append(images, d.corner)
		}
		d.corner = nil
	}
	if len(images) == 0 {
		return false, nil
	}
	return r.tryExamples(domains[0].s, images)
}

// tryExamples marks the subject as broken by the first image that is
// misclassified.
func (r *run) tryExamples(s *subject, images [][]float32) (broken bool, err error) {
	labels := make([]int32, len(images))
	for i := range labels {
		labels[i] = s.label
	}
	wrong, err := r.misclassified(images, labels)
	if err != nil {
		return false, err
	}
	for i, x := range images {
		if wrong[i] {
			s.verdict.Status, s.verdict.Example = Broken, x
			return true, nil
		}
	}
	return false, nil
}

// within reports whether x lies in the ball of s and in [0,1], up to rounding.
func (v *Verifier) within(s *subject, x []float32) bool {
	if v.set.Norm == Boxes {
		return false // what a set holds besides is not known
	}
	var sum, most float64
	for i, a := range x {
		if !(a >= 0 && a <= 1) {
			return false
		}
		d := math.Abs(float64(a) - float64(s.image[i]))
		most = max(most, d)
		if v.set.Norm == L2 {
			d *= d
		}
		sum += d
	}
	distance, size := most, 1.0
	switch v.set.Norm {
	case L2:
		distance, size = math.Sqrt(sum), math.Sqrt(float64(len(x)))
	case L1:
		distance, size = sum, float64(len(x))
	}
	return distance <= float64(s.eps)*(1+1e-6)+0x1p-24*size
}

// LeastMargin implements [Part].
func (d *domain) LeastMargin() float64 { return float64(d.bound) }

// takeParents removes up to n domains with the lowest bounds, nil where the lowest has
// nothing to split.
func takeParents(q *Frontier[*domain], n int) []*domain {
	if len((*q)[0].next) == 0 {
		return nil
	}
	var all []*domain
	for len(all) < n && len(*q) > 0 && len((*q)[0].next) > 0 {
		all = append(all, q.Take())
	}
	return all
}

// lowestBound is that of open domains, the largest number where there is none.
func lowestBound(q Frontier[*domain]) float32 {
	if len(q) == 0 {
		return math.MaxFloat32
	}
	return q[0].bound
}
