package pipelines

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noise is a set of random images; example i has label i mod classes.
func noise(name string, n int, sh Shape, classes int) *memorySource {
	r := rand.New(rand.NewPCG(1, 2))
	m := &memorySource{name: name, shape: sh, classes: classes, pixels: make([]uint8, n*sh.Len()), labels: make([]int32, n)}
	for i := range m.pixels {
		m.pixels[i] = uint8(r.Uint32())
	}
	for i := range m.labels {
		m.labels[i] = int32(i % classes)
	}
	return m
}

// picture is an image as the oracle sees it: nested slices [H][W][C] in float64, every step carried
// out on its own and in full. It shares no code with the package.
type picture [][][]float64

func newPicture(h, w int, at func(y, x int) []float64) picture {
	p := make(picture, h)
	for y := range p {
		p[y] = make([][]float64, w)
		for x := range p[y] {
			p[y][x] = at(y, x)
		}
	}
	return p
}

func fromBytes(raw []uint8, h, w, c int) picture {
	return newPicture(h, w, func(y, x int) []float64 {
		v := make([]float64, c)
		for k := range v {
			v[k] = float64(raw[(y*w+x)*c+k]) / 255
		}
		return v
	})
}

func (p picture) h() int { return len(p) }
func (p picture) w() int { return len(p[0]) }

// edge is the pixel at (y, x), or the nearest one of the picture.
func (p picture) edge(y, x int) []float64 {
	if y < 0 {
		y = 0
	}
	if y >= p.h() {
		y = p.h() - 1
	}
	if x < 0 {
		x = 0
	}
	if x >= p.w() {
		x = p.w() - 1
	}
	return p[y][x]
}

func (p picture) crop(y0, x0, h, w int) picture {
	return newPicture(h, w, func(y, x int) []float64 { return p[y0+y][x0+x] })
}

func (p picture) flip() picture {
	return newPicture(p.h(), p.w(), func(y, x int) []float64 { return p[y][p.w()-1-x] })
}

// readShift moves the content down and to the right.
func (p picture) shift(dy, dx int) picture {
	return newPicture(p.h(), p.w(), func(y, x int) []float64 { return p.edge(y-dy, x-dx) })
}

// resize is bilinear with half-pixel centres: all four neighbours, weighted by the areas opposite.
func (p picture) resize(h, w int) picture {
	return newPicture(h, w, func(y, x int) []float64 {
		v := (float64(y)+.5)*float64(p.h())/float64(h) - .5
		u := (float64(x)+.5)*float64(p.w())/float64(w) - .5
		y0, x0 := int(math.Floor(v)), int(math.Floor(u))
		fy, fx := v-float64(y0), u-float64(x0)
		out := make([]float64, len(p[0][0]))
		for k := range out {
			out[k] = (1-fy)*(1-fx)*p.edge(y0, x0)[k] + (1-fy)*fx*p.edge(y0, x0+1)[k] +
				fy*(1-fx)*p.edge(y0+1, x0)[k] + fy*fx*p.edge(y0+1, x0+1)[k]
		}
		return out
	})
}

// readDeform stretches each side by an even number of pixels, moves the content down and to the right, and
// keeps the middle: a window on the stretched picture, beyond whose edges
// the edge repeats.
func (p picture) deform(sy, sx, dy, dx int) picture {
	large := p.resize(p.h()+sy, p.w()+sx)
	return newPicture(p.h(), p.w(), func(y, x int) []float64 { return large.edge(y+sy/2-dy, x+sx/2-dx) })
}

// mean is the mean of one channel.
func (p picture) mean(k int) float64 {
	s := 0.
	for _, row := range p {
		for _, v := range row {
			s += v[k]
		}
	}
	return s / float64(p.h()*p.w())
}

func (p picture) values(f func(k int, v float64) float64) picture {
	return newPicture(p.h(), p.w(), func(y, x int) []float64 {
		v := make([]float64, len(p[y][x]))
		for k := range v {
			v[k] = f(k, p[y][x][k])
		}
		return v
	})
}

// distance is the largest difference to an image [H,W,C].
func (p picture) distance(image []float32) float64 { return p.distanceUpTo(image, math.Inf(1)) }

// distanceUpTo is the distance if it is below limit, else some number that is not.
func (p picture) distanceUpTo(image []float32, limit float64) float64 {
	if len(image) != p.h()*p.w()*len(p[0][0]) {
		return math.Inf(1)
	}
	most, i := 0., 0
	for _, row := range p {
		for _, v := range row {
			for _, a := range v {
				if most = max(most, math.Abs(a-float64(image[i]))); most >= limit {
					return most
				}
				i++
			}
		}
	}
	return most
}

// augmented runs a text on one image.
func augmented(t *testing.T, text string, seed Seed, raw []uint8, in Shape) (image, view []float32) {
	t.Helper()
	a := parse(t, text)
	m, err := newAugmenter(a, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.OutputShape(in)
	if err != nil {
		t.Fatal(err)
	}
	image = make([]float32, out.Len())
	if a.Deforms() {
		view = make([]float32, out.Len())
	}
	m.apply(seed, raw, image, view)
	return image, view
}

func parse(t *testing.T, text string) Augment {
	t.Helper()
	a, err := ParseAugment(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
