package pipelines

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// step is one step of an [Augment]: a geometricStep, a valueStep, erase, deform or mixup.
type step interface {
	String() string
	// outputShape is the shape after the step; an error says what the step wanted and what came.
	outputShape(in Shape) (Shape, error)
	// forEvaluation is the step's deterministic counterpart, nil if it has none.
	forEvaluation() step
}

// geometricStep changes where pixels lie.
type geometricStep interface {
	step
	move(v sampleGrid, r *rand.Rand) sampleGrid
}

// valueStep changes values, pixel by pixel.
type valueStep interface {
	step
	// needsMean reports whether change reads the image's means.
	needsMean() bool
	// change composes the step's change of values with t.
	change(t *affine, r *rand.Rand)
}

type (
	crop       struct{ n int }
	centre     struct{ n int }
	resize     struct{ n int }
	flip       struct{}
	stretch    struct{ pixels wholeRange }
	shift      struct{ pixels wholeRange }
	brightness struct{ max fraction }
	contrast   struct{ lo, hi fraction }
	deform     struct{ stretch, shift wholeRange }
)

// wholeRange is the whole numbers lo, lo+step, … up to hi.
type wholeRange struct{ lo, hi, step int }

func (s wholeRange) String() string { return fmt.Sprintf("%d..%d", s.lo, s.hi) }

// draw takes one of the span's numbers, each equally likely.
func (s wholeRange) draw(r *rand.Rand) int { return s.lo + s.step*r.IntN((s.hi-s.lo)/s.step+1) }

// signed takes one of the span's numbers or their negatives; each of these is equally likely, and 0
// counts once. lo must not be negative.
func (s wholeRange) signed(r *rand.Rand) int {
	k := (s.hi-s.lo)/s.step + 1
	if s.lo == 0 {
		i := r.IntN(2*k-1) - (k - 1)
		return i * s.step
	}
	i := r.IntN(2 * k)
	d := s.lo + s.step*(i/2)
	if i&1 == 1 {
		return -d
	}
	return d
}

// fraction is a decimal or a fraction, kept as written.
type fraction struct{ over, under float64 }

func (n fraction) value() float64 { return n.over / n.under }

func (n fraction) String() string {
	s := strconv.FormatFloat(n.over, 'g', -1, 64)
	if n.under != 1 {
		s += "/" + strconv.FormatFloat(n.under, 'g', -1, 64)
	}
	return s
}

func (o crop) String() string       { return fmt.Sprintf("crop(%d)", o.n) }
func (o centre) String() string     { return fmt.Sprintf("centre(%d)", o.n) }
func (o resize) String() string     { return fmt.Sprintf("resize(%d)", o.n) }
func (o flip) String() string       { return "flip" }
func (o stretch) String() string    { return fmt.Sprintf("stretch(%v)", o.pixels) }
func (o shift) String() string      { return fmt.Sprintf("shift(%v)", o.pixels) }
func (o brightness) String() string { return fmt.Sprintf("brightness(%v)", o.max) }
func (o contrast) String() string   { return fmt.Sprintf("contrast(%v,%v)", o.lo, o.hi) }
func (o deform) String() string {
	if o.stretch.step == deformStep {
		return fmt.Sprintf("deform(stretch=%v,shift=%v)", o.stretch, o.shift)
	}
	return fmt.Sprintf("deform(stretch=%v,shift=%v,step=%d)", o.stretch, o.shift, o.stretch.step)
}

func (o crop) forEvaluation() step       { return centre(o) }
func (o centre) forEvaluation() step     { return o }
func (o resize) forEvaluation() step     { return o }
func (o flip) forEvaluation() step       { return nil }
func (o stretch) forEvaluation() step    { return nil }
func (o shift) forEvaluation() step      { return nil }
func (o brightness) forEvaluation() step { return nil }
func (o contrast) forEvaluation() step   { return nil }
func (o deform) forEvaluation() step     { return nil }

func (o crop) outputShape(in Shape) (Shape, error)   { return croppedShape(o, o.n, in) }
func (o centre) outputShape(in Shape) (Shape, error) { return croppedShape(o, o.n, in) }
func (o resize) outputShape(in Shape) (Shape, error) { return Shape{o.n, o.n, in.C}, nil }
func (o flip) outputShape(in Shape) (Shape, error)   { return in, nil }
func (o stretch) outputShape(in Shape) (Shape, error) {
	return in, checkDeformFits(o, o.pixels, wholeRange{}, in)
}
func (o shift) outputShape(in Shape) (Shape, error) {
	return in, checkDeformFits(o, wholeRange{}, o.pixels, in)
}
func (o brightness) outputShape(in Shape) (Shape, error) { return in, nil }
func (o contrast) outputShape(in Shape) (Shape, error)   { return in, nil }
func (o deform) outputShape(in Shape) (Shape, error) {
	return in, checkDeformFits(o, o.stretch, o.shift, in)
}

// croppedShape is the shape after an n by n crop.
func croppedShape(o step, n int, in Shape) (Shape, error) {
	if n > in.H || n > in.W {
		return in, fmt.Errorf("augment: %v: want an image of at least %dx%d, got %v: crop less or resize first", o, n, n, in)
	}
	return Shape{n, n, in.C}, nil
}

// checkDeformFits refuses deformations that leave nothing of an image.
func checkDeformFits(o step, stretch, shift wholeRange, in Shape) error {
	side := min(in.H, in.W)
	if shift.hi >= side {
		return fmt.Errorf("augment: %v: want a shift below the image's side of %d pixels, got %d: shift less", o, side, shift.hi)
	}
	if side+stretch.lo < 1 {
		return fmt.Errorf("augment: %v: want at least 1 pixel left of the image's side of %d, got %d: shrink less", o, side, side+stretch.lo)
	}
	return nil
}

func (o crop) move(v sampleGrid, r *rand.Rand) sampleGrid {
	y := r.IntN(v.y.n - o.n + 1)
	x := r.IntN(v.x.n - o.n + 1)
	return sampleGrid{v.y.crop(o.n, y), v.x.crop(o.n, x)}
}

func (o centre) move(v sampleGrid, _ *rand.Rand) sampleGrid {
	return sampleGrid{v.y.crop(o.n, (v.y.n-o.n)/2), v.x.crop(o.n, (v.x.n-o.n)/2)}
}

func (o resize) move(v sampleGrid, _ *rand.Rand) sampleGrid {
	return sampleGrid{v.y.resize(o.n), v.x.resize(o.n)}
}

func (o flip) move(v sampleGrid, r *rand.Rand) sampleGrid {
	if r.Uint64()>>63 == 1 {
		v.x = v.x.flip()
	}
	return v
}

func (o stretch) move(v sampleGrid, r *rand.Rand) sampleGrid {
	y := o.pixels.draw(r)
	x := o.pixels.draw(r)
	return sampleGrid{v.y.deform(y, 0), v.x.deform(x, 0)}
}

func (o shift) move(v sampleGrid, r *rand.Rand) sampleGrid {
	y := o.pixels.signed(r)
	x := o.pixels.signed(r)
	return sampleGrid{v.y.deform(0, y), v.x.deform(0, x)}
}

func (o deform) move(v sampleGrid, r *rand.Rand) sampleGrid {
	sy, sx := o.stretch.draw(r), o.stretch.draw(r)
	dy, dx := o.shift.signed(r), o.shift.signed(r)
	return sampleGrid{v.y.deform(sy, dy), v.x.deform(sx, dx)}
}

func (o brightness) needsMean() bool { return false }
func (o contrast) needsMean() bool   { return true }

// change adds one number from [-max, max) to every value, as tf.image.random_brightness.
func (o brightness) change(t *affine, r *rand.Rand) {
	d := (2*r.Float64() - 1) * o.max.value()
	for c := range t.bias {
		t.bias[c] += d
	}
}

// change makes (v-mean)*f + mean of every value, f from [lo, hi), mean per image and channel, as
// tf.image.random_contrast.
func (o contrast) change(t *affine, r *rand.Rand) {
	lo, hi := o.lo.value(), o.hi.value()
	f := lo + (hi-lo)*r.Float64()
	for c := range t.bias {
		mean := t.gain*t.mean[c] + t.bias[c]
		t.bias[c] = f*t.bias[c] + (1-f)*mean
	}
	t.gain *= f
}
