package figures

import (
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"

	"unwarp/pipelines"
)

// Walk is a way from one image to another through their codes, in steps of
// which the first is the one and the last the other.
type Walk struct {
	From, To Side // input, name and class are read
	Ways     []Way
}

// Way is the images on a walk that changes some of the codes.
type Way struct {
	Title  string
	Images [][]float32 // [H,W,C] each, from t = 0 to 1
	Seen   []string    // classes
}

// Strip draws walks as rows of images between the two inputs, with the class
// that the model sees below each.
func Strip(walks []Walk, sh pipelines.Shape) *image.RGBA {
	scale := enlarged(sh, 72)
	wide, high := panels(sh)*sh.W*scale, sh.H*scale
	cell := max(wide, 40)
	steps, rows := 0, 0
	for _, w := range walks {
		rows += len(w.Ways)
		for _, way := range w.Ways {
			steps = max(steps, len(way.Images))
		}
	}
	const apart = 3
	side := cell + 2*gap
	row := high + line + gap
	c := newCanvas(max(2*side+2*gap+steps*(cell+apart), 560), gap+len(walks)*(line+gap)+rows*(row+line))
	y := gap
	for _, w := range walks {
		title := fmt.Sprintf("from %s (class %s) to %s (class %s)", w.From.Name, w.From.Class, w.To.Name, w.To.Class)
		c.text(title, gap, y, c.Rect.Dx()-2*gap, ink)
		y += line
		for _, way := range w.Ways {
			c.text(way.Title, gap+side, y, c.Rect.Dx()-side-2*gap, faint)
			y += line
			c.picture(w.From.Input, sh, scale, gap, y, 1)
			c.text("input", gap, y+high+1, cell, faint)
			x := gap + side
			for i, values := range way.Images {
				c.picture(values, sh, scale, x, y, 1)
				c.text(way.Seen[i], x, y+high+1, cell, seenColor(way.Seen[i], w))
				x += cell + apart
			}
			x += 2*gap - apart
			c.picture(w.To.Input, sh, scale, x, y, 1)
			c.text("input", x, y+high+1, cell, faint)
			y += row
		}
		y += gap
	}
	return c.RGBA
}

// seenColor is that of the end whose class is seen.
func seenColor(seen string, w Walk) color.Color {
	switch {
	case w.From.Class == w.To.Class:
		return ink
	case seen == w.From.Class:
		return ofLook
	case seen == w.To.Class:
		return ofShape
	}
	return faint
}

// Animation shows walks side by side, a row for each, there and back. Each
// frame stands for pause hundredths of a second, the ends longer.
func Animation(walks []Walk, sh pipelines.Shape, pause int) *gif.GIF {
	scale := enlarged(sh, 112)
	wide, high := panels(sh)*sh.W*scale, sh.H*scale
	cell := max(wide, 132)
	ways := len(walks[0].Ways)
	steps := len(walks[0].Ways[0].Images)
	row := high + 3*line + gap
	size := image.Pt(gap+(ways+2)*(cell+gap), gap+len(walks)*row)
	colours := shades()
	if sh.C == 3 {
		colours = palette.Plan9
	}
	g := &gif.GIF{}
	frame := func(t int) *image.Paletted {
		c := newCanvas(size.X, size.Y)
		for k, w := range walks {
			y := gap + k*row
			ends := []struct {
				x    int
				side Side
			}{{gap, w.From}, {gap + (ways+1)*(cell+gap), w.To}}
			for _, e := range ends {
				c.text(e.side.Name, e.x, y, cell, ink)
				c.picture(e.side.Input, sh, scale, e.x, y+line, 1)
				c.lines(e.x, y+line+high, cell, faint, "class "+e.side.Class)
			}
			for i, way := range w.Ways {
				x := gap + (i+1)*(cell+gap)
				c.text(way.Title, x, y, cell, ink)
				c.picture(way.Images[t], sh, scale, x, y+line, 1)
				c.lines(x, y+line+high, cell, seenColor(way.Seen[t], w), "seen as "+way.Seen[t])
				done := cell * t / max(1, steps-1)
				c.fill(image.Rect(x, y+high+2*line+6, x+cell, y+high+2*line+8), rule)
				c.fill(image.Rect(x, y+high+2*line+6, x+done, y+high+2*line+8), faint)
			}
		}
		p := image.NewPaletted(c.Rect, colours)
		if sh.C == 3 {
			draw.FloydSteinberg.Draw(p, p.Rect, c, image.Point{})
		} else {
			draw.Draw(p, p.Rect, c, image.Point{}, draw.Src)
		}
		return p
	}
	var there []*image.Paletted
	for t := range steps {
		there = append(there, frame(t))
	}
	for i := range 2*steps - 2 {
		t, delay := i, pause
		if t >= steps {
			t = 2*steps - 2 - i
		}
		if t == 0 || t == steps-1 {
			delay = 6 * pause
		}
		g.Image, g.Delay = append(g.Image, there[t]), append(g.Delay, delay)
	}
	return g
}

// shades are the greys of images, with the colours of text and their mixtures
// with the ground.
func shades() color.Palette {
	var p color.Palette
	for _, c := range []color.RGBA{ink, faint, rule, ofShape, ofLook} {
		for k := range 8 {
			mix := func(a, b uint8) uint8 { return uint8((int(a)*(7-k) + int(b)*k) / 7) }
			p = append(p, color.RGBA{mix(ground.R, c.R), mix(ground.G, c.G), mix(ground.B, c.B), 255})
		}
	}
	for len(p) < 256 {
		g := uint8((len(p) - 40) * 255 / 215)
		p = append(p, color.RGBA{g, g, g, 255})
	}
	return p
}
