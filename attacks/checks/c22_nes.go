package checks

import (
	"fmt"
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C22", Title: "Gradients agree with gradient-free estimates",
	Threshold: "cosine with NES at least half of what its number of samples allows",
	Source:    thisProject + "; Uesato et al. 2018; Ilyas et al. 2018",
	needs:     needsModel | needsDeterminism, follows: attacks.Linear, judge: judgeNES,
})

// judgeNES expects that NES with m pairs of antithetic samples in d dimensions
// finds the direction of the gradient of a linear function up to a cosine of
// about sqrt(m/(m+d+1)).
func judgeNES(c *checkContext) (verdict, error) {
	const sigma = .01
	d := c.victim.Size()
	pairs := min(500, max(100, d))
	var cosines []float64
	for i, img := range c.firstImages(expensiveImages) {
		if err := c.ctx.Err(); err != nil {
			return verdict{}, err
		}
		g, err := c.runnerUpGradient(c.gradient, i, img)
		if err != nil {
			return verdict{}, err
		}
		estimate, err := c.estimateGradient(i, img, pairs, sigma)
		if err != nil {
			return verdict{}, err
		}
		cosines = append(cosines, cosine(g, estimate))
	}
	got, want := mean(cosines), math.Sqrt(float64(pairs)/float64(pairs+d+1))
	v := verdict{status: Pass, value: fmt.Sprintf("mean cosine %.3f over %d images, %d pairs allow about %.3f", got, len(cosines), pairs, want)}
	if !(got >= want/2) { // NaN too
		v.status = Fail
		v.advice = "logits change in another direction than the gradient: it is masked; attack without it (square, spsa, nes)"
	}
	return v, nil
}

// estimateGradient estimates the gradient of runnerUpMargin at image i of the
// sample from logits alone, up to a factor (NES, Ilyas et al. 2018, eq. 1).
func (c *checkContext) estimateGradient(i int, img []float32, pairs int, sigma float32) ([]float64, error) {
	const pairsAtOnce = 100
	r := c.imageRand(i, 22)
	sum := make([]float64, len(img))
	for from := 0; from < pairs; from += pairsAtOnce {
		var points, noise [][]float32
		for range min(pairsAtOnce, pairs-from) {
			u, up, down := make([]float32, len(img)), make([]float32, len(img)), make([]float32, len(img))
			for k := range u {
				u[k] = float32(r.NormFloat64())
			}
			vector.AXPY(up, img, sigma, u)
			vector.AXPY(down, img, -sigma, u)
			points, noise = append(points, up, down), append(noise, u)
		}
		logits, err := c.reference.CentredLogits(points...)
		if err != nil {
			return nil, err
		}
		for n, u := range noise {
			d := c.runnerUpMargin(i, logits[2*n]) - c.runnerUpMargin(i, logits[2*n+1])
			for k, v := range u {
				sum[k] += d * float64(v)
			}
		}
	}
	return sum, nil
}
