package checks

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C20", Title: "The loss rises along its gradient",
	Threshold: "on a 21x21 grid along gradient sign and random signs the largest loss lies at the gradient's edge, on at least 90 % of the images",
	Source:    "Tramèr et al. 2018; Engstrom et al. 2018",
	needs:     needsModel | needsDeterminism, follows: attacks.Linear, judge: judgeLossSurface,
})

func judgeLossSurface(c *checkContext) (verdict, error) {
	images := c.firstImages(expensiveImages)
	v := verdict{status: Pass}
	var curvatures []float64
	for i, img := range images {
		if err := c.ctx.Err(); err != nil {
			return v, err
		}
		s, err := c.lossSurface(i, img)
		if err != nil {
			return v, err
		}
		if c.OnSurface != nil {
			c.OnSurface(s)
		}
		curvatures = append(curvatures, s.curvature())
		if _, column := s.argmax(); column < SurfaceSide-1 {
			v.images = append(v.images, c.sample.Index[i])
		}
	}
	v.value = fmt.Sprintf("largest loss inside or away from the gradient on %s; median curvature %.2g", formatRate(len(v.images), len(images)), median(curvatures))
	if judgeAtMost(len(v.images), len(images), .1) == Fail {
		v.status = Warn
		v.advice = "within this eps the gradient at the image does not lead to the largest loss: many small steps and restarts, no single step"
	} else {
		v.images = nil
	}
	return v, nil
}

// lossSurface computes the margin at each point of the grid around image i of
// the sample.
func (c *checkContext) lossSurface(i int, img []float32) (LossSurface, error) {
	out := LossSurface{Image: c.sample.Index[i], Eps: c.Eps}
	along, err := c.runnerUpGradient(c.gradient, i, img)
	if err != nil {
		return out, err
	}
	c.threat.Steepest(along, along)
	across := c.randomSigns(i)
	offset := func(n int) float32 { return c.Eps * (2*float32(n)/(SurfaceSide-1) - 1) }
	var points [][]float32
	for row := range SurfaceSide {
		for column := range SurfaceSide {
			y := make([]float32, len(img))
			vector.AXPY(y, img, offset(column), along)
			vector.AXPY(y, y, offset(row), across)
			points = append(points, y)
		}
	}
	logits, err := c.reference.CentredLogits(points...)
	if err != nil {
		return out, err
	}
	for n, z := range logits {
		out.Margin[n/SurfaceSide][n%SurfaceSide] = float32(c.runnerUpMargin(i, z))
	}
	return out, nil
}

// randomSigns is a direction of unit norm, the steepest of random signs.
func (c *checkContext) randomSigns(i int) []float32 {
	u, r := make([]float32, c.victim.Size()), c.imageRand(i, 20)
	for k := range u {
		u[k] = 1
		if r.Uint64()&1 == 0 {
			u[k] = -1
		}
	}
	c.threat.Steepest(u, u)
	return u
}
