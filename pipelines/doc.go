// Package pipelines turns bytes into augmented batches, in pure Go.
//
// The data goes one way:
//
//	Open -> Source.At(i) -> Augment (one random generator per example) -> Stream -> Batch
//
// A [Source] is random access to labelled 8-bit images. An [Augment] is a sentence such as
// "crop(48)|resize(32)|brightness(63/255)|deform(stretch=2..8,shift=2..8)". [Stream] applies the
// one to the other on several goroutines and hands out batches in order. Randomness is derived
// from (seed, epoch, index) and never drawn from a shared stream, so the batches depend neither on
// the number of workers nor on where a run was resumed.
//
// Images are [N,H,W,C], row-major, channels last; 8-bit values are divided by 255.
package pipelines
