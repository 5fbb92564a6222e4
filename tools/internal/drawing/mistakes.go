package drawing

import (
	"image"

	"unwarp/pipelines"
)

// Captioned is an image with lines of text below it.
type Captioned struct {
	Image []float32 // [H,W,C]
	Lines []string  // the first is the strongest
}

// DrawGallery draws images in rows, with their captions, below a title.
func DrawGallery(title string, all []Captioned, sh pipelines.Shape, columns int) *image.RGBA {
	const least, most = 150, 240 // of a cell, in pixels
	wide := panelCount(sh) * sh.W
	scale := max(1, (least+wide-1)/wide)
	lines, room := 0, 0
	for _, c := range all {
		lines = max(lines, len(c.Lines))
		for _, text := range c.Lines {
			room = max(room, textWidth(text))
		}
	}
	cell := max(wide*scale, min(room, most))
	columns = max(1, min(columns, len(all)))
	rows := (len(all) + columns - 1) / columns
	row := sh.H*scale + lines*lineHeight + gap
	top := gap + lineHeight + gap/2
	to := newCanvas(max(gap+columns*(cell+gap), min(textWidth(title), 900)+2*gap), top+rows*row+gap/2)
	to.drawText(title, gap, gap-2, to.Rect.Dx()-2*gap, textColor)
	for i, c := range all {
		x, y := gap+i%columns*(cell+gap), top+i/columns*row
		to.drawImage(c.Image, sh, scale, x, y, 1)
		for k, text := range c.Lines {
			ink := captionColor
			if k == 0 {
				ink = textColor
			}
			to.drawText(text, x, y+sh.H*scale+k*lineHeight, cell, ink)
		}
	}
	return to.RGBA
}
