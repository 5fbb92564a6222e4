package figures

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"unwarp/pipelines"
)

// Longest is the length of the longest displacement of a field [H,W,2], in
// pixels.
func Longest(field []float32) float64 {
	most := 0.
	for i := 0; i+1 < len(field); i += 2 {
		most = max(most, math.Hypot(float64(field[i]), float64(field[i+1])))
	}
	return most
}

// Arrows are drawn one for every spacing pixels of the picture, and as long as
// the displacement is, unless the longest would be too short to be seen.
const (
	spacing = 15
	visible = 9
)

// magnified is by how much arrows are lengthened: 1, 2, 4 and so on to 64.
func magnified(most float64, scale int) int {
	times := 1
	for most > 0 && times < 64 && most*float64(scale*times) < visible {
		times *= 2
	}
	return times
}

// arrows draws a field over the dimmed image at (x, y): from each pixel of the
// result to the place of the canonical image that it shows.
func (c canvas) arrows(field, behind []float32, sh pipelines.Shape, scale, x, y int) {
	c.picture(behind, sh, scale, x, y, .35)
	times := float64(magnified(Longest(field), scale))
	step := max(1, int(math.Round(spacing/float64(scale))))
	inside := canvas{c.SubImage(image.Rect(x, y, x+sh.W*scale, y+sh.H*scale)).(*image.RGBA)}
	for v := step / 2; v < sh.H; v += step {
		for u := step / 2; u < sh.W; u += step {
			at := 2 * (v*sh.W + u)
			dx, dy := float64(field[at])*times*float64(scale), float64(field[at+1])*times*float64(scale)
			inside.arrow((float64(u)+.5)*float64(scale), (float64(v)+.5)*float64(scale), dx, dy)
		}
	}
}

// arrow runs from (x, y) of the picture by (dx, dy); without a length it is a
// dot.
func (c canvas) arrow(x, y, dx, dy float64) {
	const thick, head = .75, 4.
	length := math.Hypot(dx, dy)
	if length < 1.5 {
		c.outlined([][2]float32{at(x-1, y-1), at(x+1, y-1), at(x+1, y+1), at(x-1, y+1)})
		return
	}
	ux, uy := dx/length, dy/length
	size := min(head, length*.6)
	neck := length - size
	place := func(along, aside float64) [2]float32 { return at(x+ux*along-uy*aside, y+uy*along+ux*aside) }
	c.outlined([][2]float32{
		place(0, thick), place(neck, thick), place(neck, size*.6), place(length, 0),
		place(neck, -size*.6), place(neck, -thick), place(0, -thick),
	})
}

func at(x, y float64) [2]float32 { return [2]float32{float32(x), float32(y)} }

func (c canvas) outlined(points [][2]float32) { c.polygon(points, arrowColor) }

// colours draws a field at (x, y) as hue, for direction, and saturation, for
// length up to most.
func (c canvas) colours(field []float32, most float64, sh pipelines.Shape, scale, x, y int) {
	for v := range sh.H {
		for u := range sh.W {
			at := 2 * (v*sh.W + u)
			c.fill(image.Rect(x+u*scale, y+v*scale, x+(u+1)*scale, y+(v+1)*scale), hue(float64(field[at]), float64(field[at+1]), most))
		}
	}
}

// wheel is the key to colours: a disc of the given radius whose middle shows no
// displacement, its rim the longest, in the direction in which it lies.
func (c canvas) wheel(x, y, radius int) {
	for v := -radius; v <= radius; v++ {
		for u := -radius; u <= radius; u++ {
			if u*u+v*v <= radius*radius {
				c.Set(x+u, y+v, hue(float64(u), float64(v), float64(radius)))
			}
		}
	}
}

// hue is white for no displacement, and for one of length most a full colour:
// red to the right, yellow-green down, cyan to the left, violet up.
func hue(dx, dy, most float64) color.RGBA {
	if most == 0 {
		return color.RGBA{255, 255, 255, 255}
	}
	saturation := min(1, math.Hypot(dx, dy)/most)
	turn := math.Mod(math.Atan2(dy, dx)/(2*math.Pi)+1, 1) * 6
	channel := func(offset float64) uint8 {
		k := math.Mod(offset+turn, 6)
		return uint8(255*(1-saturation*max(0, min(k, 4-k, 1))) + .5)
	}
	return color.RGBA{channel(5), channel(3), channel(1), 255}
}

// about says how long the displacements are, and how they are drawn.
func about(field []float32, scale int, arrows bool) []string {
	most := Longest(field)
	text := []string{fmt.Sprintf("up to %.1f px", most)}
	if times := magnified(most, scale); arrows && times > 1 {
		text = append(text, fmt.Sprintf("drawn ×%d", times))
	}
	return text
}
