package onnx

import (
	"math"
	"slices"
)

// resize is Resize, and Upsample, which came before it. Every axis that changes is
// multiplied by a matrix of its own, [new size, old size], which holds the whole of the
// interpolation; so the gradient is right for every mode.
func resize(n *node) []*value {
	x := n.value(0)
	axes, v := n.resizedAxes(x), x
	for _, a := range axes {
		if a.axis == x.batch.axis {
			if a.scale != 1 {
				fail("want images resized, not their number")
			}
			continue
		}
		if a.changed() {
			v = n.resizeAxis(v, a)
		}
	}
	same := *v
	return []*value{&same}
}

// resized is how an axis changes.
type resized struct {
	axis     int
	in, out  int64
	scale    float64
	from, to float64 // region, for tf_crop_and_resize
	interpolation
}

// interpolation is what all axes share.
type interpolation struct {
	mode, coordinates, nearest string
	cubic                      float64
	outside, antialias         bool
	value                      float64 // outside of the region
}

func (a resized) changed() bool {
	return a.in != a.out || a.scale != 1 || a.coordinates == "tf_crop_and_resize" && (a.from != 0 || a.to != 1)
}

func (n *node) interpolation() interpolation {
	i := interpolation{mode: n.text("mode", "nearest"), coordinates: n.text("coordinate_transformation_mode", "half_pixel"),
		nearest: n.text("nearest_mode", "round_prefer_floor"), cubic: n.float("cubic_coeff_a", -.75),
		outside: n.int("exclude_outside", 0) != 0, antialias: n.int("antialias", 0) != 0, value: n.float("extrapolation_value", 0)}
	if n.set() < 11 || n.Op == "Upsample" {
		i.coordinates, i.nearest = "asymmetric", "floor"
	}
	if i.mode == "bilinear" {
		i.mode = "linear"
	}
	if !slices.Contains([]string{"nearest", "linear", "cubic"}, i.mode) {
		fail("attribute mode: want nearest, linear or cubic, got %.20q", i.mode)
	}
	return i
}

// resizedAxes reads scales or sizes.
func (n *node) resizedAxes(x *value) []resized {
	var axes []int64
	for i := range x.rank() {
		axes = append(axes, int64(i))
	}
	if a := n.ints("axes"); a != nil {
		axes = axesOf(a, x.rank())
	}
	scales, sizes, region := n.resizeInputs()
	if len(region) != 0 && len(region) != 2*len(axes) || len(scales) != len(axes) && len(sizes) != len(axes) {
		fail("want a scale or a size for each of %d axes, got %v and %v", len(axes), scales, sizes)
	}
	i := n.interpolation()
	old := x.sizes(1)
	var out []resized
	for k, axis := range axes {
		a := resized{axis: int(axis), in: old[axis], to: 1, interpolation: i}
		if len(region) > 0 {
			a.from, a.to = region[k], region[k+len(axes)]
		}
		if len(sizes) == len(axes) {
			a.scale = float64(sizes[k]) / float64(a.in)
		} else {
			a.scale = scales[k]
		}
		out = append(out, a)
	}
	return n.fitSizes(out, sizes)
}

// resizeInputs are scales, sizes and region; two of them may be nil.
func (n *node) resizeInputs() (scales []float64, sizes []int64, region []float64) {
	at := 2
	if n.set() < 11 || n.Op == "Upsample" {
		at = 1
		if a := n.find("scales", 6); a != nil {
			for _, v := range a.Floats {
				scales = append(scales, float64(v))
			}
		}
	}
	if n.given(at) {
		scales = n.known(at, "scales").values()
	}
	if n.given(3) {
		t := n.value(3).known
		if t == nil {
			fail("want sizes that do not depend on the image")
		}
		for _, d := range t.integers() {
			if d >= trials[0] {
				d = 1 // that of the images
			}
			sizes = append(sizes, d)
		}
	}
	if at == 2 && n.text("coordinate_transformation_mode", "") == "tf_crop_and_resize" {
		region = n.known(1, "regions").values()
	}
	return scales, sizes, region
}

// fitSizes computes the new sizes.
func (n *node) fitSizes(axes []resized, sizes []int64) []resized {
	policy := n.text("keep_aspect_ratio_policy", "stretch")
	common := axes[0].scale
	for _, a := range axes {
		if policy == "not_larger" {
			common = min(common, a.scale)
		} else {
			common = max(common, a.scale)
		}
	}
	for i := range axes {
		a := &axes[i]
		switch {
		case len(sizes) != len(axes):
			a.out = int64(math.Floor(float64(a.in) * a.scale))
		case policy == "stretch":
			a.out = sizes[i]
		default:
			a.scale = common
			a.out = int64(math.Floor(float64(a.in)*common + .5))
		}
		if a.in < 1 || a.out < 1 || a.out > 1<<16 || a.in > 1<<16 {
			fail("want sizes from 1 to %d, got %d to %d", 1<<16, a.in, a.out)
		}
	}
	return axes
}

// resizeAxis changes one axis.
func (n *node) resizeAxis(x *value, a resized) *value {
	if a.mode == "nearest" && a.coordinates != "tf_crop_and_resize" {
		places := make([]int64, a.out)
		for i := range places {
			places[i] = a.closest(a.origin(i))
		}
		return n.picked(x, a.axis, places)
	}
	product([]int64{a.in, a.out})
	matrix, outside := make([]float32, a.in*a.out), make([]float32, a.out)
	for i := range int(a.out) {
		at := a.origin(i)
		if a.coordinates == "tf_crop_and_resize" && (at < 0 || at > float64(a.in-1)) {
			outside[i] = float32(a.value)
			continue
		}
		a.weigh(at, matrix[int64(i)*a.in:int64(i+1)*a.in])
	}
	shape := stored(x, x.shape)
	at := x.place(a.axis)
	rest := product64(shape[at+1:])
	if rest < 0 {
		fail("want images along the first axis that is stored, got %v", x.shape)
	}
	y := n.reshape(n.read(x, x.order), []int64{-1, a.in, rest})
	y = n.op("BatchMatMulV2", nil, n.reshape(n.constant(matrix), []int64{a.out, a.in}), y)
	if slices.Max(outside) != 0 || slices.Min(outside) != 0 {
		y = n.plus(y, n.reshape(n.constant(outside), []int64{a.out, 1}))
	}
	shape = slices.Clone(shape)
	shape[at] = a.out
	return n.w.made(n.reshape(y, shape), x.order, x.batch)
}

// origin is where in the old axis entry i of the new one lies.
func (a resized) origin(i int) float64 {
	x, in, long := float64(i), float64(a.in), a.scale*float64(a.in)
	switch a.coordinates {
	case "half_pixel":
		return (x+.5)/a.scale - .5
	case "half_pixel_symmetric":
		return in/2*(1-float64(a.out)/long) + (x+.5)/a.scale - .5
	case "pytorch_half_pixel":
		if long == 1 {
			return -.5
		}
		return (x+.5)/a.scale - .5
	case "align_corners":
		if long == 1 {
			return 0
		}
		return x * (in - 1) / (long - 1)
	case "asymmetric":
		return x / a.scale
	case "tf_crop_and_resize":
		if a.out == 1 {
			return .5 * (a.from + a.to) * (in - 1)
		}
		return a.from*(in-1) + x*(a.to-a.from)*(in-1)/float64(a.out-1)
	}
	fail("attribute coordinate_transformation_mode: %.40q is not known", a.coordinates)
	return 0
}

// closest is the entry next to a place.
func (a resized) closest(at float64) int64 {
	var near float64
	switch a.nearest {
	case "round_prefer_floor":
		near = math.Ceil(at - .5)
	case "round_prefer_ceil":
		near = math.Floor(at + .5)
	case "floor":
		near = math.Floor(at)
	case "ceil":
		near = math.Ceil(at)
	default:
		fail("attribute nearest_mode: %.40q is not known", a.nearest)
	}
	return min(max(int64(near), 0), a.in-1)
}

// weigh adds to row how much each entry counts at a place. What lies outside is the
// entry at the border, or counts nothing where that is excluded.
func (a resized) weigh(at float64, row []float32) {
	if a.mode == "nearest" {
		row[a.closest(at)] = 1
		return
	}
	ratio := at - math.Floor(at)
	if ratio == 0 {
		ratio = 1
	}
	c := a.coefficients(ratio)
	first, sum := int64(math.Ceil(at))-int64(len(c))/2, 0.
	for i := range c {
		if at := first + int64(i); a.outside && (at < 0 || at >= a.in) {
			c[i] = 0
		}
		sum += c[i]
	}
	if !a.outside && !a.antialias {
		sum = 1
	}
	for i, v := range c {
		row[min(max(first+int64(i), 0), a.in-1)] += float32(v / sum)
	}
}

// coefficients are what the entries around a place count, ratio beyond the one in
// front of it.
func (a resized) coefficients(ratio float64) []float64 {
	scale, reach, kernel := 1., 1., func(d float64) float64 { return max(1-math.Abs(d), 0) }
	if a.mode == "cubic" {
		reach, kernel = 2, a.cubicKernel
	}
	if a.antialias {
		scale = min(a.scale, 1)
	}
	start := int(math.Floor(-reach/scale)) + 1
	var c []float64
	for i := start; i < 2-start; i++ {
		c = append(c, kernel(scale*(float64(i)-ratio)))
	}
	return c
}

// cubicKernel is the piecewise cubic of Keys (1981).
func (a resized) cubicKernel(d float64) float64 {
	d, k := math.Abs(d), a.cubic
	switch {
	case d <= 1:
		return ((k+2)*d-(k+3))*d*d + 1
	case d < 2:
		return k * (((d-5)*d+8)*d - 4)
	}
	return 0
}
