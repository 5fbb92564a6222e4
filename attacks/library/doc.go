// Package library holds the attacks, a file for each. It imports attacks and
// attacks/vector, and graphs where an attack trains a model of its own.
//
// Most files implement one paper. The doc comment of the attack names it, with
// the equations or algorithm followed, the source of the default values, and
// what differs from other libraries.
//
// # To add an attack
//
// Write one file: a struct that embeds [attacks.Common], with its
// hyper-parameters as tagged fields (see [attacks.Parse]), the methods Losses
// and Run, and a call of [attacks.Register]. Add one row to the table
// conformanceRows in conform_test.go. Nothing else changes: configuration,
// ensembles, checks and report read the entry. The example of this package adds
// an attack; fgsm.go is the shortest real one, pgd.go one with restarts.
//
// # Shared helpers
//
//	adam.go                Adam on one image
//	antithetic.go          gradients estimated from logits
//	candidates.go          scoring many images, claiming the first or nearest success
//	cross_entropy.go       cross-entropy from logits
//	gradient_ascent.go     projected gradient ascent with steps of one size
//	linear_boundaries.go   linearised decision boundaries, other classes by logit
//	minimum_norm.go        what attacks without a radius share
//	nearest_claim.go       claims of ever nearer examples
//	random_numbers.go      random signs, directions and images
//	resampling.go          bilinear sampling, rotation, translation
//	starts.go              starts and targets side by side
//	starting_point.go      misclassified images to start from, boundary search
//	warping.go             warp of an image by a field, and its gradient
//	weight_search.go       binary search for the weight of a loss term
//
// Files such as apgd_l1.go hold parts of the attack that they are named after.
package library
