package pipelines

import (
	"fmt"
	"math"
	"testing"
)

// exact is how far float32 arithmetic may stray from the oracle's float64 on values in [0,1].
const exact = 1e-6

// match is the candidate nearest to an image, and how near it is.
func match(candidates []picture, image []float32) (int, float64) {
	best, least := -1, math.Inf(1)
	for i, p := range candidates {
		if d := p.distanceUpTo(image, least); d < least {
			best, least = i, d
		}
	}
	return best, least
}

// Every single step equals one of the pictures that the step-by-step oracle can make of it, and over
// many seeds each of these turns up about equally often.
func TestSingleStepsMatchOracle(t *testing.T) {
	for _, in := range []Shape{{9, 9, 1}, {9, 11, 2}, {12, 8, 3}} {
		raw := noise("n", 1, in, 1).pixels
		p := fromBytes(raw, in.H, in.W, in.C)
		tests := map[string][]picture{
			"":           {p},
			"centre(5)":  {p.crop((in.H-5)/2, (in.W-5)/2, 5, 5)},
			"resize(6)":  {p.resize(6, 6)},
			"resize(17)": {p.resize(17, 17)},
			"resize(9)":  {p.resize(9, 9)},
			"flip":       {p, p.flip()},
		}
		for y := range in.H - 6 {
			for x := range in.W - 6 {
				tests["crop(7)"] = append(tests["crop(7)"], p.crop(y, x, 7, 7))
			}
		}
		for _, dy := range []int{-2, -1, 0, 1, 2} {
			for _, dx := range []int{-2, -1, 0, 1, 2} {
				tests["shift(2)"] = append(tests["shift(2)"], p.shift(dy, dx))
				if dy != 0 && dx != 0 {
					tests["shift(1..2)"] = append(tests["shift(1..2)"], p.shift(dy, dx))
				}
			}
		}
		for _, s := range []int{-2, 4} {
			text := fmt.Sprintf("stretch(%d..%d)", s, s)
			tests[text] = []picture{p.deform(s, s, 0, 0)}
		}
		for text, want := range tests {
			counts := make([]int, len(want))
			n := 60 * len(want)
			for seed := range n {
				image, _ := augmented(t, text, Seed(0).Split("t", seed), raw, in)
				i, d := match(want, image)
				if d > exact {
					t.Fatalf("%v %q seed %d: %g from the nearest of %d pictures", in, text, seed, d, len(want))
				}
				counts[i]++
			}
			for i, c := range counts { // 60 expected; five standard deviations are 39
				if c < 21 || c > 99 && len(want) > 1 {
					t.Errorf("%v %q: picture %d came %d times of %d, want about 60", in, text, i, c, n)
				}
			}
		}
	}
}

// Values that need no interpolation are v/255 to the last bit.
func TestWholePixelsAreExact(t *testing.T) {
	in := Shape{16, 16, 1}
	raw := make([]uint8, in.Len())
	for i := range raw {
		raw[i] = uint8(i)
	}
	for _, text := range []string{"", "flip", "crop(16)", "centre(16)", "resize(16)", "shift(0)", "stretch(0..0)", "brightness(0)"} {
		image, _ := augmented(t, text, 3, raw, in)
		for i := range image {
			at := i
			if text == "flip" && image[0] != 0 {
				at = i/16*16 + 15 - i%16
			}
			if want := float32(raw[at]) / 255; image[i] != want {
				t.Fatalf("%q: value %d is %v, want %v", text, i, image[i], want)
			}
		}
	}
}

// Numbers worked out by hand: half-pixel centres, no antialiasing, edges clamped.
func TestResizeLiterals(t *testing.T) {
	for _, c := range []struct {
		from []uint8
		to   int
		want []float64
	}{
		// (i+.5)*2-.5 = .5, 2.5
		{[]uint8{0, 10, 20, 30}, 2, []float64{5, 25}},
		// (i+.5)*1.5-.5 = .25, 1.75
		{[]uint8{0, 100, 200}, 2, []float64{25, 175}},
		// (i+.5)/2-.5 = -.25, .25, .75, 1.25: the outer two clamp
		{[]uint8{40, 80}, 4, []float64{40, 50, 70, 80}},
		// (i+.5)*4-.5 = 1.5: antialiasing would see all four
		{[]uint8{255, 0, 0, 255}, 1, []float64{0}},
	} {
		n := len(c.from)
		in := Shape{n, n, 1}
		raw := make([]uint8, n*n)
		turned := make([]uint8, n*n)
		for i := range raw {
			raw[i] = c.from[i%n]
			turned[i] = c.from[i/n]
		}
		text := fmt.Sprintf("resize(%d)", c.to)
		wide, _ := augmented(t, text, 1, raw, in)
		high, _ := augmented(t, text, 1, turned, in)
		for i := range wide {
			if w := c.want[i%c.to] / 255; math.Abs(float64(wide[i])-w) > exact {
				t.Errorf("%v to %d: row value %d is %v, want %v", c.from, c.to, i, wide[i]*255, w*255)
			}
			if w := c.want[i/c.to] / 255; math.Abs(float64(high[i])-w) > exact {
				t.Errorf("%v to %d: column value %d is %v, want %v", c.from, c.to, i, high[i]*255, w*255)
			}
		}
	}
}

// The middle 3 of 5 pixels, then 3 to 2: coordinates 1.25 and 2.75 of a ramp.
func TestCropResizeLiteral(t *testing.T) {
	in := Shape{5, 5, 1}
	raw := make([]uint8, 25)
	for i := range raw {
		raw[i] = uint8(40*(i/5) + 4*(i%5))
	}
	image, _ := augmented(t, "centre(3)|resize(2)", 1, raw, in)
	for i, want := range []float64{55, 61, 115, 121} { // 40*1.25+4*1.25, 40*1.25+4*2.75, …
		if math.Abs(float64(image[i])*255-want) > 1e-4 {
			t.Errorf("value %d is %v, want %v", i, image[i]*255, want)
		}
	}
}

// No later step may see pixels outside a crop, whatever it is followed by.
func TestNothingOutsideTheCropIsSeen(t *testing.T) {
	in := Shape{12, 12, 1}
	raw := make([]uint8, in.Len())
	for y := range 12 {
		for x := range 12 {
			raw[y*12+x] = 255
			if y >= 3 && y < 9 && x >= 3 && x < 9 {
				raw[y*12+x] = 51
			}
		}
	}
	for _, text := range []string{
		"centre(6)|resize(9)", "centre(6)|resize(4)|shift(3)", "centre(6)|stretch(-4..4)|shift(2)", "centre(6)|flip|resize(7)|deform(stretch=-2..4,shift=0..4)",
		"resize(24)|centre(10)|shift(4)|resize(31)|shift(9)|deform(stretch=-8..8,shift=2..8)",
	} {
		for seed := range 50 {
			image, view := augmented(t, text, Seed(seed), raw, in)
			for i, v := range append(image, view...) {
				if math.Abs(float64(v)-.2) > exact {
					t.Fatalf("%q seed %d: value %d is %v, want .2", text, seed, i, v)
				}
			}
		}
	}
}

// deforms are all views that deform(stretch=2..8,shift=2..8) can make.
func deforms(p picture, stretches, shifts []int) (all []picture) {
	for _, sy := range stretches {
		for _, sx := range stretches {
			for _, dy := range shifts {
				for _, dx := range shifts {
					all = append(all, p.deform(sy, sx, dy, dx), p.deform(sy, sx, -dy, dx), p.deform(sy, sx, dy, -dx), p.deform(sy, sx, -dy, -dx))
				}
			}
		}
	}
	return all
}

// After whole-pixel steps the view is the oracle's deformation of the augmented image, edge padding
// included, and the image itself is left alone.
func TestDeformedViewMatchesOracle(t *testing.T) {
	in := Shape{24, 24, 2}
	raw := noise("n", 1, in, 1).pixels
	want := fromBytes(raw, 24, 24, 2).crop(4, 4, 16, 16)
	candidates := deforms(want, []int{2, 4, 6, 8}, []int{2, 4, 6, 8})
	seen := map[int]bool{}
	for seed := range 300 {
		image, view := augmented(t, "centre(16)|deform(stretch=2..8,shift=2..8)", Seed(seed), raw, in)
		if d := want.distance(image); d > exact {
			t.Fatalf("seed %d: image is %g from the crop", seed, d)
		}
		i, d := match(candidates, view)
		if d > 2*exact {
			t.Fatalf("seed %d: view is %g from the nearest of %d deformations", seed, d, len(candidates))
		}
		seen[i] = true
	}
	if len(seen) < 200 { // of 1024, drawn 300 times: 260 expected
		t.Errorf("300 views show %d of %d deformations, want about 260", len(seen), len(candidates))
	}
}

// With several interpolating steps the fused result is close to the step-by-step one on a smooth
// image, and never leaves the range of the pixels that the latter may see.
func TestComposedStepsAreClose(t *testing.T) {
	in := Shape{48, 48, 1}
	raw := make([]uint8, in.Len())
	for i := range raw {
		y, x := float64(i/48), float64(i%48)
		raw[i] = uint8(128 + 60*math.Sin(y/7) + 60*math.Cos(x/6+y/20))
	}
	p := fromBytes(raw, 48, 48, 1)
	small := p.crop(4, 4, 40, 40).resize(32, 32)
	candidates := deforms(small, []int{2, 8}, []int{2, 8})
	for seed := range 20 {
		image, view := augmented(t, "centre(40)|resize(32)|deform(stretch=2..8,shift=2..8,step=6)", Seed(seed), raw, in)
		if d := small.distance(image); d > exact {
			t.Fatalf("seed %d: image is %g from the oracle's", seed, d)
		}
		// Each of two interpolations errs by at most an eighth of the second difference, here about
		// (60/49+60/36)/255/8 = .0015 per axis and pixel squared, and rounding to 8 bits by .002.
		if _, d := match(candidates, view); d > .01 {
			t.Errorf("seed %d: view is %g from the nearest step-by-step one, want at most .01", seed, d)
		}
	}
}

// The jitter against its formula: from the drawn image recover the two numbers that were drawn, and
// see that they explain every value.
func TestJitterFormula(t *testing.T) {
	in := Shape{10, 12, 3}
	raw := noise("n", 1, in, 1).pixels
	p := fromBytes(raw, 10, 12, 3)
	lowest, highest := math.Inf(1), math.Inf(-1)
	for seed := range 400 {
		image, _ := augmented(t, "brightness(63/255)", Seed(seed), raw, in)
		delta := float64(image[0]) - p[0][0][0]
		if d := p.values(func(_ int, v float64) float64 { return v + delta }).distance(image); d > exact {
			t.Fatalf("seed %d: brightness is %g from adding %v", seed, d, delta)
		}
		lowest, highest = min(lowest, delta), max(highest, delta)
	}
	if limit := 63. / 255; lowest < -limit-exact || highest > limit+exact || lowest > -.95*limit || highest < .95*limit {
		t.Errorf("brightness adds %v to %v, want almost all of -.247 to .247", lowest, highest)
	}

	lowest, highest = math.Inf(1), math.Inf(-1)
	clipped := true
	for seed := range 400 {
		image, _ := augmented(t, "contrast(.2,1.8)", Seed(seed), raw, in)
		f := (float64(image[0]) - p.mean(0)) / (p[0][0][0] - p.mean(0))
		want := p.values(func(k int, v float64) float64 { return (v-p.mean(k))*f + p.mean(k) })
		if d := want.distance(image); d > 1e-5 {
			t.Fatalf("seed %d: contrast is %g from the formula with f = %v", seed, d, f)
		}
		lowest, highest = min(lowest, f), max(highest, f)
		for _, v := range image {
			clipped = clipped && v >= 0 && v <= 1
		}
	}
	if lowest < .2-1e-4 || highest > 1.8+1e-4 || lowest > .25 || highest < 1.75 {
		t.Errorf("contrast multiplies by %v to %v, want almost all of .2 to 1.8", lowest, highest)
	}
	if clipped {
		t.Error("contrast up to 1.8 never left [0,1]: it must not clip")
	}
}

// Several jitters in a row, after a resize: one affine change per channel, whose mean contrast keeps
// and brightness moves alike for all channels.
func TestJitterInOrder(t *testing.T) {
	in := Shape{20, 20, 2}
	raw := noise("n", 1, in, 1).pixels
	small := fromBytes(raw, 20, 20, 2).crop(1, 1, 18, 18).resize(12, 12)
	for _, text := range []string{"brightness(.2)|contrast(.2,1.8)|brightness(.3)", "contrast(.5,1.5)|contrast(.5,1.5)", "contrast(.2,1.8)|brightness(.2)"} {
		for seed := range 20 {
			image, _ := augmented(t, "centre(18)|resize(12)|"+text, Seed(seed), raw, in)
			f := (float64(image[2]) - float64(image[0])) / (small[0][1][0] - small[0][0][0])
			got := fromFloats(image, 12, 12, 2)
			moved := got.mean(0) - small.mean(0)
			want := small.values(func(k int, v float64) float64 { return f*(v-small.mean(k)) + small.mean(k) + moved })
			if d := want.distance(image); d > 2e-5 {
				t.Errorf("%q seed %d: image is %g from the formula with f = %v, moved by %v", text, seed, d, f, moved)
			}
			if text == "contrast(.5,1.5)|contrast(.5,1.5)" && math.Abs(moved) > exact {
				t.Errorf("%q seed %d: contrast moved the mean by %v", text, seed, moved)
			}
		}
	}
}

// The view is the deformation of the jittered image: the same amounts were applied to it, though its
// own means differ.
func TestDeformedViewHasTheSameJitter(t *testing.T) {
	in := Shape{20, 20, 2}
	raw := noise("n", 1, in, 1).pixels
	for _, text := range []string{"brightness(.2)|contrast(.2,1.8)|brightness(.3)", "contrast(.2,1.8)", "brightness(63/255)"} {
		for seed := range 20 {
			image, view := augmented(t, "centre(16)|"+text+"|deform(stretch=2..4,shift=2..4)", Seed(seed), raw, in)
			candidates := deforms(fromFloats(image, 16, 16, 2), []int{2, 4}, []int{2, 4})
			if _, d := match(candidates, view); d > 4*exact {
				t.Errorf("%q seed %d: view is %g from the nearest deformation of the image", text, seed, d)
			}
		}
	}
}

func fromFloats(image []float32, h, w, c int) picture {
	return newPicture(h, w, func(y, x int) []float64 {
		v := make([]float64, c)
		for k := range v {
			v[k] = float64(image[(y*w+x)*c+k])
		}
		return v
	})
}

func TestApplyDoesNotAllocate(t *testing.T) {
	in := Shape{96, 96, 2}
	m, err := newAugmenter(parse(t, norb), in)
	if err != nil {
		t.Fatal(err)
	}
	raw := noise("n", 1, in, 1).pixels
	image, view := make([]float32, 32*32*2), make([]float32, 32*32*2)
	i := 0
	if n := testing.AllocsPerRun(100, func() { m.apply(Seed(1).Split("a", i), raw, image, view); i++ }); n != 0 {
		t.Errorf("%v allocations per image, want none", n)
	}
}
