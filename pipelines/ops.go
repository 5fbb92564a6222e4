package pipelines

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// op is one step of a sentence. A mover or a tinter, or deform.
type op interface {
	String() string
	// out is the shape after the step; an error says what the step wanted and what came.
	out(in Shape) (Shape, error)
	// eval is the step's deterministic counterpart, nil if it has none.
	eval() op
}

// mover changes where pixels lie.
type mover interface {
	op
	move(v view, r *rand.Rand) view
}

// tinter changes values, pixel by pixel.
type tinter interface {
	op
	// needsMean says whether tint reads the image's means.
	needsMean() bool
	tint(t *tint, r *rand.Rand)
}

type (
	crop       struct{ n int }
	centre     struct{ n int }
	resize     struct{ n int }
	flip       struct{}
	stretch    struct{ pixels span }
	shift      struct{ pixels span }
	brightness struct{ max number }
	contrast   struct{ lo, hi number }
	deform     struct{ stretch, shift span }
)

// span is the whole numbers lo, lo+step, … up to hi.
type span struct{ lo, hi, step int }

func (s span) String() string { return fmt.Sprintf("%d..%d", s.lo, s.hi) }

// draw takes one of the span's numbers, each equally likely.
func (s span) draw(r *rand.Rand) int { return s.lo + s.step*r.IntN((s.hi-s.lo)/s.step+1) }

// signed takes one of the span's numbers or their negatives; each of these is equally likely, and 0
// counts once. lo must not be negative.
func (s span) signed(r *rand.Rand) int {
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

// number is a decimal or a fraction, kept as written.
type number struct{ over, under float64 }

func (n number) value() float64 { return n.over / n.under }

func (n number) String() string {
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

func (o crop) eval() op       { return centre(o) }
func (o centre) eval() op     { return o }
func (o resize) eval() op     { return o }
func (o flip) eval() op       { return nil }
func (o stretch) eval() op    { return nil }
func (o shift) eval() op      { return nil }
func (o brightness) eval() op { return nil }
func (o contrast) eval() op   { return nil }
func (o deform) eval() op     { return nil }

func (o crop) out(in Shape) (Shape, error)       { return cut(o, o.n, in) }
func (o centre) out(in Shape) (Shape, error)     { return cut(o, o.n, in) }
func (o resize) out(in Shape) (Shape, error)     { return Shape{o.n, o.n, in.C}, nil }
func (o flip) out(in Shape) (Shape, error)       { return in, nil }
func (o stretch) out(in Shape) (Shape, error)    { return in, fits(o, o.pixels, span{}, in) }
func (o shift) out(in Shape) (Shape, error)      { return in, fits(o, span{}, o.pixels, in) }
func (o brightness) out(in Shape) (Shape, error) { return in, nil }
func (o contrast) out(in Shape) (Shape, error)   { return in, nil }
func (o deform) out(in Shape) (Shape, error)     { return in, fits(o, o.stretch, o.shift, in) }

// cut is the shape after an n by n crop.
func cut(o op, n int, in Shape) (Shape, error) {
	if n > in.H || n > in.W {
		return in, fmt.Errorf("pipelines: augment: %v: want an image of at least %dx%d, got %v: crop less or resize first", o, n, n, in)
	}
	return Shape{n, n, in.C}, nil
}

// fits refuses deformations that leave nothing of an image.
func fits(o op, stretch, shift span, in Shape) error {
	side := min(in.H, in.W)
	if shift.hi >= side {
		return fmt.Errorf("pipelines: augment: %v: want a shift below the image's side of %d pixels, got %d: shift less", o, side, shift.hi)
	}
	if side+stretch.lo < 1 {
		return fmt.Errorf("pipelines: augment: %v: want at least 1 pixel left of the image's side of %d, got %d: shrink less", o, side, side+stretch.lo)
	}
	return nil
}

func (o crop) move(v view, r *rand.Rand) view {
	y := r.IntN(v.y.n - o.n + 1)
	x := r.IntN(v.x.n - o.n + 1)
	return view{v.y.crop(o.n, y), v.x.crop(o.n, x)}
}

func (o centre) move(v view, _ *rand.Rand) view {
	return view{v.y.crop(o.n, (v.y.n-o.n)/2), v.x.crop(o.n, (v.x.n-o.n)/2)}
}

func (o resize) move(v view, _ *rand.Rand) view { return view{v.y.resize(o.n), v.x.resize(o.n)} }

func (o flip) move(v view, r *rand.Rand) view {
	if r.Uint64()>>63 == 1 {
		v.x = v.x.flip()
	}
	return v
}

func (o stretch) move(v view, r *rand.Rand) view {
	y := o.pixels.draw(r)
	x := o.pixels.draw(r)
	return view{v.y.deform(y, 0), v.x.deform(x, 0)}
}

func (o shift) move(v view, r *rand.Rand) view {
	y := o.pixels.signed(r)
	x := o.pixels.signed(r)
	return view{v.y.deform(0, y), v.x.deform(0, x)}
}

func (o deform) move(v view, r *rand.Rand) view {
	sy, sx := o.stretch.draw(r), o.stretch.draw(r)
	dy, dx := o.shift.signed(r), o.shift.signed(r)
	return view{v.y.deform(sy, dy), v.x.deform(sx, dx)}
}

func (o brightness) needsMean() bool { return false }
func (o contrast) needsMean() bool   { return true }

// tint adds one number from [-max, max) to every value, as tf.image.random_brightness.
func (o brightness) tint(t *tint, r *rand.Rand) {
	d := (2*r.Float64() - 1) * o.max.value()
	for c := range t.bias {
		t.bias[c] += d
	}
}

// tint makes (v-mean)*f + mean of every value, f from [lo, hi), mean per image and channel, as
// tf.image.random_contrast.
func (o contrast) tint(t *tint, r *rand.Rand) {
	lo, hi := o.lo.value(), o.hi.value()
	f := lo + (hi-lo)*r.Float64()
	for c := range t.bias {
		mean := t.gain*t.mean[c] + t.bias[c]
		t.bias[c] = f*t.bias[c] + (1-f)*mean
	}
	t.gain *= f
}
