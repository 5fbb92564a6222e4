// Package graphs holds the mathematics: everything that becomes a TensorFlow
// graph, from a convolution to the disentangled classifier of Duan et al.
//
// # Why it is built like this
//
// One graph, many passes. Training, evaluation, each attack and the export all
// compute the same function of the same weights, but in another mode and with
// other outputs. So a model is a plain value with a method that writes it into
// a [Scope]; each pass writes it again under its own op-name prefix, and all
// passes share the variables, which are known by path ("encoder/conv1/kernel").
// The first pass declares a variable, later ones must find it: a typo or a
// forked architecture is a build error, never a second, untrained weight.
//
// One op, one scope. graft names an op by its type and does not make the name
// unique; only a fresh sub-scope does. [Scope.Op] hands one out per op.
//
// One read per variable. The gradient with respect to a ReadVariableOp covers
// that read alone, so every pass uses the single read made when the variable
// was declared.
//
// Errors accumulate. A layer that meets a shape it cannot use calls
// [Scope.Errorf] and returns; the first cause is kept with the path where it
// happened, later ones are consequences. [Build] turns it into an error.
//
// Updates are returned, never hidden. Batch normalisation's moving statistics
// are collected by the pass and run with the optimiser as explicit targets: an
// attack's forward pass cannot move them.
//
// Randomness is derived. Initial values and dropout masks come from stateless
// ops keyed by (seed, path, step); a resumed run draws what an uninterrupted
// one would have drawn.
//
// Conventions: images are float32 [B,H,W,C] with values in [0,1]; labels are
// int32 [B]; a displacement field is [B,H,W,2] in pixels, (dx, dy).
package graphs
