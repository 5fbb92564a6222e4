package pipelines

// unitValues is v/255 for every byte v.
var unitValues = func() (t [256]float32) {
	for v := range t {
		t[v] = float32(v) / 255
	}
	return t
}()

// taps are the two neighbours that each element of an output side reads, and the second's weight.
type taps struct {
	of       axis
	from     int // length of the source's side; 0 before the first set
	first    []int32
	second   []int32
	weight   []float32
	fraction bool // some weight is not 0
	run      span // of elements whose neighbours in first lie side by side too
}

// span is from a to b-1.
type span struct{ a, b int }

// newTaps makes room for sides of n pixels with c interleaved channels.
func newTaps(n, c int) taps {
	return taps{first: make([]int32, n*c), second: make([]int32, n*c), weight: make([]float32, n*c)}
}

// fill computes the table for axis a over a source side of from pixels. Elements are pixels times the c
// channels: spelled out, so that one loop serves any number of channels.
func (t *taps) fill(a axis, from, c int) {
	if t.of == a && t.from == from {
		return
	}
	t.of, t.from, t.fraction = a, from, false
	for i := range a.n {
		at := a.at(float64(i))
		whole := int(at) // at >= 0
		w := float32(at - float64(whole))
		next := whole + 1
		if next >= from {
			whole, next, w = from-1, from-1, 0
		}
		t.fraction = t.fraction || w != 0
		for k := range c {
			t.first[i*c+k] = int32(whole*c + k)
			t.second[i*c+k] = int32(next*c + k)
			t.weight[i*c+k] = w
		}
	}
	t.run = longestRun(t.first[:a.n*c])
}

// longestRun is where the places follow each other for longest: all of a side that is only moved,
// but for its repeated edges.
func longestRun(places []int32) (longest span) {
	from := 0
	for i := 1; i <= len(places); i++ {
		if i < len(places) && places[i] == places[i-1]+1 {
			continue
		}
		if i-from > longest.b-longest.a {
			longest = span{from, i}
		}
		from = i
	}
	return longest
}

// resampler draws views of 8-bit sources. It belongs to one goroutine.
type resampler struct {
	in, out Shape
	y, x    taps
	rows    [2][]float32 // the latest two source rows, resampled horizontally
	held    [2]int       // their numbers; -1 is none
	zero    []float32    // a row of zeros
}

func newResampler(in, out Shape) *resampler {
	r := &resampler{in: in, out: out, y: newTaps(out.H, 1), x: newTaps(out.W, out.C), zero: make([]float32, out.W*out.C)}
	for i := range r.rows {
		r.rows[i] = make([]float32, out.W*out.C)
	}
	return r
}

// draw writes gain*value + bias of view v of src, values in units of 255, to dst [H,W,C]. bias has
// one entry for each element of a row, or is nil for none. Interpolation is bilinear and separable.
func (r *resampler) draw(dst []float32, src []uint8, v sampleGrid, gain float32, bias []float32) {
	r.y.fill(v.y, r.in.H, 1)
	r.x.fill(v.x, r.in.W, r.in.C)
	if !r.x.fraction && !r.y.fraction {
		r.pick(dst, src, gain, bias)
		return
	}
	if bias == nil {
		bias = r.zero
	}
	r.held = [2]int{-1, -1}
	width := r.out.W * r.out.C
	bias = bias[:width]
	for y := range r.out.H {
		w := r.y.weight[y]
		out := dst[y*width:][:width]
		top := r.row(src, int(r.y.first[y]), -1)
		if w == 0 {
			a := r.rows[top][:width]
			for i := range out {
				out[i] = gain*a[i] + bias[i]
			}
			continue
		}
		bottom := r.row(src, int(r.y.second[y]), top)
		a, b := r.rows[top][:width], r.rows[bottom][:width]
		for i := range out {
			out[i] = gain*(a[i]+(b[i]-a[i])*w) + bias[i]
		}
	}
}

// pick is draw where every value is one of the source: nothing is interpolated.
func (r *resampler) pick(dst []float32, src []uint8, gain float32, bias []float32) {
	from, width := r.in.W*r.in.C, r.out.W*r.out.C
	first := r.x.first[:width]
	for y := range r.out.H {
		line := src[int(r.y.first[y])*from:][:from]
		out := dst[y*width:][:width]
		if gain == 1 && bias == nil {
			copyUnits(out[:r.x.run.a], line, first)
			copyUnits(out[r.x.run.b:], line, first[r.x.run.b:])
			middle := out[r.x.run.a:r.x.run.b]
			for i, v := range line[first[r.x.run.a]:][:len(middle)] {
				middle[i] = unitValues[v]
			}
			continue
		}
		shift := r.zero[:width]
		if bias != nil {
			shift = bias[:width]
		}
		for i, at := range first {
			out[i] = gain*unitValues[line[at]] + shift[i]
		}
	}
}

// copyUnits writes the values at some places of line.
func copyUnits(to []float32, line []uint8, places []int32) {
	places = places[:len(to)]
	for i := range to {
		to[i] = unitValues[line[places[i]]]
	}
}

// row resamples source row n horizontally, unless it is held already, and says which buffer has it.
// Buffer keep is not overwritten.
func (r *resampler) row(src []uint8, n, keep int) int {
	if r.held[0] == n {
		return 0
	}
	if r.held[1] == n {
		return 1
	}
	to := 0
	if keep == 0 || keep < 0 && r.held[0] > r.held[1] {
		to = 1 // views never turn upside down: the lower row is needed again, the upper is not
	}
	r.held[to] = n
	width := r.in.W * r.in.C
	line := src[n*width:][:width]
	out := r.rows[to]
	first := r.x.first[:len(out)]
	if !r.x.fraction {
		for i := range out {
			out[i] = unitValues[line[first[i]]]
		}
		return to
	}
	second, weight := r.x.second[:len(out)], r.x.weight[:len(out)]
	for i := range out {
		a, b := unitValues[line[first[i]]], unitValues[line[second[i]]]
		out[i] = a + (b-a)*weight[i]
	}
	return to
}

// affine is a change of values: gain*v + bias[c]. Brightness and contrast compose to one.
type affine struct {
	gain float64
	bias []float64 // per channel
	mean []float64 // of the image before any change, per channel; filled if a step asks for it
}

func (t *affine) reset() {
	t.gain = 1
	clear(t.bias)
}

// setMeans fills t.mean from an image [H,W,C].
func (t *affine) setMeans(image []float32) {
	c := len(t.mean)
	for k := range t.mean {
		t.mean[k] = sumEvery(image[k:], c) / float64(len(image)/c)
	}
}

// sumEvery is x[0] + x[c] + x[2c] and so on. Four sums grow side by side, since each addition waits
// for the one before it.
func sumEvery(x []float32, c int) float64 {
	var s0, s1, s2, s3 float64
	for len(x) > 3*c {
		s0 += float64(x[0])
		s1 += float64(x[c])
		s2 += float64(x[2*c])
		s3 += float64(x[3*c])
		x = x[min(4*c, len(x)):]
	}
	for i := 0; i < len(x); i += c {
		s0 += float64(x[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// applyAffine changes the image in place. bias has one entry for each element of a row.
func applyAffine(image []float32, gain float32, bias []float32) {
	for len(image) > 0 {
		row := image[:len(bias)]
		for i, v := range row {
			row[i] = gain*v + bias[i]
		}
		image = image[len(bias):]
	}
}
