package cells

import (
	"math"
	"math/rand/v2"
	"testing"

	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
)

// spread is a model against which the whole image may move without harm: only
// fields that move its left column left and its right column right lower the
// margin, from b to b - 2·side.
func spread(b float32) (linear, []float32) {
	m, image := linear{w: make([]float32, side*side), b: b}, make([]float32, side*side)
	for y := range side {
		image[y*side+2], image[y*side+5] = 1, 1
		m.w[y*side+1], m.w[y*side+6] = -1, -1
	}
	return m, image
}

// TestSmoothFieldIsBroken: ascent finds a field whose neighbours are close, which
// no move of the whole image is as good as.
func TestSmoothFieldIsBroken(t *testing.T) {
	m, image := spread(1.5 * side)
	p := open(t, m.victim(), Method{Seconds: 20}, "field(1px,smooth=.5)")
	got := prove(t, p, blocks(image), 1)[0]
	if got.Status != certify.Broken {
		t.Fatalf("want broken, got %+v", got)
	}
	checkExample(t, m, p, image, got, 1)
	var most float64
	for i := 2; i < len(got.Parameters); i++ {
		if x := i / 2 % side; x > 0 {
			most = max(most, got.Parameters[i]-got.Parameters[i-2], got.Parameters[i-2]-got.Parameters[i])
		}
	}
	if most > .5+1e-6 || most == 0 {
		t.Errorf("want neighbours at most .5 px apart, got %g", most)
	}
}

// TestSmoothFieldIsProven: the box over all fields is too loose by side; with
// displacements of neighbours at most .1 px apart the columns cannot part far enough.
func TestSmoothFieldIsProven(t *testing.T) {
	m, image := spread(1.5 * side)
	for threat, want := range map[string]certify.Status{"field(1px,smooth=.1)": certify.Proven, "field(1px)": certify.Broken} {
		p := open(t, m.victim(), Method{Seconds: 60, Cells: 4000}, threat)
		got := prove(t, p, blocks(image), 1)[0]
		if got.Status != want || got.Lower != nil && *got.Lower > .5*side+1e-3 {
			t.Errorf("%s: want %s, got %+v", threat, want, got)
		}
	}
}

// TestRemainderHolds: images that smooth fields make lie in the bounds of each cell
// that the displacement of the middle pixel lies in, those at the very limit too.
func TestRemainderHolds(t *testing.T) {
	const h, w, c = 7, 6, 2
	r := rand.New(rand.NewPCG(3, 9))
	for _, text := range []string{"field(1px,smooth=.1)", "field(2px,smooth=.3,border=edge)"} {
		threat := mustParse(t, text)
		moves := geometry.Threat{Translate: threat.Field, Border: threat.Border}
		image := noise(r, h*w*c)
		for range 300 {
			field := make([]float32, 2*h*w)
			for i := range field {
				field[i] = float32(threat.Field * max(-1, min(1, 1.5*(2*r.Float64()-1))))
			}
			if r.IntN(2) == 0 { // steps at the limit, away from the middle
				middle := [2]float64{threat.Field * r.NormFloat64() / 3, threat.Field * r.NormFloat64() / 3}
				way := [2]float64{float64(1 - 2*r.IntN(2)), float64(1 - 2*r.IntN(2))}
				for i := range field {
					steps := math.Abs(float64(i/2%w-w/2)) + math.Abs(float64(i/2/w-h/2))
					field[i] = float32(middle[i%2] + way[i%2]*threat.Smooth*steps)
				}
			}
			threat.FitField(field, h, w)
			at := 2 * ((h/2)*w + w/2)
			one, theta := cell{}, make([]float64, 2)
			for k := range 2 {
				width := threat.Field * []float64{1, .2, .01}[r.IntN(3)]
				theta[k] = 2*r.Float64() - 1
				one.center, one.width = append(one.center, -float64(field[at+k])-theta[k]*width), append(one.width, width)
			}
			s, _ := trace(newSampler(image, h, w, c, threat), moves, one, newRemainder(threat, h, w))
			dst, x := make([]float32, len(image)), make([]float64, len(image))
			threat.ApplyField(dst, image, field, h, w, c)
			for i, v := range dst {
				x[i] = float64(v)
			}
			if box, path := excess(s, x, theta); box > 0 || path > 0 {
				t.Fatalf("%s, cell %v ± %v: outside the box by %g, the path by %g", text, one.center, one.width, box, path)
			}
		}
	}
}
