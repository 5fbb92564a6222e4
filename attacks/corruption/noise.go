package corruption

import "math/rand/v2"

// addGaussianNoise adds normal numbers of standard deviation sigma.
func addGaussianNoise(p picture, x []float32, sigma float64, r *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = v + (p.hi-p.lo)*float32(sigma*r.NormFloat64())
	}
}

// addShotNoise replaces each value by a Poisson count of photons, of which a
// white value has the given number on average.
func addShotNoise(p picture, x []float32, photons float64, r *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = p.lo + (p.hi-p.lo)*float32(float64(drawPoisson(photons*float64((v-p.lo)/(p.hi-p.lo)), r))/photons)
	}
}

// drawPoisson counts arrivals in unit time. Its time grows with the rate.
func drawPoisson(rate float64, r *rand.Rand) (n int) {
	for t := r.ExpFloat64(); t < rate; t += r.ExpFloat64() {
		n++
	}
	return n
}

// addImpulseNoise makes a share of the values black or white.
func addImpulseNoise(p picture, x []float32, share float64, r *rand.Rand) {
	for i, v := range p.pixels {
		switch u := r.Float64(); {
		case u < share/2:
			x[i] = p.lo
		case u < share:
			x[i] = p.hi
		default:
			x[i] = v
		}
	}
}
