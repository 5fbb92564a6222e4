package drawing

import (
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"

	"unwarp/pipelines"
)

// endPause is how many times longer than other frames the first and the last
// one are shown.
const endPause = 6

// Animate shows interpolations one below the other, forwards and backwards. All
// have the same number of paths and of steps. Each frame lasts pause hundredths
// of a second, the ends longer.
func Animate(all []Interpolation, sh pipelines.Shape, pause int) *gif.GIF {
	steps := len(all[0].Paths[0].Images)
	var frames []*image.Paletted
	for t := range steps {
		frames = append(frames, drawFrame(all, sh, t, steps))
	}
	g := &gif.GIF{}
	for i := range 2*steps - 2 {
		t, delay := i, pause
		if t >= steps {
			t = 2*steps - 2 - i
		}
		if t == 0 || t == steps-1 {
			delay = endPause * pause
		}
		g.Image, g.Delay = append(g.Image, frames[t]), append(g.Delay, delay)
	}
	return g
}

// drawFrame draws step t of all interpolations, a row for each.
func drawFrame(all []Interpolation, sh pipelines.Shape, t, steps int) *image.Paletted {
	scale := scaleFor(sh, 112)
	high, cell := sh.H*scale, max(panelCount(sh)*sh.W*scale, 132)
	paths := len(all[0].Paths)
	row := high + 3*lineHeight + gap
	c := newCanvas(gap+(paths+2)*(cell+gap), gap+len(all)*row)
	for k, n := range all {
		y := gap + k*row
		below := y + lineHeight + high
		drawEnd := func(x int, s Side) {
			c.drawText(s.Name, x, y, cell, textColor)
			c.drawImage(s.Input, sh, scale, x, y+lineHeight, 1)
			c.drawCaptions(x, below, cell, captionColor, "class "+s.Class)
		}
		drawEnd(gap, n.From)
		drawEnd(gap+(paths+1)*(cell+gap), n.To)
		for i, p := range n.Paths {
			x := gap + (i+1)*(cell+gap)
			c.drawText(p.Title, x, y, cell, textColor)
			c.drawImage(p.Images[t], sh, scale, x, y+lineHeight, 1)
			c.drawCaptions(x, below, cell, n.seenColor(p.Seen[t]), "seen as "+p.Seen[t])
			// A bar shows how far the interpolation is.
			bar := image.Rect(x, below+lineHeight+6, x+cell, below+lineHeight+8)
			c.fill(bar, lineColor)
			bar.Max.X = x + cell*t/max(1, steps-1)
			c.fill(bar, captionColor)
		}
	}
	return quantise(c.RGBA, sh)
}

// quantise reduces a frame to 256 colours: greys and text colours, or for
// colour images a general palette with dithering.
func quantise(m *image.RGBA, sh pipelines.Shape) *image.Paletted {
	if sh.C == 3 {
		p := image.NewPaletted(m.Rect, palette.Plan9)
		draw.FloydSteinberg.Draw(p, p.Rect, m, image.Point{})
		return p
	}
	p := image.NewPaletted(m.Rect, greyPalette())
	draw.Draw(p, p.Rect, m, image.Point{}, draw.Src)
	return p
}

// greyPalette holds the greys of images, and the colours of text mixed with the
// background.
func greyPalette() color.Palette {
	var p color.Palette
	for _, c := range []color.RGBA{textColor, captionColor, lineColor, geometryColor, appearanceColor} {
		for k := range 8 {
			mix := func(a, b uint8) uint8 { return uint8((int(a)*(7-k) + int(b)*k) / 7) }
			p = append(p, color.RGBA{mix(background.R, c.R), mix(background.G, c.G), mix(background.B, c.B), 255})
		}
	}
	for len(p) < 256 {
		g := uint8((len(p) - 40) * 255 / 215)
		p = append(p, color.RGBA{g, g, g, 255})
	}
	return p
}
