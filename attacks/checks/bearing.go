package checks

// Bearing is what a failed check can mean for the accuracy under attack: a
// union of the following.
type Bearing int

const (
	// NoBearing checks say nothing about the figures.
	NoBearing Bearing = 0
	// TooHigh: the attacks are weaker than they could be, so that the true
	// accuracy under attack may be lower. It does not touch the examples found.
	TooHigh Bearing = 1 << (iota - 1)
	// Unreliable: what was counted as an example may be none, so that the true
	// figure may be higher, or belong to another model or other images.
	Unreliable
)

// bearings of the checks other than [TooHigh], which is that of most.
var bearings = map[string]Bearing{
	"C02": Unreliable,           // examples that do not count at the radius at which they were found
	"C13": TooHigh | Unreliable, // of a random model, one pass of several decides
	"C14": Unreliable,           // images of a batch influence each other
	"C15": Unreliable,           // stored examples outside ball or box, or of another class
	"C16": NoBearing,            // how to store examples
	"C29": Unreliable,           // results depend on the batch size
	"C30": NoBearing,            // clean accuracy
	"C31": NoBearing,            // few images: the intervals say so
	"C32": Unreliable,           // images attacked that were misclassified before
	"C34": NoBearing,            // threats beyond the ball
	"C36": Unreliable,           // an image is proven and broken at once
}

// BearingOf is the bearing of the check called id.
func BearingOf(id string) Bearing {
	if b, ok := bearings[id]; ok {
		return b
	}
	return TooHigh
}
