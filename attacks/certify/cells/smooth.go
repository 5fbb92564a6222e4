package cells

import (
	"cmp"
	"math"

	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
)

// remainder is by how much each pixel of a smooth field may be displaced otherwise
// than the pixel in the middle: by the limit of smoothness for each step between
// neighbours on the way to it. No displacement is above most.
type remainder struct {
	h, w         int
	smooth, most float64
}

// newRemainder is that of the fields of t on images of h x w pixels. Float32 fields
// may exceed their limits by what [geometry.Threat.ContainsField] allows.
func newRemainder(t geometry.Threat, h, w int) *remainder {
	const allowance = 0x1p-21
	return &remainder{h, w, t.Smooth + t.Field*allowance, t.Field * (1 + allowance)}
}

// at is the remainder of pixel (x,y), along each side; 0 of nil.
func (r *remainder) at(x, y int) float64 {
	if r == nil {
		return 0
	}
	steps := math.Abs(float64(x-r.w/2)) + math.Abs(float64(y-r.h/2))
	return min(r.smooth*steps, 2*r.most)
}

// decides tells whether the pixel in the middle says much of the others: of one a
// quarter of the image away.
func (r *remainder) decides() bool {
	return r.smooth*float64(max(r.h, r.w))/4 < r.most
}

// proveSmooth splits the displacements of the pixel in the middle into cells: over
// one, a smooth field is a move of the whole image and a remainder.
func (s *subject) proveSmooth() error {
	stray := newRemainder(s.at, s.victim.H, s.victim.W)
	if s.moved == nil || !stray.decides() {
		return nil
	}
	p := *s.prover
	p.verifier = p.moved
	moves := &subject{prover: &p, ctx: s.ctx, stray: stray, image: s.image, label: s.label, until: s.until}
	moves.at = geometry.Threat{Translate: stray.most, Border: s.at.Border}
	if err := moves.proveCells(); err != nil {
		return err
	}
	found := moves.result
	s.result.Domains += found.Domains
	s.result.Note = cmp.Or(s.result.Note, found.Note)
	switch {
	case found.Status == certify.Proven:
		s.result.Status, s.result.Lower, s.result.Method = certify.Proven, found.Lower, string(p.verifier.Settings().Method)
	case moves.isBroken():
		return s.tryMove(found.Parameters)
	}
	return nil
}

// tryMove breaks the image by a move (dx,dy) of it, as a field.
func (s *subject) tryMove(move []float64) error {
	field, most := make([]float32, 2*s.victim.H*s.victim.W), float32(s.at.Field)
	for i := range field {
		field[i] = min(max(float32(-move[i%2]), -most), most) // a field says where to read
	}
	_, err := s.tryField(field)
	return err
}
