package cells

import (
	"unwarp/attacks/certify"
	"unwarp/graphs/bounds"
)

// proveField bounds the margins over the box of all samples that each pixel can
// reach. A box forgets that neighbours move together; what it leaves open of a
// smooth field, proveSmooth tries.
func (s *subject) proveField() error {
	if err := s.breakField(); err != nil || s.isBroken() {
		return err
	}
	v, n := s.victim, len(s.image)
	sampler := newSampler(s.image, v.H, v.W, v.C, s.at)
	box := bounds.Set{Lower: make([]float32, n), Upper: make([]float32, n)}
	most := s.at.Field + sampler.slack()
	each(v.H, func(y int) {
		for i := y * v.W * v.C; i < (y+1)*v.W*v.C; i++ {
			x := i / v.C % v.W
			r := sampler.values(around(float64(x), most), around(float64(y), most), i%v.C)
			box.Lower[i], box.Upper[i] = r.outwards()
		}
	})
	verdicts, err := s.verifier.Verify(s.ctx, s.net, bounds.Query{Images: s.image, Labels: []int32{s.label}, Sets: []bounds.Set{box}})
	if err != nil {
		return err
	}
	found := verdicts[0]
	least := float64(found.Least(int(s.label)))
	s.result.Lower, s.result.Domains = &least, max(found.Domains, 1)
	s.result.Method = string(found.Method)
	if found.Overflow {
		s.result.Note = overflowed
	}
	if found.Status == bounds.Proven {
		s.result.Status = certify.Proven
		return nil
	}
	if s.at.Smooth > 0 {
		return s.proveSmooth()
	}
	return nil
}
