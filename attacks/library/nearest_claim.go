package library

import (
	"math"

	"unwarp/attacks"
)

// nearestClaim claims images that are nearer to the clean image than all examples
// verified so far. An attack that improves a little at every step would otherwise
// claim at every step: improvements below one percent wait for the next, or for
// flush, unless they reach another radius.
type nearestClaim struct {
	o        *attacks.Oracle
	x        []float32 // the image that waits
	distance float64   // of x; +Inf if none waits
}

func newNearestClaim(o *attacks.Oracle) *nearestClaim {
	return &nearestClaim{o: o, distance: math.Inf(1)}
}

// offer takes an image whose logits are those of a success. x may be overwritten
// afterwards.
func (k *nearestClaim) offer(x []float32) {
	o := k.o
	d := o.Distance(x)
	if d >= min(k.distance, o.BestDistance()) {
		return
	}
	if d < .99*o.BestDistance() || reachesNewRadius(o, d) {
		if o.Claim(x) && o.BestDistance() <= k.distance {
			k.distance = math.Inf(1)
		}
		return
	}
	k.x, k.distance = append(k.x[:0], x...), d
}

// flush claims the image that waits, if any.
func (k *nearestClaim) flush() {
	if k.distance < k.o.BestDistance() {
		k.o.Claim(k.x)
	}
	k.distance = math.Inf(1)
}

// finish offers the last iterate if it is a success, and flushes.
func (k *nearestClaim) finish(x []float32) {
	if k.o.ClearSuccess(k.o.Logits(x)[0]) {
		k.offer(x)
	}
	k.flush()
}

// reachesNewRadius reports whether an example at distance d is within a radius
// within which no example was verified.
func reachesNewRadius(o *attacks.Oracle, d float64) bool {
	if o.Norm != o.Threat.Norm {
		return false
	}
	for _, r := range o.Radii {
		if d <= float64(r) {
			return o.BestDistance() > float64(r)
		}
	}
	return false
}
