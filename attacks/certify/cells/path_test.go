package cells

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"unwarp/attacks/geometry"
	"unwarp/graphs/bounds"
)

// noise is an image with as many black pixels as others.
func noise(r *rand.Rand, n int) []float32 {
	image := make([]float32, n)
	for i := range image {
		image[i] = max(0, 2*r.Float32()-1)
	}
	return image
}

// transform is the transform in float64, written from its definition: the
// changes one after the other, then bilinear weights of all pixels.
func transform(t geometry.Threat, image []float32, p map[string]float64, h, w, c int) []float64 {
	out := make([]float64, len(image))
	mx, my := float64(w-1)/2, float64(h-1)/2
	a := p["rotate"] * math.Pi / 180
	for y := range h {
		for x := range w {
			// Backwards: moved, turned, sheared, scaled.
			u, v := float64(x)-p["dx"]-mx, float64(y)-p["dy"]-my
			u, v = u*math.Cos(a)-v*math.Sin(a), u*math.Sin(a)+v*math.Cos(a)
			u -= p["shear"] * v
			u, v = u/(1+p["scale"])+mx, v/(1+p["scale"])+my
			if t.Border == geometry.Edge {
				u, v = min(max(u, 0), float64(w-1)), min(max(v, 0), float64(h-1))
			}
			for j := range h {
				for i := range w {
					weight := max(0, 1-math.Abs(u-float64(i))) * max(0, 1-math.Abs(v-float64(j)))
					for k := range c {
						out[(y*w+x)*c+k] += weight * float64(image[(j*w+i)*c+k])
					}
				}
			}
		}
	}
	return out
}

// excess is how far the values of an image, at parameters theta in [-1,1] of the
// cell, lie outside of its bounds: of the box, and of the path. Negative is
// within.
func excess(s bounds.Set, x []float64, theta []float64) (box, path float64) {
	box, path = math.Inf(-1), math.Inf(-1)
	n := len(x)
	for i, v := range x {
		box = max(box, float64(s.Lower[i])-v, v-float64(s.Upper[i]))
		center := float64(s.Center[i])
		for p, t := range theta {
			center += t * float64(s.Slopes[p*n+i])
		}
		path = max(path, math.Abs(v-center)-float64(s.Radius[i]))
	}
	return box, path
}

var threats = []string{
	"rotate(30)", "translate(2px)", "scale(.3)", "shear(.3)", "rotate(180,border=edge)", "translate(9px,border=edge)",
	"rotate+translate(30,3px)", "scale+rotate(.2,20)", "rotate+translate+scale+shear(20,2px,.2,.2)", "shear+scale+translate(.3,.2,1px,border=edge)",
}

func mustParse(t testing.TB, text string) geometry.Threat {
	t.Helper()
	threat, err := geometry.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return threat
}

// visit samples cells of every kind of threat, wide and narrow: check is called
// with bounds and many images of the cell, in float64 and of the reference.
func visit(t *testing.T, check func(name string, s bounds.Set, x, theta []float64)) {
	const h, w, c = 7, 6, 2
	r := rand.New(rand.NewPCG(1, 9))
	for _, text := range threats {
		threat := mustParse(t, text)
		all := threat.Parameters()
		for _, share := range []float64{1, .1, .003} {
			image := noise(r, h*w*c)
			one := cell{}
			for _, p := range all {
				width := share * p.Limit
				one.center, one.width = append(one.center, (2*r.Float64()-1)*(p.Limit-width)), append(one.width, width)
			}
			s, _ := trace(newSampler(image, h, w, c, threat), threat, one, nil)
			for n := range 60 {
				theta, p, named := make([]float64, len(all)), make([]float64, len(all)), map[string]float64{}
				for i := range theta {
					theta[i] = max(-1, min(1, 1.3*(2*r.Float64()-1)))
					p[i] = one.center[i] + theta[i]*one.width[i]
					named[all[i].Name] = p[i]
				}
				name := fmt.Sprintf("%s, share %g, parameters %v", text, share, p)
				if n%2 == 0 {
					check(name, s, transform(threat, image, named, h, w, c), theta)
					continue
				}
				dst, x := make([]float32, len(image)), make([]float64, len(image))
				threat.Apply(dst, image, p, h, w, c)
				for i, v := range dst {
					x[i] = float64(v)
				}
				check(name, s, x, theta)
			}
		}
	}
}

// TestTraceHolds: no sample lies outside of its cell's bounds.
func TestTraceHolds(t *testing.T) {
	visit(t, func(name string, s bounds.Set, x, theta []float64) {
		if box, path := excess(s, x, theta); box > 0 || path > 0 {
			t.Errorf("%s: outside the box by %g, the path by %g", name, box, path)
		}
	})
}

// TestTraceIsTight: the same samples do lie outside of bounds a little smaller.
// So the test before this one would see bounds that are too small.
func TestTraceIsTight(t *testing.T) {
	boxes, paths, all := 0, 0, 0
	visit(t, func(name string, s bounds.Set, x, theta []float64) {
		small := bounds.Set{Lower: make([]float32, len(x)), Upper: make([]float32, len(x)), Center: s.Center, Radius: make([]float32, len(x)), Slopes: s.Slopes}
		for i := range x {
			d := .1 * (s.Upper[i] - s.Lower[i])
			small.Lower[i], small.Upper[i], small.Radius[i] = s.Lower[i]+d, s.Upper[i]-d, .5*s.Radius[i]
		}
		box, path := excess(small, x, theta)
		all++
		if box > 1e-6 {
			boxes++
		}
		if path > 1e-6 {
			paths++
		}
	})
	if boxes < all*3/4 || paths < all/2 {
		t.Errorf("of %d samples, %d lie outside smaller boxes and %d outside narrower paths", all, boxes, paths)
	}
}

// TestTracePlanted: a ramp moves by its slope, exactly; a pixel's range is that of
// the tent over what it passes.
func TestTracePlanted(t *testing.T) {
	const h, w = 6, 8
	ramp, point := make([]float32, h*w), make([]float32, h*w)
	for i := range ramp {
		ramp[i] = float32(i%w) / 10
	}
	point[3*w+4] = 1
	threat := mustParse(t, "translate(2px)")
	c := cell{center: []float64{.25, 0}, width: []float64{.5, .125}}
	s, by := trace(newSampler(ramp, h, w, 1, threat), threat, c, nil)
	at := 2*w + 4 // reads x from 3.25 to 4.25: the ramp has no edge there
	near := func(what string, got float32, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 1e-4 {
			t.Errorf("%s: want %g, got %g", what, want, got)
		}
	}
	near("lower", s.Lower[at], .325)
	near("upper", s.Upper[at], .425)
	near("slope by dx", s.Slopes[at], -.05)
	near("slope by dy", s.Slopes[h*w+at], 0)
	near("radius", s.Radius[at], 0)
	near("center", s.Center[at], .375)
	if by != 0 {
		t.Errorf("want the cell split by dx, along which the ramp rises, got parameter %d", by)
	}

	s, _ = trace(newSampler(point, h, w, 1, threat), threat, c, nil)
	near("under the point", s.Lower[3*w+4], .25*.875) // farthest: dx .75, dy .125
	near("under the point", s.Upper[3*w+4], 1)
	near("to its right", s.Lower[3*w+5], 0) // it comes as near as .25
	near("to its right", s.Upper[3*w+5], .75)
	near("far away", s.Upper[3*w+7], 0)

	turn := mustParse(t, "rotate(90)")
	s, _ = trace(newSampler(point, h, w, 1, turn), turn, cell{center: []float64{90}, width: []float64{0.001}}, nil)
	for i, v := range s.Upper { // the point at (4,3), .5 from the middle each way, turns to (4,2)
		if want := i == 2*w+4; (v > .9) != want {
			t.Errorf("turned: value %d is up to %g", i, v)
		}
	}
}

// TestPathIsFirstOrder: while a cell shrinks, the box shrinks in proportion, and
// the path of most pixels with its square.
func TestPathIsFirstOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	image := noise(r, 100)
	threat := mustParse(t, "rotate(30)")
	mean := func(width float64) (box, path float64) {
		s, _ := trace(newSampler(image, 10, 10, 1, threat), threat, cell{center: []float64{7}, width: []float64{width}}, nil)
		for i := range image {
			box += float64(s.Upper[i]-s.Lower[i]) / 200
			path += float64(s.Radius[i]) / 100
		}
		return box, path
	}
	box, path := mean(1)
	smallBox, smallPath := mean(.1)
	if ratio := box / smallBox; ratio < 6 || ratio > 14 {
		t.Errorf("a box of a tenth of the angle is %g times smaller", ratio)
	}
	if ratio := path / smallPath; ratio < 20 {
		t.Errorf("a path of a tenth of the angle is %g times narrower", ratio)
	}
	if path > box/4 {
		t.Errorf("at 1 degree: boxes of radius %g, paths of %g", box, path)
	}
}
