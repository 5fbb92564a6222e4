package cells

import (
	"math"
	"slices"

	"unwarp/attacks/geometry"
	"unwarp/attacks/vector"
)

// fieldSteps are the steps of an ascent. Few are enough where an example is
// easily found; attacks of their own look harder.
const fieldSteps, smoothSteps = 10, 40

// breakField looks for an example: moves of the whole image, then along the
// gradient.
func (s *subject) breakField() error {
	field := make([]float32, 2*s.victim.H*s.victim.W)
	for _, move := range grid([]float64{s.at.Field, s.at.Field}, 25) {
		for i := range field {
			field[i] = float32(move[i%2])
		}
		if _, err := s.tryField(field); err != nil || s.isBroken() {
			return err
		}
	}
	if s.at.Smooth <= 0 {
		return s.leap()
	}
	for _, reach := range []int{0, 2} {
		if err := s.climb(reach); err != nil || s.isBroken() {
			return err
		}
	}
	return nil
}

// tryField warps the image, and breaks it where that is an example.
func (s *subject) tryField(field []float32) (warped []float32, err error) {
	v := s.victim
	warped = make([]float32, len(s.image))
	s.at.ApplyField(warped, s.image, field, v.H, v.W, v.C)
	wrong, err := s.classes.Misclassified(s.net, warped, []int32{s.label})
	if err == nil && wrong[0] {
		s.broken(warped, float64s(field))
	}
	return warped, err
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// leap displaces each pixel on its own along the gradient. Between the lines of
// the grid samples are linear along each side, so that the best displacement
// reaches a line or its limit.
func (s *subject) leap() error {
	field, x := make([]float32, 2*s.victim.H*s.victim.W), slices.Clone(s.image)
	for range fieldSteps {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		g, err := s.slope.Of(s.net, x, []int32{s.label})
		if err != nil {
			return err
		}
		s.follow(field, g)
		if x, err = s.tryField(field); err != nil || s.isBroken() {
			return err
		}
	}
	return nil
}

// climb is projected ascent on a smooth field. Each pixel goes along the sign of
// the gradient of those within reach of it, since they move together; steps
// shrink linearly.
func (s *subject) climb(reach int) error {
	v := s.victim
	field := make([]float32, 2*v.H*v.W)
	x, by := slices.Clone(s.image), make([]float32, len(field))
	for k := range smoothSteps {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		g, err := s.slope.Of(s.net, x, []int32{s.label})
		if err != nil {
			return err
		}
		geometry.WarpGradientAcross(by, s.image, field, g, v.H, v.W, v.C, s.at.GraphBorder(), geometry.Kink)
		step := float32(s.at.Field) * .5 * float32(smoothSteps-k) / smoothSteps
		for i, d := range geometry.SumAround(by, v.H, v.W, reach) {
			field[i] += step * vector.Sign(d)
		}
		s.at.FitField(field, v.H, v.W)
		if x, err = s.tryField(field); err != nil || s.isBroken() {
			return err
		}
	}
	return nil
}

// follow writes to field the displacements that make the most of a gradient.
func (s *subject) follow(field, g []float32) {
	v := s.victim
	sampler := newSampler(s.image, v.H, v.W, v.C, s.at)
	each(v.H, func(y int) {
		for x := range v.W {
			i, best := y*v.W+x, math.Inf(-1)
			for _, dy := range stops(s.at.Field) {
				for _, dx := range stops(s.at.Field) {
					var gain float64
					for k := range v.C {
						gain += float64(g[i*v.C+k]) * sampler.value(float64(x)+dx, float64(y)+dy, k)
					}
					if gain > best {
						best, field[2*i], field[2*i+1] = gain, float32(dx), float32(dy)
					}
				}
			}
		}
	})
}

// stops are the displacements at which a sample can be least or largest: whole
// ones and the limits.
func stops(limit float64) []float64 {
	out := []float64{-limit, limit}
	for d := -math.Floor(limit); d <= limit; d++ {
		out = append(out, d)
	}
	return out
}
