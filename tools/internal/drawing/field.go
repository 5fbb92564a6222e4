package drawing

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"unwarp/pipelines"
)

// LongestDisplacement returns the length of the longest displacement of a field [H,W,2], in
// pixels.
func LongestDisplacement(field []float32) float64 {
	most := 0.
	for i := 0; i+1 < len(field); i += 2 {
		most = max(most, math.Hypot(float64(field[i]), float64(field[i+1])))
	}
	return most
}

// There is one arrow for every arrowSpacing pixels of the picture. Arrows have the
// length of the displacement; where the longest would be shorter than
// shortestArrow pixels, all are magnified.
const (
	arrowSpacing  = 15
	shortestArrow = 9
)

// arrowMagnification returns the factor for the lengths of arrows, 1, 2, 4 and so
// on to 64, where the longest displacement is most pixels of the image.
func arrowMagnification(most float64, scale int) int {
	times := 1
	for most > 0 && times < 64 && most*float64(scale*times) < shortestArrow {
		times *= 2
	}
	return times
}

// drawFieldArrows draws a field over the dimmed image at (x, y). An arrow runs from
// a pixel of the result to the position in the canonical image that the pixel is
// sampled from.
func (c canvas) drawFieldArrows(field, behind []float32, sh pipelines.Shape, scale, x, y int) {
	c.drawImage(behind, sh, scale, x, y, .35)
	times := float64(arrowMagnification(LongestDisplacement(field), scale))
	step := max(1, int(math.Round(arrowSpacing/float64(scale))))
	inside := canvas{c.SubImage(image.Rect(x, y, x+sh.W*scale, y+sh.H*scale)).(*image.RGBA)}
	for v := step / 2; v < sh.H; v += step {
		for u := step / 2; u < sh.W; u += step {
			at := 2 * (v*sh.W + u)
			dx, dy := float64(field[at])*times*float64(scale), float64(field[at+1])*times*float64(scale)
			inside.drawArrow((float64(u)+.5)*float64(scale), (float64(v)+.5)*float64(scale), dx, dy)
		}
	}
}

// drawArrow draws an arrow from (x, y) of the picture by (dx, dy); one that is
// shorter than 1.5 pixels becomes a dot.
func (c canvas) drawArrow(x, y, dx, dy float64) {
	const thick, head = .75, 4.
	length := math.Hypot(dx, dy)
	if length < 1.5 {
		c.fillPolygon([][2]float32{at(x-1, y-1), at(x+1, y-1), at(x+1, y+1), at(x-1, y+1)}, arrowColor)
		return
	}
	ux, uy := dx/length, dy/length
	size := min(head, length*.6)
	neck := length - size
	place := func(along, aside float64) [2]float32 { return at(x+ux*along-uy*aside, y+uy*along+ux*aside) }
	c.fillPolygon([][2]float32{
		place(0, thick), place(neck, thick), place(neck, size*.6), place(length, 0),
		place(neck, -size*.6), place(neck, -thick), place(0, -thick),
	}, arrowColor)
}

func at(x, y float64) [2]float32 { return [2]float32{float32(x), float32(y)} }

// drawFieldColors draws a field at (x, y): hue is the direction, saturation the
// length, full at most pixels.
func (c canvas) drawFieldColors(field []float32, most float64, sh pipelines.Shape, scale, x, y int) {
	for v := range sh.H {
		for u := range sh.W {
			at := 2 * (v*sh.W + u)
			c.fill(image.Rect(x+u*scale, y+v*scale, x+(u+1)*scale, y+(v+1)*scale), fieldColor(float64(field[at]), float64(field[at+1]), most))
		}
	}
}

// drawColorWheel draws the key to the field's colours: a disc whose centre shows no
// displacement and whose rim shows the longest one in each direction.
func (c canvas) drawColorWheel(x, y, radius int) {
	for v := -radius; v <= radius; v++ {
		for u := -radius; u <= radius; u++ {
			if u*u+v*v <= radius*radius {
				c.Set(x+u, y+v, fieldColor(float64(u), float64(v), float64(radius)))
			}
		}
	}
}

// fieldColor returns white for no displacement and a saturated colour for one of
// length most: red to the right, yellow-green down, cyan to the left, violet up.
func fieldColor(dx, dy, most float64) color.RGBA {
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

// describeField returns the caption of a field: its longest displacement, and the
// magnification of arrows.
func describeField(field []float32, scale int, arrows bool) []string {
	most := LongestDisplacement(field)
	text := []string{fmt.Sprintf("up to %.1f px", most)}
	if times := arrowMagnification(most, scale); arrows && times > 1 {
		text = append(text, fmt.Sprintf("drawn ×%d", times))
	}
	return text
}
