package pipelines

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// erase is random erasing (Zhong, Zheng, Kang, Li and Yang 2020, "Random erasing data
// augmentation", algorithm 1): with a probability, a rectangle of an image is filled with
// random values. Its area is a share of the image's, its height over its width lies
// between 3/10 and 10/3, evenly on a logarithmic scale.
type erase struct{ probability, least, most fraction }

// What erase(p) leaves out: the shares of the area that the paper and its users take.
var (
	usualLeast = fraction{.02, 1}
	usualMost  = fraction{1, 3}
)

// maxAspect is the largest height over width, and width over height, of what is erased.
const maxAspect = 10. / 3

// eraseTries is how many rectangles are drawn until one fits into the image.
const eraseTries = 10

func (o erase) String() string {
	if o.least == usualLeast && o.most == usualMost {
		return fmt.Sprintf("erase(%v)", o.probability)
	}
	return fmt.Sprintf("erase(%v,%v,%v)", o.probability, o.least, o.most)
}

func (o erase) forEvaluation() step                 { return nil }
func (o erase) outputShape(in Shape) (Shape, error) { return in, nil }

// readErase reads a probability, and the smallest and largest share of the area.
func (c *stepText) readErase() step {
	o, count := erase{least: usualLeast, most: usualMost}, 3
	if len(c.args) == 1 {
		count = 1
	}
	if !c.wantCount(count) {
		return o
	}
	if o.probability = c.readNumber(c.args[0], 0, 1); len(c.args) == 1 {
		return o
	}
	o.least, o.most = c.readNumber(c.args[1], 0, 1), c.readNumber(c.args[2], 0, 1)
	if o.most.value() < o.least.value() {
		c.keepError(c.fail(c.args[1].at, "the smaller share first", o.least.String()+","+o.most.String(), "swap them"))
	}
	return o
}

// apply erases in an image of shape sh.
func (o erase) apply(image []float32, sh Shape, r *rand.Rand) {
	if r.Float64() >= o.probability.value() {
		return
	}
	least, most := o.least.value(), o.most.value()
	for range eraseTries {
		area := float64(sh.H*sh.W) * (least + (most-least)*r.Float64())
		aspect := math.Pow(maxAspect, 2*r.Float64()-1)
		h, w := int(math.Sqrt(area*aspect)+.5), int(math.Sqrt(area/aspect)+.5)
		if h > sh.H || w > sh.W {
			continue
		}
		y, x := r.IntN(sh.H-h+1), r.IntN(sh.W-w+1)
		for row := y; row < y+h; row++ {
			fillRandom(image[(row*sh.W+x)*sh.C:][:w*sh.C], r)
		}
		return
	}
}

// fillRandom writes 8-bit values / 255, each equally likely.
func fillRandom(to []float32, r *rand.Rand) {
	for len(to) > 0 {
		bits := r.Uint64()
		n := min(8, len(to))
		for i := range to[:n] {
			to[i] = unitValues[uint8(bits)]
			bits >>= 8
		}
		to = to[n:]
	}
}
