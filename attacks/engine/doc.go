// Package engine runs attacks on a model and judges what they find. It imports
// attacks, graphs and the standard library; it knows no attack by name.
//
//	graph.go, losses.go      the part of a graph that answers attacks
//	session.go, runner.go,   one session call per batch of requests
//	buffers.go
//	oracle.go                what one attack asks about one image, counted
//	lanes.go                 several searches of one attack side by side
//	search.go                one attack on one image over its radii
//	worker.go, scheduler.go  many searches at once, batched, in an order that
//	                         does not depend on timing
//	referee.go               verification of claims
//	prepare.go               attacks that train a model of their own
//	journal.go,              the state of an evaluation on disk, whose it is, and
//	journal_differ.go,       what of it is believed when the evaluation goes on
//	journal_confirm.go
//	engine.go                options, and the evaluation from start to end
//
// # What is not computed twice
//
// Images are attacked in batches. A misclassified image leaves its batch, and
// the next image takes its slot. Success at any iterate counts. Each attack
// runs only at radii where the image is still classified correctly after the
// attacks before it, and a failure at a radius is taken for one at all smaller
// radii. [Options.Exhaustive] turns the last two off.
package engine
