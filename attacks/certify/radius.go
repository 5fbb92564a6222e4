package certify

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// Bisection ends where the bounds of a radius differ by less than a share of it,
// or by a share of the largest size there is.
const (
	radiusShare = .01
	radiusFloor = 1e-5
)

// searchRadii looks by bisection for the largest size at which a prover proves
// each image. All images take a step before any takes the next.
func (r *run) searchRadii(p Prover) error {
	r.searches = true
	for step := 1; ; step++ {
		var asked []attempt
		for i := range r.cert.Images {
			if size, ok := r.nextSize(i); ok && r.own[i] {
				asked = append(asked, attempt{i, size})
			}
		}
		if len(asked) == 0 {
			return nil
		}
		r.doing = fmt.Sprintf("bisecting, step %d", step)
		if err := r.attempt(p, asked); err != nil {
			return err
		}
	}
}

// countSearched counts the images whose radius is known well enough.
func (r *run) countSearched() (done, of int) {
	for i, p := range r.cert.Images {
		if !p.Correct || !r.own[i] {
			continue
		}
		of++
		if _, more := r.nextSize(i); !more {
			done++
		}
	}
	return done, of
}

// smallestFailure is the smallest size at which image i is broken, or was left
// open by the last stage; notTried for none.
func (r *run) smallestFailure(i int) float32 {
	least := float32(notTried)
	if fails := r.fails[r.final]; fails != nil {
		least = fails[i]
	}
	d := r.cert.Images[i].Broken
	if r.o.Examples != nil {
		d = min(d, r.o.Examples[i])
	}
	if d <= attacks.Distance(r.o.Largest) {
		least = min(least, float32(d))
	}
	return least
}

// nextSize is the size at which image i is tried next; false where its radius is
// known well enough.
func (r *run) nextSize(i int) (float32, bool) {
	p, fails := &r.cert.Images[i], r.smallestFailure(i)
	switch {
	case !p.Correct || p.Proven >= r.o.Largest:
		return 0, false
	case fails == notTried:
		return min(r.o.Largest, max(2*p.Proven, slices.Max(r.o.Sizes))), true
	}
	if r.o.Whole {
		proven, fails := math.Floor(float64(p.Proven)), math.Floor(float64(fails))
		return float32(math.Floor((proven + fails) / 2)), fails-proven > 1
	}
	size := p.Proven + (fails-p.Proven)/2
	if fails-p.Proven <= max(radiusShare*fails, radiusFloor*min(1, r.o.Largest)) || !(size > p.Proven && size < fails) {
		return 0, false
	}
	return size, true
}
