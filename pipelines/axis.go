package pipelines

// axis says where the pixels of one side of a transformed image lie on the source's side: pixel i
// of 0..n-1 reads the source at coordinate clamp(scale*i + offset, lo, hi), where whole numbers are
// pixel centres.
//
// Axes are closed under the geometric steps, which is why any number of them costs one
// interpolation. The interval [lo, hi] spans the centres of the outermost pixels of the image that
// the latest step read from: whatever lies beyond repeats its edge pixels.
type axis struct {
	n             int
	scale, offset float64
	lo, hi        float64
}

// identityAxis is the axis of an untouched side of n pixels.
func identityAxis(n int) axis { return axis{n: n, scale: 1, hi: float64(n - 1)} }

// at is the source coordinate of (fractional) pixel u.
func (a axis) at(u float64) float64 {
	v := a.scale*u + a.offset
	if v < a.lo { // min and max also look for NaN, which takes longer
		return a.lo
	}
	if v > a.hi {
		return a.hi
	}
	return v
}

// then appends a step that makes a side of m pixels, of which pixel i reads pixel scale*i + offset
// of the present side, with edge pixels repeated.
//
// A clamp followed by a monotonous map and a second clamp is one clamp, to the images of the inner
// interval's ends; so nothing is lost here.
func (a axis) then(m int, scale, offset float64) axis {
	first, last := a.at(0), a.at(float64(a.n-1))
	return axis{
		n:      m,
		scale:  a.scale * scale,
		offset: a.scale*offset + a.offset,
		lo:     min(first, last),
		hi:     max(first, last),
	}
}

// crop keeps m pixels from pixel at on.
func (a axis) crop(m, at int) axis { return a.then(m, 1, float64(at)) }

// resize samples m pixels with half-pixel centres and no antialiasing, as tf.image.resize (v2,
// bilinear) and PyTorch's interpolate (align_corners=False) do.
func (a axis) resize(m int) axis {
	r := float64(a.n) / float64(m)
	return a.then(m, r, .5*r-.5)
}

// flip mirrors the side.
func (a axis) flip() axis { return a.then(a.n, -1, float64(a.n-1)) }

// deform stretches the side by so many pixels (n becomes n+stretch), moves the content by shift
// pixels towards higher numbers and keeps the n pixels in the middle. If stretch is odd, the middle
// falls between pixels.
func (a axis) deform(stretch, shift int) axis {
	return a.resize(a.n+stretch).then(a.n, 1, .5*float64(stretch)-float64(shift))
}

// sampleGrid is where the pixels of a transformed image lie on its source.
type sampleGrid struct{ y, x axis }
