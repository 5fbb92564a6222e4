package library

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/geometry"
	"unwarp/attacks/vector"
)

func geometric(t testing.TB, text string) attacks.Threat {
	t.Helper()
	threat, err := attacks.ParseThreat(text)
	if err != nil {
		t.Fatal(err)
	}
	return threat
}

// resampled is bilinear interpolation in float64, written apart from the
// reference: pixel (x,y) of the result is image at from(x,y), and outside of it
// nothing, or the nearest pixel of the edge.
func resampled(image []float32, h, w, c int, edge bool, from func(x, y int) (u, v float64)) []float64 {
	read := func(x, y, k int) float64 {
		if edge {
			x, y = min(max(x, 0), w-1), min(max(y, 0), h-1)
		}
		if x < 0 || y < 0 || x >= w || y >= h {
			return 0
		}
		return float64(image[(y*w+x)*c+k])
	}
	out := make([]float64, len(image))
	for y := range h {
		for x := range w {
			u, v := from(x, y)
			x0, y0 := int(math.Floor(u)), int(math.Floor(v))
			a, b := u-float64(x0), v-float64(y0)
			for k := range c {
				out[(y*w+x)*c+k] = (1-b)*((1-a)*read(x0, y0, k)+a*read(x0+1, y0, k)) + b*((1-a)*read(x0, y0+1, k)+a*read(x0+1, y0+1, k))
			}
		}
	}
	return out
}

// transformed is what a result's parameters make of an image, in float64.
func transformed(g geometry.Threat, image []float32, r attacks.ImageResult, h, w, c int) []float64 {
	edge := g.Border == geometry.Edge
	if g.IsField() {
		return resampled(image, h, w, c, edge, func(x, y int) (u, v float64) {
			i := 2 * (y*w + x)
			return float64(x) + float64(r.Field[i]), float64(y) + float64(r.Field[i+1])
		})
	}
	value := map[string]float64{}
	for i, p := range g.Parameters() {
		value[p.Name] = r.Parameters[i]
	}
	// Forward: middle-centred q = (1+scale)·position, then q.x += shear·q.y, then a
	// counterclockwise turn (y points down), then the move. Backward in reverse.
	sin, cos := math.Sincos(value["rotate"] * math.Pi / 180)
	mx, my := float64(w-1)/2, float64(h-1)/2
	return resampled(image, h, w, c, edge, func(x, y int) (u, v float64) {
		p, q := float64(x)-value["dx"]-mx, float64(y)-value["dy"]-my
		p, q = cos*p-sin*q, sin*p+cos*q
		p -= value["shear"] * q
		return p/(1+value["scale"]) + mx, q/(1+value["scale"]) + my
	})
}

var geometricThreats = map[string][]float32{
	"rotate(40)":               {5, 20, 40},
	"translate(2px)":           {.5, 1, 2},
	"translate(2px,whole)":     {1, 2},
	"scale(.4)":                {.1, .4},
	"shear(.5,border=edge)":    {.1, .5},
	"rotate+translate(60,2px)": {.2, .6, 1},
	"rotate+translate+scale+shear(30,1px,.2,.2,border=edge)": {.5, 1},
	"field(1px)":                    {.3, 1},
	"field(2px,smooth)":             {.5, 2},
	"field(2px,smooth,border=edge)": {1, 2},
}

// TestGeometricConformance runs every geometric attack on each kind of threat and
// checks each example: its parameters are within the threat, the image is what an
// independent transform in float64 makes of them, and a separate inference errs.
func TestGeometricConformance(t *testing.T) {
	for text, sizes := range geometricThreats {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			threat := geometric(t, text)
			var list []attacks.Attack
			for _, a := range attacktest.Parse(t, conformanceRows...) {
				if a, ok := a.(*Grid); ok && len(threat.Geometry.Parameters()) > 3 {
					a.Points, a.Moves = 3, 3
				}
				if attacks.CheckThreat(a, threat) == nil {
					list = append(list, a)
				}
			}
			v := attacktest.Smooth(7, 6, 2, 5)
			st := attacktest.NewSession(t, v, threat, list...)
			set := attacktest.PredictedImages(t, st, 12)
			ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: sizes, Batch: 16, Exhaustive: true})
			found := 0
			for s := range ev.Attacks {
				found += checkTransforms(t, st, set, ev, s)
			}
			if found == 0 || len(list) == 0 {
				t.Errorf("%d attacks found %d examples: the test tests nothing", len(list), found)
			}
		})
	}
}

func checkTransforms(t *testing.T, st engine.Session, set attacks.Images, ev *attacks.Evaluation, s int) (found int) {
	t.Helper()
	v, g, name := st.Graph.Victim, ev.Threat, ev.Attacks[s].Attack
	reference := engine.NewBatchRunner(st, 1)
	for i, at := range ev.Attacks[s].Results {
		if at.Invalid > 0 {
			t.Errorf("%s, image %d: %d claims outside the threat", name, i, at.Invalid)
		}
		if !at.Found() {
			continue
		}
		found++
		tight, err := g.At(min(float64(at.Distance), g.Size()))
		if err != nil {
			t.Fatal(err)
		}
		// A sum's share times a limit may be rounded once more.
		for k, p := range tight.Parameters() {
			if math.Abs(at.Parameters[k]) > p.Limit*(1+1e-9) {
				t.Errorf("%s, image %d: %s is %g, at size %g at most %g is allowed", name, i, p.Name, at.Parameters[k], at.Distance, p.Limit)
			}
		}
		if g.IsField() && !tight.ContainsField(at.Field, v.H, v.W) {
			t.Errorf("%s, image %d: the field is not one of %s", name, i, tight)
		}
		want := transformed(g, attacktest.Row(set.Pixels, i, v.Size()), at, v.H, v.W, v.C)
		for k, x := range at.Image {
			if math.Abs(float64(x)-min(max(want[k], 0), 1)) > 1e-5 {
				t.Errorf("%s, image %d: value %d is %g, want %g", name, i, k, x, want[k])
				break
			}
		}
		out, err := reference.Logits(at.Image)
		if err != nil {
			t.Fatal(err)
		}
		if class := vector.Argmax(out[0]); class != at.Class || class == int(set.Labels[i]) {
			t.Errorf("%s, image %d: claimed class %d, the net says %d, the label is %d", name, i, at.Class, class, set.Labels[i])
		}
		if k := strings.IndexByte(at.Tried, '1'); ev.Attacks[s].Search != attacks.MinimumNorm && (k < 0 || !ev.Misclassified(s, i, ev.Attacks[s].Radii[k])) {
			t.Errorf("%s, image %d: tried %q, but its size is %g", name, i, at.Tried, at.Distance)
		}
	}
	return found
}

// TestGridSize: the paper's grid has 775 combinations, all different, in the
// corners too, and each within the threat.
func TestGridSize(t *testing.T) {
	a := attacktest.Parse(t, "grid")[0].(*Grid)
	g := geometric(t, "rotate+translate(30,3px)").Geometry
	seen := map[string]bool{}
	for _, p := range a.combinations(g) {
		seen[fmt.Sprint(p)] = true
		if !g.Contains(p) {
			t.Errorf("%v is outside of %s", p, g)
		}
	}
	if len(seen) != 775 || !seen["[-30 3 -3]"] || !seen["[0 0 0]"] || !seen["[28 -1.5 1.5]"] {
		t.Errorf("want 775 combinations with the corners, the middle and steps of 2 degrees and 1.5 px, got %d", len(seen))
	}
	huge := geometric(t, "rotate+translate+scale+shear(30,3px,.1,.1)")
	if err := attacks.CheckThreat(a, huge); err == nil || !strings.Contains(err.Error(), "20000") {
		t.Errorf("want a grid of 744,775 refused, got %v", err)
	}
}

// TestMovesAreExhaustive compares the size found with brute force over all shifts
// by whole pixels, written as a shift of indices.
func TestMovesAreExhaustive(t *testing.T) {
	const n = 6
	v := attacktest.Smooth(n, n, 1, 4)
	threat := geometric(t, "translate(3px,whole)")
	list := attacktest.Parse(t, "moves")
	st := attacktest.NewSession(t, v, threat, list...)
	set := attacktest.PredictedImages(t, st, 24)
	ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{1, 2, 3}, Batch: 8})
	reference := engine.NewBatchRunner(st, 1)
	sizes := map[float64]int{}
	for i, at := range ev.Attacks[0].Results {
		if !ev.Correct(i) {
			continue
		}
		image, want := attacktest.Row(set.Pixels, i, n*n), math.Inf(1)
		for dy := -3; dy <= 3; dy++ {
			for dx := -3; dx <= 3; dx++ {
				x := make([]float32, n*n)
				for y := range n {
					for u := range n {
						if sy, sx := y-dy, u-dx; sy >= 0 && sx >= 0 && sy < n && sx < n {
							x[y*n+u] = image[sy*n+sx]
						}
					}
				}
				z, err := reference.Logits(x)
				if err != nil {
					t.Fatal(err)
				}
				if !attacks.Correct(z[0], int(set.Labels[i])) {
					want = min(want, max(math.Abs(float64(dx)), math.Abs(float64(dy))))
				}
			}
		}
		sizes[want]++
		if float64(at.ThreatDistance) != want {
			t.Errorf("image %d: want the smallest move %g, got %g", i, want, at.ThreatDistance)
		}
	}
	if len(sizes) < 2 {
		t.Errorf("sizes %v: the test tests nothing", sizes)
	}
}

// TestAffinePGDReachesOptimum: on a smooth model the ascent reaches the largest
// margin of a fine grid, up to what lies between its points.
func TestAffinePGDReachesOptimum(t *testing.T) {
	const n = 9
	l := attacktest.NewLinear(3, n, n, 1, 3)
	threat := geometric(t, "rotate+translate(25,1.5px)")
	image := make([]float32, n*n)
	for i := range image {
		y, x := float64(i/n)-4, float64(i%n)-4
		image[i] = float32(.5 + .4*math.Sin(.7*x+.3)*math.Cos(.6*y))
	}
	// No example is possible: the label's bias is far above the others'.
	l.Bias = []float32{0, 0, 1000}
	list := attacktest.Parse(t, "affine-pgd(steps=40,restarts=6)")
	st := attacktest.NewSession(t, l.Victim(), threat, list...)
	set := attacks.Images{Pixels: image, Labels: []int32{2}, Index: []int{0}}
	ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{1}, Batch: 8, LossCurves: 1})
	best := float64(slices.Max(ev.Attacks[0].Results[0].LossCurve))
	fine := math.Inf(-1)
	g := threat.Geometry
	x := make([]float32, n*n)
	for _, p := range (&Grid{Points: 101, Moves: 21}).combinations(g) {
		g.Apply(x, image, p, n, n, 1)
		z := l.Logits(x)
		fine = max(fine, max(z[0], z[1])-z[2])
	}
	if t.Logf("margin %g, of the grid %g", best+1000, fine+1000); best < fine-.02*math.Abs(fine+1000) {
		t.Errorf("want a margin of about %g, the best of 44,541 combinations, got %g", fine, best)
	}
}
