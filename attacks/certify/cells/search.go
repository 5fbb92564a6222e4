package cells

import (
	"math"

	"unwarp/attacks/certify"
	"unwarp/graphs/bounds"
)

// proveCells splits the box of parameters until all of it is proven.
func (s *subject) proveCells() error {
	var limits []float64
	for _, p := range s.at.Parameters() {
		limits = append(limits, p.Limit)
	}
	if err := s.tryAll(grid(limits, s.method.Tries)); err != nil || s.isBroken() {
		return err
	}
	open := bounds.Frontier[cell]{{center: make([]float64, len(limits)), width: limits, bound: -math.MaxFloat32}}
	closed := math.MaxFloat32 // the least bound of a proven cell
	sampler := newSampler(s.image, s.victim.H, s.victim.W, s.victim.C, s.at)
	for len(open) > 0 && !s.over() {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		var batch []cell
		for len(open) > 0 && len(batch) < min(s.method.Batch, s.method.Cells-s.result.Domains) {
			batch = append(batch, open.Take())
		}
		s.result.Domains += len(batch)
		left, least, err := s.boundCells(sampler, batch)
		if err != nil || s.isBroken() {
			return err
		}
		closed = min(closed, least)
		if err := s.tryCorners(left); err != nil || s.isBroken() {
			return err
		}
		for _, c := range left {
			for _, half := range c.halves(c.blame) {
				open.Add(half)
			}
		}
	}
	if len(open) == 0 {
		s.result.Status = certify.Proven
	} else {
		closed = min(closed, open[0].bound)
	}
	s.result.Lower = &closed
	return nil
}

// boundCells bounds the margins over cells. It returns those that stay open,
// with their bounds and the parameter to split by, and the least bound of the
// others. A centre that is misclassified breaks the image.
func (s *subject) boundCells(sampler *sampler, cells []cell) (open []cell, closed float64, err error) {
	sets, centers := make([]bounds.Set, len(cells)), make([][]float64, len(cells))
	each(len(cells), func(i int) {
		sets[i], cells[i].blame = trace(sampler, s.at, cells[i], s.stray)
		centers[i] = cells[i].center
	})
	images, labels := s.transforms(centers)
	verdicts, err := s.verifier.Verify(s.ctx, s.net, bounds.Query{Images: images, Labels: labels, Sets: sets})
	if err != nil {
		return nil, 0, err
	}
	closed = math.MaxFloat32
	for i, v := range verdicts {
		c, n := cells[i], len(s.image)
		if v.Status == bounds.Misclassified {
			s.broken(images[i*n:(i+1)*n], c.center)
			return nil, 0, nil
		}
		if v.Overflow {
			s.result.Note = overflowed
		}
		bound := float64(v.Least(int(s.label)))
		if v.Status == bounds.Proven {
			closed = min(closed, bound)
			continue
		}
		c.bound = max(c.bound, bound)
		open = append(open, c)
	}
	return open, closed, nil
}

// tryCorners looks for an example at the corners of open cells.
func (s *subject) tryCorners(cells []cell) error {
	var all [][]float64
	for _, c := range cells {
		all = append(all, c.corners()...)
	}
	return s.tryAll(all)
}
