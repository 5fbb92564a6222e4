package certify

import (
	"context"

	"unwarp/attacks"
	"unwarp/graphs/bounds"
)

// Prover looks for proofs of images at one size of a threat. What a threat of
// some size allows, one of a larger size allows too.
type Prover interface {
	// Name is the method with its settings as a report shows them:
	// "alpha-crown", "cells(crown)", "smooth(sigma=.25,n=10000,alpha=.001)".
	Name() string
	// Prove returns a result for each image, in their order. When ctx ends it
	// returns the error of ctx; limits of its own, such as a time for each image,
	// make an image [Open].
	Prove(ctx context.Context, images attacks.Images, size float64) ([]Result, error)
}

// Batcher is a prover that says how many images it wants at once, or the [Method]
// of one, for an estimate of its memory; others get one. Results must not depend on
// which images come together.
type Batcher interface{ Batch() int }

// EachProver is a prover that takes images at sizes of their own at once.
type EachProver interface {
	Prover
	ProveEach(ctx context.Context, images attacks.Images, sizes []float64) ([]Result, error)
}

// Staged is a prover that has faster ones, which are asked before it about all
// images.
type Staged interface {
	Prover
	// Stages are the faster ones, the fastest first.
	Stages() []Prover
	// Slow tells whether attacks should come first: what they break need not be
	// asked about.
	Slow() bool
}

// Judge is a prover of a threat that is no ball. It tells at which size of the
// threat an example lies; ok is false where the threat has it at none.
type Judge interface {
	SizeOf(image, example []float32, parameters []float64) (size float64, ok bool)
}

// RadiusProver is a prover whose results say by themselves up to which size they
// hold ([Result.Radius]): it is asked once for each image, with size 0.
type RadiusProver interface {
	Prover
	ProvesRadius()
}

// OtherModel is a prover whose proofs are not of the model itself but of one made
// of it, such as the smoothed classifier. An example against the model is none
// against that, and its proofs do not save an attack on the model.
type OtherModel interface {
	// ProvenModel names that model: "the smoothed classifier".
	ProvenModel() string
}

// Confident is a prover whose proofs hold with a probability.
type Confident interface {
	// Confidence says how surely the proofs of so many images hold.
	Confidence(images int) string
}

// Status is what is known of an image at a size.
type Status = bounds.Status

// Statuses. Proven: all that the threat allows is classified as the label. Broken:
// an example is not. Misclassified: the image itself is not. Open: neither is
// known. Abstained: a method that answers with a confidence gives no answer.
const (
	Proven               = bounds.Proven
	Broken               = bounds.Broken
	Misclassified        = bounds.Misclassified
	Open                 = bounds.Open
	Abstained     Status = "abstained"
)

// Result is what a prover found of one image at one size.
type Result struct {
	Status Status `json:"status"`
	// Method is the one that decided, or the last that was tried.
	Method string `json:"method,omitempty"`
	// Lower is the least lower bound of a margin z_label - z_k: positive where the
	// image is proven. Nil where the method has none.
	Lower *float64 `json:"lower,omitempty"`
	// Radius is up to which size the image is proven, of a [RadiusProver].
	Radius float64 `json:"radius,omitempty"`
	// Class is what the example is classified as; of a method that answers for a
	// model of its own, its answer for the image.
	Class int `json:"class,omitempty"`
	// Example is the image that is classified otherwise, where Status is Broken.
	Example []float32 `json:"example,omitempty"`
	// Parameters are those of a geometric threat at the example.
	Parameters []float64 `json:"parameters,omitempty"`
	// Domains is into how many parts the threat was divided.
	Domains int `json:"domains,omitempty"`
	// Seconds is the time spent on the image, as far as it can be told.
	Seconds float64 `json:"seconds,omitempty"`
	// Note says what a reader should know, such as a bound that overflowed.
	Note string `json:"note,omitempty"`
}
