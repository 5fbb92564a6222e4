// Package certify proves of single images that no change within a threat alters
// their class, records the proofs and goes on with them after an interruption.
// Attacks bound the share of images that stay right from above, proofs from
// below: each image is proven, broken or open (see [Status]).
//
// A [Prover] looks for proofs of images at one size of one threat: for balls the
// radius eps, for geometric threats the size that their package defines. What is
// proven at one size holds at all smaller ones, and an example at one size is one
// at all larger ones.
//
// # Files
//
//	prover.go        what a prover is, and what it may say of itself
//	method.go        catalogue of methods, which declare a prover in a graph
//	ball_methods.go, the methods of package bounds
//	ball.go
//	input_split.go,  branch and bound over the input: method, search of one image,
//	input_search.go, boxes
//	input_boxes.go
//	slope.go         the gradient that leads to errors
//	options.go,      [Run]: provers and their faster stages, over images and
//	run.go,          sizes; verification of examples; what results mean;
//	stages.go,       bisection of radii
//	attempt.go,
//	verify.go,
//	take.go, radius.go
//	journal.go       the state of a run on disk
//	certificate.go   the result: per image, counts at a size, contradictions
//	                 between proofs and examples
//	merge.go         putting certificates together, such as those of shards
//
// To add a method, write a file with a struct whose fields are its keys, that
// declares what it computes and opens a [Prover], and register it with an [Entry].
// Command, configuration, journal and report need nothing else.
package certify
