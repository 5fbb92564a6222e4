// Package imported is what the readers of foreign files have in common: networks
// that other programs trained, written into our graph.
//
// A reader (a package below this one) turns a file into a [Network]. A Network is
// a plain value: it can be declared in any number of graphs and passes, as a
// model of package graphs can. Its weights are variables known by path, so
// checkpoints, export, optimisers and averages work on them as on any other.
//
// What a reader has to do:
//
//   - Refuse at opening what can never run here: several inputs, strings, ops that
//     touch files or run code.
//   - Take the scores before an ArgMax where the output is the number of a class, and
//     the number itself ([Number]) where there are none.
//   - Read images [B,H,W,C] of float32 in the file's own range, whatever the
//     layout and the element type of the file: it transposes at its border, and a
//     network of bytes is written for floats from 0 to 255.
//   - Work for any number of images B, and where the file allows it for any H and
//     W: the static shape of the images says which.
//   - Compute as in inference: no dropout, batch norm by its moving statistics.
//   - Write operations whose gradients are right in TensorFlow's C++ library, where
//     equal ones exist: no dilation, no grouped convolution, no explicit padding,
//     LogSoftmax of rank 2 alone. What has no gradient is written all the same:
//     [Probe] finds it, and attacks without gradients run on it.
//   - Record errors by Scope.Errorf, as layers do.
//
// [Open] is not here: package experiment knows the readers.
package imported
