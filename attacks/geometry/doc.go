// Package geometry defines geometric threats: what may be done to an image by
// moving its pixels. A threat is written
//
//	rotate(30)                   rotated by up to 30 degrees either way; rotate(±30) is the same
//	translate(3px)               moved by up to 3 pixels along each side, by any fraction of a pixel
//	translate(3px,whole)         moved by whole pixels only
//	scale(.1)                    made up to 10 % larger or smaller
//	shear(.1)                    x grows by up to .1 y, either way
//	rotate+translate(30,3px)     a sum of these, its limits in the order of its names
//	field(2px)                   each pixel displaced on its own, by up to 2 pixels along each side
//	field(2px,smooth)            the same, displacements of neighbours differ by at most .25 px; smooth=.1 is another limit
//
// Keys may be named (rotate+translate(translate=3px,rotate=30)). Of any threat
// border=edge repeats the edge outside the image; the default border=zero reads
// zeros there.
//
// # Order of a sum
//
// An image is scaled, sheared, rotated counterclockwise around its middle and
// then moved, whatever the order of the names.
//
// # Sizes
//
// A threat of one kind has its own unit: degrees, pixels, the share of a scale,
// the slope of a shear. A sum is measured as a share of itself, 1 is all of it:
// at .5 each of its limits is halved ([Threat.At]). The limit of smoothness of a
// field stays.
//
// # Reference
//
// [Threat.Apply] is the transform in Go, [Warp] the interpolation, op by op that
// of [graphs.Warp]: the float32 results are the same, bit by bit. An example is
// an image that one of these gives.
package geometry
