// Package cells proves of images that no change of a geometric threat alters
// their class.
//
// Rotations, moves, scales, shears and their sums have a few parameters. Their
// box is split into cells. Over a cell, each pixel's value is bounded by a box
// and by a path, linear in the parameters (trace); both are pushed through the
// network by package bounds. A cell that is not proven is split, the least bound
// first, until all are proven, an example is found, or the budget is spent.
// Examples are looked for on a grid of parameters before, and in the centre and
// the corners of each open cell. They are images of [geometry.Threat.Apply].
//
// Moves by whole pixels, and size 0, are finitely many images: all are tried.
// A field gives each pixel a box: the range of the samples that it can reach. A
// smooth field is also a move of the whole image, by the displacement of the pixel
// in the middle, with a remainder that grows with the distance from it: cells of
// that displacement are proven as cells of moves are, with wider positions.
//
// # Soundness
//
// A cell's bounds hold for the transform in real numbers and for that of
// [geometry.Threat.Apply], rounded as it is to float32. They are computed in
// float64. Positions are widened by what their rounding in float32 can come to
// (sampler.slack), values by the rounding of interpolation; what is handed on is
// rounded outwards to float32. The network's bounds are widened by package
// bounds.
//
// Files: interval.go, motion.go (positions that a pixel reads), sampler.go
// (samples over a rectangle), path.go (a cell's bounds), cell.go, search.go
// (cells of one image), examples.go, field.go, field_examples.go,
// smooth.go, prover.go, method.go.
package cells
