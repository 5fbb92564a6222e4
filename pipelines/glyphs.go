package pipelines

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// What Open makes of zero fields of Data for glyphs.
const (
	glyphsTrain = 10_000
	glyphsTest  = 2_000
	glyphsSize  = 28
)

// glyphsHeld is the size in bytes up to which a set of glyphs is drawn at once and held in memory. A
// larger one is drawn example by example, each time it is asked for.
const glyphsHeld = 1 << 30

// glyphsMost is the largest number of examples of a part: lists of them are held in memory.
const glyphsMost = 10_000_000

// Glyphs is a set of the digits 0 to 9, drawn in the Go fonts with known factors. Example i depends
// on seed, split, size and i alone: a larger set begins with the smaller one. Any ten examples from
// a multiple of ten on hold each digit once, in random order.
type Glyphs struct {
	split     string
	seed      Seed
	n         int
	size      int
	drawn     *memorySource // nil if drawn on demand
	renderers sync.Pool
}

// NewGlyphs draws n examples of a split, such as "train" or "test", of size by size pixels, using
// all processors. size is 8 to 256.
func NewGlyphs(seed uint64, split string, n, size int) (*Glyphs, error) {
	if size < 8 || size > 256 {
		return nil, fmt.Errorf("data.size: want 8 to 256 pixels for glyphs, got %d", size)
	}
	if n < 1 {
		return nil, fmt.Errorf("pipelines: glyphs: want at least 1 %s example, got %d: ask for some", split, n)
	}
	if err := loadFaces(); err != nil {
		return nil, err
	}
	g := &Glyphs{split: split, seed: Seed(seed).Split("glyphs/" + split), n: n, size: size}
	g.renderers.New = func() any { return newGlyphRenderer(size) }
	if n <= glyphsHeld/(size*size) {
		g.drawAll()
	}
	return g, nil
}

// openGlyphs draws the training and the test part.
func openGlyphs(_ context.Context, d Data) (p parts, err error) {
	size := d.Size
	if size == 0 {
		size = glyphsSize
	}
	pool := glyphsTrain
	if d.Train > 0 {
		pool = d.Train + d.Validation
	}
	n := d.Test
	if n == 0 {
		n = glyphsTest
	}
	room := newMemoryBudget(d)
	for _, n := range []int{pool, n} {
		if n > glyphsMost {
			return parts{}, newRequestError("pipelines: glyphs: want at most %d examples of a part, got %d: lower data.train, data.validation or data.test", glyphsMost, n)
		}
		if n <= glyphsHeld/(size*size) {
			if err := room.reserve(n, Shape{size, size, 1}); err != nil {
				return parts{}, err
			}
		}
	}
	if p.train, err = newGlyphs(d.Seed, "train", pool, size); err != nil {
		return parts{}, err
	}
	p.test, err = newGlyphs(d.Seed, "test", n, size)
	return p, err
}

// newGlyphs is NewGlyphs with an interface for its result.
func newGlyphs(seed uint64, split string, n, size int) (Source, error) {
	g, err := NewGlyphs(seed, split, n, size)
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Glyphs) Name() string { return "glyphs/" + g.split }
func (g *Glyphs) Len() int     { return g.n }
func (g *Glyphs) Shape() Shape { return Shape{g.size, g.size, 1} }
func (g *Glyphs) Classes() int { return 10 }

func (g *Glyphs) At(i int, dst []uint8) (int, error) {
	if err := checkAt(g, i, dst); err != nil {
		return 0, err
	}
	if g.drawn != nil {
		return g.drawn.At(i, dst)
	}
	p := g.renderers.Get().(*glyphRenderer)
	defer g.renderers.Put(p)
	return g.draw(p, i, dst), nil
}

// Label is the digit of example i, which is not drawn for it. It panics unless 0 <= i < Len().
func (g *Glyphs) Label(i int) int {
	g.checkIndex("Label", i)
	if g.drawn != nil {
		return g.drawn.Label(i)
	}
	return drawDigit(newGenerator(), g.seed, i)
}

// Factors are what example i was drawn with. It panics unless 0 <= i < Len().
func (g *Glyphs) Factors(i int) Factors {
	g.checkIndex("Factors", i)
	return drawFactors(newGenerator(), g.seed, i, g.size)
}

// checkIndex panics unless example i exists.
func (g *Glyphs) checkIndex(method string, i int) {
	if i < 0 || i >= g.n {
		panic(fmt.Sprintf("pipelines: glyphs: %s(%d) of %d examples", method, i, g.n))
	}
}

// draw draws example i and returns its label.
func (g *Glyphs) draw(p *glyphRenderer, i int, dst []uint8) int {
	f := drawFactors(p.gen, g.seed, i, g.size)
	p.draw(f, dst[:g.size*g.size])
	return f.Digit
}

// drawAll draws all examples, a run of them per goroutine.
func (g *Glyphs) drawAll() {
	per := g.size * g.size
	m := &memorySource{name: g.Name(), shape: g.Shape(), classes: 10, pixels: make([]uint8, g.n*per), labels: make([]int32, g.n)}
	workers := min(runtime.GOMAXPROCS(0), g.n)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			p := newGlyphRenderer(g.size)
			for i := w * g.n / workers; i < (w+1)*g.n/workers; i++ {
				m.labels[i] = int32(g.draw(p, i, m.pixels[i*per:(i+1)*per]))
			}
		})
	}
	all.Wait()
	g.drawn = m
}
