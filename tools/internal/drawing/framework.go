package drawing

import (
	"image"
	"image/color"

	"unwarp/pipelines"
)

// DrawFramework draws what the model computes of each image (figure 1 of Duan et
// al.): encoder, appearance code and geometric code, the canonical image and the
// displacement field that the decoders make of them, the warp and the
// reconstruction; below, the classifier on both codes.
func DrawFramework(sides []Side, sh pipelines.Shape) *image.RGBA {
	l := newFrameworkLayout(sh)
	c := newCanvas(l.right, gap+len(sides)*(l.high+gap))
	for i, s := range sides {
		c.drawFlow(s, sh, l, gap+i*(l.high+gap))
	}
	return c.RGBA
}

// frameworkLayout holds the places of one row, in pixels.
type frameworkLayout struct {
	scale, image, wide            int // side of a pixel; height and width of an image
	input, codes, decoded, result int // left edges
	code                          int // side of a code
	right, high                   int
}

// boxWidth is the width of a box with the name of a part, and between them arrows.
const (
	boxWidth   = 78
	boxHeight  = lineHeight + 6
	arrowWidth = 22
	betweenBox = boxWidth + 2*arrowWidth
)

func newFrameworkLayout(sh pipelines.Shape) frameworkLayout {
	l := frameworkLayout{scale: scaleFor(sh, 112), input: gap}
	l.image, l.wide, l.code = sh.H*l.scale, panelCount(sh)*sh.W*l.scale, 64
	l.codes = l.input + l.wide + betweenBox
	l.decoded = l.codes + l.code + betweenBox
	l.result = l.decoded + l.wide + betweenBox
	l.right = l.result + max(l.wide, captionRoom) + gap
	l.high = 2*(l.image+2*lineHeight) + gap + boxHeight
	return l
}

// drawFlow draws one image's way through the model, from height y on.
func (c canvas) drawFlow(s Side, sh pipelines.Shape, l frameworkLayout, y int) {
	row := l.image + 2*lineHeight
	upper, lower := y, y+row+gap
	middle := (upper + lower + l.image) / 2
	c.drawImage(s.Input, sh, l.scale, l.input, middle-l.image/2, 1)
	c.drawCaptions(l.input, middle+l.image/2, l.wide, textColor, s.Name, "class "+s.Class)
	up, down := upper+l.image/2, lower+l.image/2
	c.drawFork(l, middle, up, down)
	c.drawName("encoder", l.input+l.wide+arrowWidth, middle)

	c.drawCode(s.Appearance, l, up, appearanceColor, "appearance")
	c.drawCode(s.Geometry, l, down, geometryColor, "geometry")
	c.drawBox("decoder A", l.codes+l.code+arrowWidth, up, l.codes+l.code, l.decoded)
	c.drawBox("decoder G", l.codes+l.code+arrowWidth, down, l.codes+l.code, l.decoded)

	c.drawImage(s.Canonical, sh, l.scale, l.decoded, upper, 1)
	c.drawCaptions(l.decoded, upper+l.image, l.wide, appearanceColor, "canonical image")
	panel := pipelines.Shape{H: sh.H, W: sh.W, C: panelChannels(sh)}
	c.drawFieldArrows(s.Field, firstPanel(s.Reconstruction, sh), panel, l.scale, l.decoded, lower)
	c.drawCaptions(l.decoded, lower+l.image, max(l.wide, captionRoom), geometryColor, "displacements")

	c.drawBox("warp", l.decoded+l.wide+arrowWidth, middle, l.decoded+l.wide, l.result)
	c.drawImage(s.Reconstruction, sh, l.scale, l.result, middle-l.image/2, 1)
	c.drawCaptions(l.result, middle+l.image/2, max(l.wide, captionRoom), textColor, "reconstruction")

	classes := lower + row + boxHeight/2
	c.drawReads(l, up, down, classes)
	c.drawBox("classifier", l.codes+l.code+arrowWidth, classes, l.codes+l.code/2-2, l.decoded)
	c.drawText("seen as "+s.Seen, l.decoded+4, classes-lineHeight/2, l.right-l.decoded, textColor)
}

// drawFork draws the line from the input at height middle to both codes, at up and down.
func (c canvas) drawFork(l frameworkLayout, middle, up, down int) {
	x := l.codes - arrowWidth/2 - 2
	c.fill(image.Rect(l.input+l.wide+2, middle, x, middle+1), lineColor)
	c.fill(image.Rect(x, up, x+1, down+1), lineColor)
	c.drawArrowRight(x, l.codes, up)
	c.drawArrowRight(x, l.codes, down)
}

// drawReads draws the lines from both codes down to that of the classifier. The one from
// the appearance passes the geometric code on the right, and the arrow from it by a gap.
func (c canvas) drawReads(l frameworkLayout, up, down, classes int) {
	const crossing = 4
	below, beside, leaves := l.codes+l.code/2, l.codes+l.code+arrowWidth/2, up+l.code/4
	c.fill(image.Rect(below, down+l.code/2+2+lineHeight, below+1, classes), lineColor)
	c.fill(image.Rect(l.codes+l.code+2, leaves, beside, leaves+1), lineColor)
	c.fill(image.Rect(beside, leaves, beside+1, down-crossing), lineColor)
	c.fill(image.Rect(beside, down+crossing+1, beside+1, classes), lineColor)
}

// drawBox draws a box with a text whose left edge is x and whose middle y, with an
// arrow from the left and one to the right.
func (c canvas) drawBox(text string, x, y, from, to int) {
	c.drawArrowRight(from+2, to, y)
	c.drawName(text, x, y)
}

// drawArrowRight draws an arrow at height y, from x to before the edge to.
func (c canvas) drawArrowRight(x, to, y int) {
	c.fill(image.Rect(x, y, to-6, y+1), lineColor)
	c.fillPolygon([][2]float32{{float32(to - 2), float32(y) + .5}, {float32(to - 8), float32(y) - 3.5}, {float32(to - 8), float32(y) + 4.5}}, lineColor)
}

// drawName draws the box alone.
func (c canvas) drawName(text string, x, y int) {
	c.fill(image.Rect(x, y-boxHeight/2, x+boxWidth, y+boxHeight/2), lineColor)
	c.fill(image.Rect(x+1, y-boxHeight/2+1, x+boxWidth-1, y+boxHeight/2-1), background)
	c.drawText(text, x+(boxWidth-textWidth(text))/2, y-lineHeight/2, boxWidth, textColor)
}

// drawCode draws the units of a code as a square of cells: the larger the absolute
// value, the brighter.
func (c canvas) drawCode(code []float32, l frameworkLayout, middle int, with color.RGBA, name string) {
	side := 1
	for side*side < len(code) {
		side++
	}
	most := float32(1e-12)
	for _, v := range code {
		most = max(most, v, -v)
	}
	top := middle - l.code/2
	for i, v := range code {
		share := max(v, -v) / most
		cell := image.Rect(l.codes+i%side*l.code/side, top+i/side*l.code/side, l.codes+(i%side+1)*l.code/side, top+(i/side+1)*l.code/side)
		c.fill(cell, color.RGBA{mix(background.R, with.R, share), mix(background.G, with.G, share), mix(background.B, with.B, share), 255})
	}
	c.drawCaptions(l.codes-8, middle+l.code/2, l.code+40, with, name)
}

// mix is a at share 0 and b at share 1.
func mix(a, b uint8, share float32) uint8 {
	return uint8(float32(a) + share*(float32(b)-float32(a)) + .5)
}
