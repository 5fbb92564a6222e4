package pipelines

import (
	"math"
	"strings"
	"testing"
)

func glyphs(t *testing.T, seed uint64, split string, n, size int) *Glyphs {
	t.Helper()
	g, err := NewGlyphs(seed, split, n, size)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// content is all examples of a source, each with its label in front.
func content(t *testing.T, s Source) []string {
	t.Helper()
	all := make([]string, s.Len())
	raw := make([]uint8, 1+s.Shape().Len())
	for i := range all {
		label, err := s.At(i, raw[1:])
		if err != nil {
			t.Fatal(err)
		}
		raw[0] = uint8(label)
		all[i] = string(raw)
	}
	return all
}

// Example i depends on seed, split and i alone.
func TestGlyphsAreStable(t *testing.T) {
	short, long := content(t, glyphs(t, 1, "train", 25, 28)), content(t, glyphs(t, 1, "train", 200, 28))
	for i := range short {
		if short[i] != long[i] {
			t.Fatalf("example %d changes with the size of the set", i)
		}
	}
	others := map[string][]string{
		"another split": content(t, glyphs(t, 1, "test", 200, 28)),
		"another seed":  content(t, glyphs(t, 2, "train", 200, 28)),
	}
	seen := map[string]bool{}
	for _, e := range long {
		if seen[e] {
			t.Error("two examples are equal")
		}
		seen[e] = true
	}
	fields := map[uint64]bool{}
	for _, split := range []string{"train", "test"} {
		g := glyphs(t, 1, split, 1, 28)
		for i := range 10_000 {
			fields[drawFactors(newGenerator(), g.seed, i, 28).Field] = true
		}
	}
	if len(fields) != 20_000 {
		t.Errorf("%d different seeds for 20,000 examples", len(fields))
	}
	for name, all := range others {
		for i, e := range all {
			if seen[e] {
				t.Errorf("example %d of %s is in the set too", i, name)
			}
		}
	}
}

func TestGlyphsDrawnOnDemandAreThoseHeld(t *testing.T) {
	held := glyphs(t, 1, "train", 40, 20)
	free := glyphs(t, 1, "train", 40, 20)
	free.drawn = nil
	a, b := content(t, held), content(t, free)
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("example %d differs", i)
		}
	}
	if huge := glyphs(t, 1, "train", math.MaxInt, 28); huge.drawn != nil {
		t.Error("a set without end is held in memory")
	}
}

func TestGlyphsFactors(t *testing.T) {
	for _, size := range []int{28, 56} {
		g := glyphs(t, 3, "train", 3000, size)
		raw := make([]uint8, size*size)
		pixel := float64(size) / 28
		var digits [10]int
		seenFaces := map[string]int{}
		type extent struct{ lo, hi, least, most float64 }
		all := map[string]*extent{}
		within := func(i int, name string, v, lo, hi float64) {
			if v < lo || v > hi {
				t.Errorf("example %d: %s is %v, want %v..%v", i, name, v, lo, hi)
			}
			e := all[name]
			if e == nil {
				e = &extent{lo, hi, v, v}
				all[name] = e
			}
			e.least, e.most = min(e.least, v), max(e.most, v)
		}
		for i := range g.Len() {
			f := g.Factors(i)
			if label, err := g.At(i, raw); err != nil || label != f.Digit {
				t.Fatalf("example %d: label %d, digit %d, %v", i, label, f.Digit, err)
			}
			digits[f.Digit]++
			seenFaces[f.Face]++
			within(i, "weight", f.Weight, -.015, .06)
			within(i, "ink", f.Ink, .6, 1)
			within(i, "background", f.Background, 0, .25)
			within(i, "texture", f.Texture, 0, .4)
			within(i, "stretch x", f.StretchX, .65, 1.3)
			within(i, "stretch y", f.StretchY, .75, 1.15)
			within(i, "shear", f.Shear, -.35, .35)
			within(i, "rotation", f.Rotation, -22, 22)
			within(i, "shift x", f.ShiftX, -2.5*pixel, 2.5*pixel)
			within(i, "shift y", f.ShiftY, -2.5*pixel, 2.5*pixel)
			within(i, "displacement", f.Displacement, 0, 4*pixel)
			lowest, highest := uint8(255), uint8(0)
			for _, v := range raw {
				lowest, highest = min(lowest, v), max(highest, v)
			}
			// Ink stands out, and nothing is darker or brighter than the factors say.
			if float64(highest) > 255*f.Ink+1 || float64(lowest) < 255*f.Background*(1-f.Texture)-1 || int(highest)-int(lowest) < 40 {
				t.Errorf("example %d: values %d..%d with ink %v on %v", i, lowest, highest, f.Ink, f.Background)
			}
			if i%10 == 9 {
				for d, n := range digits {
					if n != i/10+1 {
						t.Fatalf("after %d examples digit %d came %d times", i+1, d, n)
					}
				}
			}
		}
		for name, e := range all {
			if r := e.hi - e.lo; e.least > e.lo+.05*r || e.most < e.hi-.05*r {
				t.Errorf("%s covers %v..%v of %v..%v", name, e.least, e.most, e.lo, e.hi)
			}
		}
		if len(seenFaces) != 10 {
			t.Errorf("%d faces in 3000 examples, want 10: %v", len(seenFaces), seenFaces)
		}
	}
}

// measure is a glyph's mass and centre, background taken off.
func measure(f Factors, size int) (mass, x, y float64) {
	raw := make([]uint8, size*size)
	newGlyphRenderer(size).draw(f, raw)
	for i, v := range raw {
		m := float64(v) / 255
		mass += m
		x += m * float64(i%size)
		y += m * float64(i/size)
	}
	return mass, x / mass, y / mass
}

// What the geometric factors do to mass and centre follows from their units.
func TestGlyphsGeometry(t *testing.T) {
	if err := loadFaces(); err != nil {
		t.Fatal(err)
	}
	for digit := range 10 {
		plain := Factors{Digit: digit, Face: "goregular", Ink: 1, StretchX: 1, StretchY: 1}
		mass, x, y := measure(plain, 84)
		if mass < 200 {
			t.Fatalf("digit %d covers %v pixels", digit, mass)
		}
		for name, c := range map[string]struct {
			change           func(*Factors)
			mass, x, y, slop float64
		}{
			"shift":    {func(f *Factors) { f.ShiftX, f.ShiftY = 3, -2 }, mass, x + 3, y - 2, .05},
			"width":    {func(f *Factors) { f.StretchX = .8 }, .8 * mass, 41.5 + .8*(x-41.5), y, .05},
			"height":   {func(f *Factors) { f.StretchY = .8 }, .8 * mass, x, 41.5 + .8*(y-41.5), .05},
			"shear":    {func(f *Factors) { f.Shear = .3 }, mass, x - .3*(y-41.5), y, .05},
			"half":     {func(f *Factors) { f.Rotation = 180 }, mass, 83 - x, 83 - y, .05},
			"quarter":  {func(f *Factors) { f.Rotation = 90 }, mass, 41.5 - (y - 41.5), 41.5 + (x - 41.5), .05},
			"ink":      {func(f *Factors) { f.Ink = .6 }, .6 * mass, x, y, .05},
			"displace": {func(f *Factors) { f.Displacement = 3 }, mass, x, y, 3},
		} {
			f := plain
			c.change(&f)
			m, u, v := measure(f, 84)
			if math.Abs(m-c.mass) > .02*mass && name != "displace" || math.Abs(u-c.x) > c.slop || math.Abs(v-c.y) > c.slop {
				t.Errorf("digit %d, %s: mass %.1f at (%.2f, %.2f), want %.1f at (%.2f, %.2f)", digit, name, m, u, v, c.mass, c.x, c.y)
			}
		}
		bold := plain
		bold.Weight = .03
		if m, _, _ := measure(bold, 84); m < 1.1*mass {
			t.Errorf("digit %d: weight .03 makes mass %.1f of %.1f, want more", digit, m, mass)
		}
		thin := plain
		thin.Weight = -.015
		if m, _, _ := measure(thin, 84); m > .95*mass {
			t.Errorf("digit %d: weight -.015 makes mass %.1f of %.1f, want less", digit, m, mass)
		}
	}
}

// An outline moved outwards by w gains w times its length in area, to first order.
func TestOutlineGrows(t *testing.T) {
	square := [][]point{{{0, 0}, {10, 0}, {10, 10}, {0, 10}}, {{4, 4}, {4, 6}, {6, 6}, {6, 4}}}
	for _, turned := range []bool{false, true} {
		if turned {
			for _, c := range square {
				c[1], c[3] = c[3], c[1]
			}
		}
		o := makeOutline([][]point{append([]point(nil), square[0]...), append([]point(nil), square[1]...)}, 10)
		area := func(w float64) (a float64) {
			for _, c := range o {
				for i := range c {
					p, q := c[i], c[(i+1)%len(c)]
					px, py := p.at.x+w*p.out.x, p.at.y+w*p.out.y
					qx, qy := q.at.x+w*q.out.x, q.at.y+w*q.out.y
					a += (px*qy - qx*py) / 2
				}
			}
			return math.Abs(a)
		}
		// A unit square with a hole of .2: sides 1+2w and .2-2w.
		if got, want := area(.05), 1.1*1.1-.1*.1; math.Abs(got-want) > 1e-12 {
			t.Errorf("turned %v: area %v, want %v", turned, got, want)
		}
	}
}

func TestOpenGlyphs(t *testing.T) {
	s, err := Open(t.Context(), Data{Set: "glyphs", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s.Train.Len() != 10_000 || s.Test.Len() != 2_000 || s.Validation != nil || s.Train.Shape() != (Shape{28, 28, 1}) || s.Train.Classes() != 10 {
		t.Errorf("%d and %d examples of %v", s.Train.Len(), s.Test.Len(), s.Train.Shape())
	}
	more, err := Open(t.Context(), Data{Set: "glyphs", Seed: 1, Train: 300, Validation: 50, Test: 100, Size: 28})
	if err != nil {
		t.Fatal(err)
	}
	if more.Train.Len() != 300 || more.Validation.Len() != 50 || more.Test.Len() != 100 {
		t.Errorf("%d, %d and %d examples", more.Train.Len(), more.Validation.Len(), more.Test.Len())
	}
	a, b := content(t, s.Test), content(t, more.Test)
	for i := range b {
		if a[i] != b[i] {
			t.Fatalf("test example %d changes with the training part", i)
		}
	}
	for want, d := range map[string]Data{
		"data.size: want 8 to 256": {Set: "glyphs", Size: 7},
		"did you mean glyphs?":     {Set: "glyph"},
		"data.train: want":         {Set: "glyphs", Train: -1},
		"at least 1 to train on":   {Set: "glyphs", Validation: 10_000},
		"data.validation: want a whole number in 0..100000000, got -1": {Set: "glyphs", Validation: -1},
	} {
		if _, err := Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one that says %q", d, err, want)
		}
	}
}
