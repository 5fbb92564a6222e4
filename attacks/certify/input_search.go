package certify

import (
	"context"
	"math"
	"slices"
	"time"

	"unwarp/attacks"
	"unwarp/graphs/bounds"
)

// split is the search of one image.
type split struct {
	*splitter
	ctx    context.Context
	image  []float32
	label  int32
	until  time.Time
	open   bounds.Frontier[box]
	result Result
}

// prove splits the box around the image, the least bound first, until all boxes
// are proven, an image of one is misclassified, or the budget is spent.
func (s *split) prove(size float64) error {
	closed := float32(math.MaxFloat32) // the least bound of a proven box
	s.result = Result{Status: Open, Method: s.method.By}
	s.open = bounds.Frontier[box]{s.around(size)}
	for len(s.open) > 0 && s.result.Domains < s.method.Boxes && time.Now().Before(s.until) {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		var batch []box
		for len(s.open) > 0 && len(batch) < min(s.method.Images, s.method.Boxes-s.result.Domains) {
			batch = append(batch, s.open.Take())
		}
		s.result.Domains += len(batch)
		least, err := s.bound(batch)
		if err != nil || s.result.Status == Broken {
			return err
		}
		closed = min(closed, least)
	}
	if len(s.open) == 0 {
		s.result.Status = Proven
	} else {
		closed = min(closed, s.open[0].bound)
	}
	if closed > -math.MaxFloat32 {
		lower := float64(closed)
		s.result.Lower = &lower
	}
	return nil
}

// around is the box of all images within size, with what the distance of an
// example may exceed it by rounding; cut to [0,1].
func (s *split) around(size float64) box {
	eps := size + attacks.Linf.Tolerance(s.size, size)
	b := box{bound: -math.MaxFloat32}
	for _, x := range s.image {
		lower := math.Nextafter32(float32(float64(x)-eps), -1)
		upper := math.Nextafter32(float32(float64(x)+eps), 2)
		b.lower, b.upper = append(b.lower, max(lower, 0)), append(b.upper, min(upper, 1))
	}
	return b
}

// bound bounds the margins over boxes, and splits those that stay open. It returns
// the least bound of the others.
func (s *split) bound(batch []box) (closed float32, err error) {
	var q bounds.Query
	for _, b := range batch {
		q.Images, q.Labels = append(q.Images, b.middle()...), append(q.Labels, s.label)
		q.Sets = append(q.Sets, bounds.Set{Lower: b.lower, Upper: b.upper})
	}
	verdicts, err := s.verifier.Verify(s.ctx, s.net, q)
	if err != nil {
		return 0, err
	}
	closed = math.MaxFloat32
	var left []box
	for i, v := range verdicts {
		switch bound := v.Least(int(s.label)); v.Status {
		case bounds.Misclassified:
			s.broken(q.Images[i*s.size : (i+1)*s.size])
			return 0, nil
		case bounds.Proven:
			closed = min(closed, bound)
		default:
			b := batch[i]
			b.bound = max(b.bound, bound)
			left = append(left, b)
		}
		if v.Overflow {
			s.result.Note = "a bound was not finite and counts as none"
		}
	}
	return closed, s.halve(left)
}

func (s *split) broken(example []float32) {
	s.result.Status, s.result.Example = Broken, slices.Clone(example)
}

// halve tries the corner of each box that the gradient leads to, and splits the box
// across the value whose part in the gradient over the box is largest.
func (s *split) halve(left []box) error {
	if len(left) == 0 {
		return nil
	}
	var middles, corners []float32
	labels := slices.Repeat([]int32{s.label}, len(left))
	for _, b := range left {
		middles = append(middles, b.middle()...)
	}
	slope, err := s.slope.Of(s.net, middles, labels)
	if err != nil {
		return err
	}
	for i, b := range left {
		corners = append(corners, b.corner(slope[i*s.size:(i+1)*s.size])...)
	}
	wrong, err := s.verifier.Misclassified(s.net, corners, labels)
	if err != nil {
		return err
	}
	if i := slices.Index(wrong, true); i >= 0 {
		s.broken(corners[i*s.size : (i+1)*s.size])
		return nil
	}
	for i, b := range left {
		for _, half := range b.halves(b.steepest(slope[i*s.size : (i+1)*s.size])) {
			s.open.Add(half)
		}
	}
	return nil
}
