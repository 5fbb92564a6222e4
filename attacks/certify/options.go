package certify

import (
	"fmt"
	"math"
	"slices"
	"time"

	"unwarp/attacks"
)

// Options say what to prove.
type Options struct {
	Threat string    // linf, l2, l1, or as the package of a geometric threat writes it
	Unit   string    // of sizes, see [Certificate]
	Sizes  []float32 // at which proofs are looked for
	// Radius has the largest size proven of each image searched by bisection, to
	// a hundredth of it.
	Radius bool
	// Largest is the size beyond which there is nothing more to prove, 0 for that
	// of a ball that holds all images.
	Largest float32
	Whole   bool          // a size means the same as the whole number below it
	Time    time.Duration // for all images, 0 for no limit
	// Lattice is L where examples count only if all of their values are k/L, 0 for any
	// values: see [attacks.Threat].
	Lattice int
	// Shard asks about some of the images alone; all others stay as they are known,
	// or open. See [Merge].
	Shard attacks.Shard
	// Fast leaves out the last stage of a prover that is slow ([Staged]).
	Fast bool
	// Logits are the model's own in float32: they say which images are classified
	// correctly, and verify each example.
	Logits func(images ...[]float32) ([][]float32, error)
	Known  *Certificate // of the same model and images, from which proofs are taken over; or nil
	// Examples are the smallest sizes at which examples are known from elsewhere,
	// one for each image; or nil.
	Examples []attacks.Distance
}

// check refuses what cannot be, and puts sizes in order.
func (o Options) check(images attacks.Images) (Options, error) {
	n := images.Len()
	switch {
	case n == 0 || len(images.Pixels)%n != 0 || len(images.Index) != n:
		return o, fmt.Errorf("proofs: want at least one image, with an index each, got %d labels, %d values and %d indices", n, len(images.Pixels), len(images.Index))
	case o.Logits == nil:
		return o, fmt.Errorf("proofs: want the model's logits, got none: set Options.Logits")
	case o.Examples != nil && len(o.Examples) != n, o.Known != nil && len(o.Known.Images) != n:
		return o, fmt.Errorf("proofs: want what is known of each of %d images, or nothing", n)
	case len(o.Sizes) == 0:
		return o, fmt.Errorf("proofs: want at least one size, got none")
	}
	for _, s := range o.Sizes {
		if !(s > 0) || math.IsInf(float64(s), 0) {
			return o, fmt.Errorf("proofs: want sizes above 0, got %g", s)
		}
	}
	o.Sizes = slices.Clone(o.Sizes)
	slices.Sort(o.Sizes)
	o.Sizes = slices.Compact(o.Sizes)
	if o.Largest == 0 {
		o.Largest = largestRadius(o.Threat, len(images.Pixels)/n)
	}
	return o, nil
}

// largestRadius is that of a ball around an image of so many values in [0,1] that
// holds all others.
func largestRadius(threat string, values int) float32 {
	switch attacks.Norm(threat) {
	case attacks.Linf:
		return 1
	case attacks.L2:
		return float32(math.Sqrt(float64(values)))
	case attacks.L1:
		return float32(values)
	}
	return math.MaxFloat32
}

// Progress is how far a run is.
type Progress struct {
	Done, Of  int    // pairs of a correctly classified image and a size; while radii are searched, images
	Searching bool   // radii are searched
	Doing     string // the prover that runs now, and at which size
	Proven    int    // images proven at the smallest size
	Correct   int    // images classified correctly
}
