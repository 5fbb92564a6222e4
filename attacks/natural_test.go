package attacks

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// TestResample: whole moves shift pixels, a quarter turn permutes them, a half
// move averages neighbours; what comes from outside is zero or the edge.
func TestResample(t *testing.T) {
	const n, c = 6, 2
	src := canvas(L2, n, n, c, 1).Image
	at := func(y, x, k int, zeros bool) float32 {
		if zeros && (y < 0 || x < 0 || y >= n || x >= n) {
			return 0
		}
		return src[(min(max(y, 0), n-1)*n+min(max(x, 0), n-1))*c+k]
	}
	for _, zeros := range []bool{false, true} {
		for _, r := range []struct {
			name         string
			turn, dx, dy float64
			want         func(y, x, k int) float32
		}{
			{name: "right and down", dx: 2, dy: 1, want: func(y, x, k int) float32 { return at(y-1, x-2, k, zeros) }},
			{name: "left", dx: -1, want: func(y, x, k int) float32 { return at(y, x+1, k, zeros) }},
			{name: "half", dx: .5, want: func(y, x, k int) float32 { return (at(y, x, k, zeros) + at(y, x-1, k, zeros)) / 2 }},
			// Counterclockwise: what was on the right is at the top.
			{name: "quarter", turn: 90, want: func(y, x, k int) float32 { return at(x, n-1-y, k, zeros) }},
			{name: "quarter back, down", turn: -90, dy: 1, want: func(y, x, k int) float32 {
				if y == 0 {
					if zeros {
						return 0
					}
					return at(n-1-x, 0, k, zeros) // the edge of what is turned
				}
				return at(n-1-x, y-1, k, zeros)
			}},
			{name: "about", turn: 180, want: func(y, x, k int) float32 { return at(n-1-y, n-1-x, k, zeros) }},
		} {
			dst := make([]float32, len(src))
			resample(dst, src, n, n, c, zeros, turned(n, n, r.turn, r.dx, r.dy))
			for i, v := range dst {
				if want := r.want(i/c/n, i/c%n, i%c); abs(v-want) > 1e-5 {
					t.Errorf("%s, zeros %v: (%d,%d) is %g, want %g", r.name, zeros, i/c/n, i/c%n, v, want)
					break
				}
			}
		}
	}
}

// TestSpatialGrid: every combination once, from one end to the other.
func TestSpatialGrid(t *testing.T) {
	a := &Spatial{Mode: "grid", Rotation: 30, Move: 2, Angles: 3, Moves: 5}
	seen := map[[3]float64]bool{}
	for i := range 75 {
		turn, dx, dy := a.pose(nil, i)
		seen[[3]float64{turn, dx, dy}] = true
	}
	for _, turn := range []float64{-30, 0, 30} {
		for dx := -2.; dx <= 2; dx++ {
			for dy := -2.; dy <= 2; dy++ {
				if !seen[[3]float64{turn, dx, dy}] {
					t.Errorf("no turn by %g, move by (%g,%g)", turn, dx, dy)
				}
			}
		}
	}
	if len(seen) != 75 {
		t.Errorf("want 75 poses, got %d", len(seen))
	}
}

// TestWarp compares the warp and its gradient with those of graphs.Warp, also
// at whole displacements, at the border and beyond it.
func TestWarp(t *testing.T) {
	const h, w, c = 5, 7, 2
	r := rand.New(rand.NewPCG(1, 2))
	img, field, g := make([]float32, h*w*c), make([]float32, h*w*2), make([]float32, h*w*c)
	for i := range img {
		img[i], g[i] = r.Float32(), float32(r.NormFloat64())
	}
	for i := range field {
		field[i] = float32(2.5 * r.NormFloat64())
		if i%3 == 0 {
			field[i] = float32(math.Round(float64(field[i]))) // at pixels, some at the last
		}
	}
	var fetches []tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Threads: 1}, func(b *graphs.Builder) error {
		s := b.Pass("warp", graphs.Inference)
		constant := func(name string, v []float32, k int64) tf.Output {
			x, err := tf.NewTensor(v)
			if err == nil {
				err = x.Reshape([]int64{1, h, w, k})
			}
			if err != nil {
				t.Fatal(err)
			}
			return op.Const(s.Op(name), x)
		}
		f := constant("field", field, 2)
		out := graphs.Warp(s.In("warp"), constant("image", img, c), f, graphs.Clamp)
		axes := op.Const(s.Op("axes"), []int32{0, 1, 2, 3})
		loss := op.Sum(s.Op("loss"), op.Mul(s.Op("weighted"), out, constant("g", g, c)), axes)
		fetches = append([]tf.Output{out}, graphs.Gradients(s, loss, f)...)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	out, err := net.Run(nil, fetches)
	if err != nil {
		t.Fatal(err)
	}
	dst, slope := make([]float32, len(img)), make([]float32, len(field))
	warp(dst, img, field, h, w, c)
	warpSlope(slope, img, field, g, h, w, c)
	if d := goldenApart(dst, graphs.Floats(nil, out[0])); d > 1e-6 {
		t.Errorf("warp: %g from graphs.Warp", d)
	}
	want := graphs.Floats(nil, out[1])
	for i, v := range slope {
		if abs(v-want[i]) > 1e-5 {
			t.Errorf("gradient %d at displacement %g: want %g, got %g", i, field[i], want[i], v)
		}
	}

	// Finite differences, away from whole positions.
	sum := func() (s float64) {
		warp(dst, img, field, h, w, c)
		return dot(dst, g)
	}
	const step = 1e-3
	for i := range field {
		if p := float64(field[i]); math.Abs(p-math.Round(p)) < 2*step {
			continue
		}
		v := field[i]
		field[i] = v + step
		up := sum()
		field[i] = v - step
		down := sum()
		field[i] = v
		if d := (up - down) / (2 * step); math.Abs(d-float64(slope[i])) > 2e-3 {
			t.Errorf("gradient %d: %g, by differences %g", i, slope[i], d)
		}
	}
}

// TestVariation compares with a sum over all pairs, and its gradient with
// finite differences.
func TestVariation(t *testing.T) {
	const h, w = 4, 3
	r := rand.New(rand.NewPCG(1, 2))
	field, g, spare := make([]float64, 2*h*w), make([]float64, 2*h*w), make([]float64, 2*h*w)
	for i := range field {
		field[i] = r.NormFloat64()
	}
	field[2], field[3] = field[0], field[1] // two are equal
	var want float64
	for i := range h * w {
		for j := range h * w {
			if dy, dx := i/w-j/w, i%w-j%w; dy*dy+dx*dx == 1 {
				want += math.Hypot(field[2*i]-field[2*j], field[2*i+1]-field[2*j+1])
			}
		}
	}
	if got := variation(g, field, h, w); math.Abs(got-want) > 1e-9 {
		t.Errorf("want %g, got %g", want, got)
	}
	for i := 4; i < len(field); i++ {
		v := field[i]
		field[i] = v + 1e-6
		up := variation(spare, field, h, w)
		field[i] = v - 1e-6
		down := variation(spare, field, h, w)
		field[i] = v
		if d := (up - down) / 2e-6; math.Abs(d-g[i]) > 1e-5 {
			t.Errorf("gradient %d: want %g, got %g", i, d, g[i])
		}
	}
	if slices.ContainsFunc(g, math.IsNaN) {
		t.Error("equal displacements give NaN")
	}
}

// TestFlowMoves: a field misleads a linear classifier, one that may hardly move
// does so less often, and neither invents values.
func TestFlowMoves(t *testing.T) {
	l := newLinear(3, 6, 6, 1, 3)
	set := l.labelled(2, 8, .3, .7)
	list := parse(t, "flow(steps=100)", "flow(steps=100,most=.02)")
	ev := evaluate(t, newStage(t, l.victim(), box(Linf), list...), set, Options{Attacks: list, Eps: []float32{1}, Batch: 16, Exhaustive: true})
	if free, bound := ev.Broken(0, 1), ev.Broken(1, 1); free == 0 || bound >= free {
		t.Errorf("want images broken by a flow, and fewer by one of at most .02 pixels: got %d and %d of %d", free, bound, ev.CleanRight)
	}
	for i, at := range ev.Series[0].Attempts {
		// A warp only reads values between the image's own.
		if at.Image == nil {
			continue
		}
		before := image(set.Pixels, i, 36)
		if slices.Min(at.Image) < slices.Min(before)-1e-6 || slices.Max(at.Image) > slices.Max(before)+1e-6 {
			t.Errorf("image %d: the warp invents values", i)
		}
	}
}

// TestCorruptions: each severity changes more than the one below, on the
// average of some images, the same for the same seed; and nothing leaves what a
// picture can hold by much before it is cut.
func TestCorruptions(t *testing.T) {
	for _, c := range []int{1, 3} {
		for _, k := range corruptions {
			var mean [severities + 1]float64
			for i := range 12 {
				const h, w = 20, 16
				p := picture{pixels: make([]float32, h*w*c), h: h, w: w, c: c, lo: 0, hi: 1}
				r := rand.New(rand.NewPCG(uint64(i), 1))
				fy, fx := .4+.4*r.Float64(), .4+.4*r.Float64()
				for j := range p.pixels {
					y, x := float64(j/c/w)/h, float64(j/c%w)/w
					p.pixels[j] = float32(.35 + .25*math.Sin(6*fy*y+float64(j%c))*math.Cos(6*fx*x) + .1*r.Float64())
				}
				x, again := make([]float32, len(p.pixels)), make([]float32, len(p.pixels))
				for s := 1; s <= severities; s++ {
					k.apply(p, x, s, uint64(i))
					k.apply(p, again, s, uint64(i))
					if !slices.Equal(x, again) {
						t.Fatalf("%s: not the same again", k.kind)
					}
					box(L2).Clip(x)
					mean[s] += distance(L2, x, p.pixels)
				}
			}
			for s := 1; s <= severities; s++ {
				if mean[s] <= mean[s-1] {
					t.Errorf("%s, %d channels: severity %d changes %g, %d changes %g", k.kind, c, s-1, mean[s-1], s, mean[s])
				}
			}
		}
	}
}

// TestNoiseMoments: what is random has the mean and the spread it should have.
func TestNoiseMoments(t *testing.T) {
	const n = 100 * 100
	p := picture{pixels: make([]float32, n), h: 100, w: 100, c: 1, lo: 0, hi: 1}
	for i := range p.pixels {
		p.pixels[i] = .5
	}
	for kind, want := range map[string]float64{
		"gaussian": .18,
		"shot":     math.Sqrt(.5 * 12 / 12 / 12), // Poisson: the variance is the mean
		"impulse":  math.Sqrt(.09 / 4),           // so many at .5 from the middle
	} {
		k := corruptions[slices.IndexFunc(corruptions, func(k corruption) bool { return k.kind == kind })]
		x := make([]float32, n)
		k.apply(p, x, 3, 1)
		var mean, square float64
		for _, v := range x {
			mean += float64(v) / n
			square += float64(v) * float64(v) / n
		}
		if spread := math.Sqrt(square - mean*mean); math.Abs(mean-.5) > .01 || math.Abs(spread-want) > .05*want {
			t.Errorf("%s: want mean .5 and standard deviation %g, got %g and %g", kind, want, mean, spread)
		}
	}
}

// TestFilters: blur keeps what is constant and the sum of what lies inside; a
// box of side 3 averages nine pixels.
func TestFilters(t *testing.T) {
	const n = 15
	p := picture{pixels: make([]float32, n*n), h: n, w: n, c: 1, lo: 0, hi: 1}
	p.pixels[7*n+7] = 1
	x := make([]float32, n*n)
	boxBlur(p, x, 3, nil)
	for i, v := range x {
		want := float32(0)
		if y, u := i/n, i%n; y >= 6 && y <= 8 && u >= 6 && u <= 8 {
			want = 1. / 9
		}
		if abs(v-want) > 1e-6 {
			t.Errorf("box: (%d,%d) is %g, want %g", i/n, i%n, v, want)
		}
	}
	gaussianBlur(p, x, 1, nil)
	var sum, spread float64
	for i, v := range x {
		sum += float64(v)
		spread += float64(v) * float64((i/n-7)*(i/n-7))
	}
	if math.Abs(sum-1) > 1e-4 || math.Abs(spread-1) > .01 {
		t.Errorf("gaussian: want sum 1 and variance 1, got %g and %g", sum, spread)
	}
}

// TestJPEG: at the best quality a smooth picture survives the round trip, in
// each number of channels, with its channels in order.
func TestJPEG(t *testing.T) {
	for _, c := range []int{1, 2, 3, 4} {
		const h, w = 19, 23
		p := picture{pixels: make([]float32, h*w*c), h: h, w: w, c: c, lo: -1, hi: 1}
		for i := range p.pixels {
			p.pixels[i] = float32(.8 * math.Sin(float64(i/c/w)/12+float64(i/c%w)/15+2*float64(i%c)))
		}
		x := make([]float32, len(p.pixels))
		jpegCoded(p, x, 100, nil)
		for i, v := range x {
			if d := abs(v - p.pixels[i]); d > .12 { // chroma has half the resolution
				t.Errorf("%d channels: value %d was %g, is %g", c, i, p.pixels[i], v)
				break
			}
		}
	}
}
