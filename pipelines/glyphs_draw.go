package pipelines

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/vector"
)

// glyphRenderer draws glyphs of one size. It belongs to one goroutine.
type glyphRenderer struct {
	size     int
	gen      *generator
	raster   *vector.Rasterizer
	coverage *image.Alpha
	texture  []float64 // lattice of values in 0..1
}

func newGlyphRenderer(size int) *glyphRenderer {
	return &glyphRenderer{
		size: size, gen: newGenerator(),
		raster:   vector.NewRasterizer(size, size),
		coverage: image.NewAlpha(image.Rect(0, 0, size, size)),
		texture:  make([]float64, textureLattice*textureLattice),
	}
}

// textureLattice is the number of texture values a side; they lie 4 pixels apart in an image of 28.
const textureLattice = 8

// waves is the number of sine waves that make a displacement field.
const waves = 3

// wave displaces by (x, y) times the sine of a phase that runs along (u, v).
type wave struct{ x, y, u, v, phase float64 }

// draw draws the glyph that f describes, [size,size]. The outline is mapped point by point and then
// filled with exact coverage, so that nothing is resampled.
func (p *glyphRenderer) draw(f Factors, dst []uint8) {
	r := p.gen.reseed(Seed(f.Field))
	field := drawField(r, f.Displacement, float64(p.size))
	for i := range p.texture {
		p.texture[i] = r.Float64()
	}
	p.raster.Reset(p.size, p.size)
	for _, contour := range faceNamed(f.Face).digits[f.Digit] {
		for i, c := range contour {
			at := f.place(point{c.at.x + f.Weight*c.out.x, c.at.y + f.Weight*c.out.y}, p.size)
			at = displacePoint(at, field)
			if i == 0 {
				p.raster.MoveTo(float32(at.x), float32(at.y))
			} else {
				p.raster.LineTo(float32(at.x), float32(at.y))
			}
		}
		p.raster.ClosePath()
	}
	clear(p.coverage.Pix)
	p.raster.Draw(p.coverage, p.coverage.Rect, image.Opaque, image.Point{})
	p.paint(f, dst)
}

// place maps a point of the outline to pixels: stretch, shear, rotation, shift.
func (f *Factors) place(c point, size int) point {
	height := 19. / 28 * float64(size)
	x, y := c.x*f.StretchX*height, c.y*f.StretchY*height
	x -= f.Shear * y // y is down
	sin, cos := math.Sincos(f.Rotation * math.Pi / 180)
	x, y = cos*x-sin*y, sin*x+cos*y
	return point{x + f.ShiftX + float64(size)/2, y + f.ShiftY + float64(size)/2}
}

// drawField draws waves with lengths of .7 to 1.5 sides whose displacements add up to at most peak.
func drawField(r *rand.Rand, peak, size float64) (field [waves]wave) {
	for i := range field {
		away, along := 2*math.Pi*r.Float64(), 2*math.Pi*r.Float64()
		k := 2 * math.Pi / (drawUniform(r, .7, 1.5) * size)
		field[i] = wave{
			x: peak / waves * math.Cos(away), y: peak / waves * math.Sin(away),
			u: k * math.Cos(along), v: k * math.Sin(along),
			phase: 2 * math.Pi * r.Float64(),
		}
	}
	return field
}

func displacePoint(p point, field [waves]wave) point {
	q := p
	for _, w := range field {
		s := math.Sin(w.u*p.x + w.v*p.y + w.phase)
		q.x += w.x * s
		q.y += w.y * s
	}
	return q
}

// paint mixes ink and background by coverage. The texture takes up to f.Texture of the ink's brightness
// and of the background's.
func (p *glyphRenderer) paint(f Factors, dst []uint8) {
	step := float64(textureLattice-1) / float64(p.size-1)
	for y := range p.size {
		v := float64(y) * step
		top := min(int(v), textureLattice-2)
		v -= float64(top)
		a, b := p.texture[top*textureLattice:][:textureLattice], p.texture[(top+1)*textureLattice:][:textureLattice]
		for x := range p.size {
			u := float64(x) * step
			left := min(int(u), textureLattice-2)
			u -= float64(left)
			upper := a[left] + (a[left+1]-a[left])*u
			lower := b[left] + (b[left+1]-b[left])*u
			shade := 1 - f.Texture*(upper+(lower-upper)*v)
			cover := float64(p.coverage.Pix[y*p.coverage.Stride+x]) / 255
			dst[y*p.size+x] = uint8(255*shade*(f.Background+(f.Ink-f.Background)*cover) + .5)
		}
	}
}
