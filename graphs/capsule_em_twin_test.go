package graphs_test

import (
	"math"

	. "unwarp/graphs/graphtest"
)

// twinParents are the Gaussians of the slow twin, and their activations.
type twinParents struct {
	mean, variance map[parentKey][16]float64
	logit          map[parentKey]float64
}

// twinMaximise is the M-step: costs of parents are divided by scale, and inverse is
// the inverse temperature.
func twinMaximise(all []*ballot, betaU, betaA Array, scale, inverse float64) twinParents {
	p := twinParents{map[parentKey][16]float64{}, map[parentKey][16]float64{}, map[parentKey]float64{}}
	mass := map[parentKey]float64{}
	for _, b := range all {
		mass[b.key()] += b.assigned * b.child.active
	}
	average := func(into map[parentKey][16]float64, of func(b *ballot, h int) float64) {
		for _, b := range all {
			sum := into[b.key()]
			for h := range sum {
				sum[h] += b.assigned * b.child.active * of(b, h) / mass[b.key()]
			}
			into[b.key()] = sum
		}
	}
	average(p.mean, func(b *ballot, h int) float64 { return b.vote[h] })
	average(p.variance, func(b *ballot, h int) float64 { return math.Pow(b.vote[h]-p.mean[b.key()][h], 2) })
	for key, v := range p.variance {
		cost := 0.
		for h := range v {
			v[h] += 1e-4
			cost += (betaU.At(key[1]) + math.Log(math.Sqrt(v[h]))) * mass[key] / scale
		}
		p.variance[key] = v
		p.logit[key] = inverse * (betaA.At(key[1]) - cost)
	}
	return p
}

// active is the activation of a parent.
func (p twinParents) active(key parentKey) float64 { return 1 / (1 + math.Exp(-p.logit[key])) }

// density is the activation of the parent of b times the density of its vote.
func (p twinParents) density(b *ballot) float64 {
	d := p.active(b.key())
	for h := range 16 {
		v := p.variance[b.key()][h]
		d *= math.Exp(-math.Pow(b.vote[h]-p.mean[b.key()][h], 2)/(2*v)) / math.Sqrt(2*math.Pi*v)
	}
	return d
}

// twinEM is procedure 1 of Hinton et al. 2018 over votes, one at a time. Costs are
// divided by what a parent gets of children that are all active and evenly shared,
// by 1 for literal ones.
func twinEM(all []*ballot, betaU, betaA Array, iterations int, lambda float64, literal bool) map[parentKey]capsule {
	rivals, even, scale := map[*capsule]float64{}, map[parentKey]float64{}, 0.
	for _, b := range all {
		rivals[b.child]++
	}
	for _, b := range all {
		b.assigned = 1 / rivals[b.child]
		even[b.key()] += b.assigned
	}
	for _, v := range even {
		scale += v / float64(len(even))
	}
	if literal {
		scale = 1
	}
	var p twinParents
	for t := range iterations {
		p = twinMaximise(all, betaU, betaA, scale, lambda*(1-math.Pow(.95, float64(t+1))))
		sums := map[*capsule]float64{}
		for _, b := range all { // E-step
			sums[b.child] += p.density(b)
		}
		for _, b := range all {
			b.assigned = p.density(b) / sums[b.child]
		}
	}
	out := map[parentKey]capsule{}
	for key := range p.mean {
		out[key] = capsule{p.mean[key], p.active(key)}
	}
	return out
}
