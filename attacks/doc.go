// Package attacks states what an attack is: what it knows, what it may ask,
// and what comes out. It imports graphs, graphs/spec and the standard library.
//
// An attack never sees a model's class, its weights or its file. It gets an
// [Oracle]: the [Problem] (one image, its label, the [Threat], a radius) and a
// [Model] that answers for images. It proposes images; whether one counts is
// decided by a separate float32 inference and by arithmetic that attacks do
// not share.
//
// # Packages
//
//	attacks           the API: Attack, Entry, Threat, Oracle, results, ensembles
//	attacks/library   the attacks, a file each
//	attacks/engine    attack graph, sessions and batches, scheduler, referee, journal
//	attacks/checks    can the evaluation be trusted?
//	attacks/vector    arithmetic on images as flat slices
//	attacks/attacktest models with known answers, for tests
//
// Read first: attack.go, oracle.go, then library/pgd.go with
// library/gradient_ascent.go, then engine/scheduler.go.
//
// # Adding an attack
//
// An attack is one file in attacks/library: a struct that embeds [Common],
// whose tagged fields are its keys, with the methods Losses and Run; and a
// package variable that calls [Register] with its [Entry]. It gets one row in
// library/conform_test.go. Nothing else has to know of it: configuration, help,
// report and checks read the catalogue.
//
// # Why every gradient attack takes a loss
//
// The gradient of the whole training loss of a model that reconstructs its
// input is dominated by the reconstruction term. Its sign is then unrelated
// to the class, and an attack that follows it is weak for a reason that has
// nothing to do with the model's robustness. Attacks therefore follow the
// classification loss by default, and each is compared with random
// signs, which use no gradient at all.
package attacks
