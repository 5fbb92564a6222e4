// Package attacks looks for adversarial examples and counts what it finds.
//
// An attack sees a [Victim], a function from images to logits inside a graph,
// never a model's class. It proposes images; the [Referee] alone decides: it
// runs plain inference on the proposed images and checks in Go, with code that
// the attacks do not share, that they lie in the ball and in the box.
//
// # Why every gradient attack takes a loss
//
// The gradient of the whole training loss of a model that reconstructs its
// input is dominated by the reconstruction term. Its sign is then unrelated
// to the class, and an attack that follows it is weak for a reason that has
// nothing to do with the model's robustness. Attacks therefore follow the
// classification loss unless told otherwise, and each is compared with random
// signs, which use no gradient at all.
package attacks
