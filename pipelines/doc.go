// Package pipelines turns bytes into augmented batches, in pure Go.
//
// The data goes one way:
//
//	Open -> Source.At(i) -> Augment (one random generator per example) -> Stream -> Batch
//
// A [Source] is random access to labelled 8-bit images. An [Augment] is a list of steps, written as
// "crop(48)|resize(32)|brightness(63/255)|deform(stretch=2..8,shift=2..8)". [Stream] applies the
// one to the other on several goroutines and yields batches in order. Randomness is derived
// from (seed, epoch, index) and never drawn from a shared stream, so the batches depend neither on
// the number of workers nor on where a run was resumed.
//
// Images are [N,H,W,C], row-major, channels last; 8-bit values are divided by 255.
//
// # Files
//
// Read these first:
//
//	source.go         Source, the interface of every data set
//	augment_parse.go  the steps of an augmentation and how they are written
//	augment.go        how the steps are composed and applied to an image
//	batch.go          Batch and the options of a stream
//	stream.go         how batches are made in parallel and yielded in order
//
// The data sets: data.go and open.go (what a configuration can ask for), splits.go (training,
// validation and test part), memory_source.go and memory_budget.go (sets in memory), subset.go,
// factors.go. A set of the user's own images is read by folder.go or csv.go into a listing
// (listing.go, listing_check.go) and decoded by decode.go and exif.go. Published sets: idx.go
// (MNIST), cifar.go, norb.go with norb_files.go and mat.go; file_reader.go reads binary files.
// glyphs*.go draw the set that needs no files.
//
// The arithmetic: axis.go composes geometric steps, resample.go interpolates, augment_steps.go
// has a type for each step, seed.go derives random numbers.
//
// What is shown to people: describe.go, sheet.go, progress.go, nearest.go.
//
// To add a data set of your own, implement Source (see the example) and pass it to Stream. To
// make it a value of data.set, add a file with its reader and a row in open.go.
package pipelines
