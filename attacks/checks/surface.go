package checks

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"unwarp/attacks"
)

// Grid is the side of a loss surface in points.
const Grid = 21

// Surface is how far the best other class leads the label around an image:
// [row][column], along random signs and along the sign of the gradient, from
// -Eps to Eps; the image is in the middle.
type Surface struct {
	Image int // its place in the data
	Eps   float32
	Lead  [Grid][Grid]float32
}

// PNG writes the surface, 8 pixels to a point, dark to light; what is
// misclassified has a warm tint.
func (s Surface) PNG(w io.Writer) error {
	const zoom = 8
	lo, hi := s.Lead[0][0], s.Lead[0][0]
	for _, row := range s.Lead {
		for _, v := range row {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, zoom*Grid, zoom*Grid))
	for y := range zoom * Grid {
		for x := range zoom * Grid {
			v := s.Lead[y/zoom][x/zoom]
			g := uint8(32 + 191*(v-lo)/max(hi-lo, 1e-30))
			c := color.RGBA{g, g, g, 255}
			if v > 0 {
				c.R, c.B = 255, g/2
			}
			img.SetRGBA(x, y, c)
		}
	}
	return png.Encode(w, img)
}

// place of the largest lead.
func (s Surface) place() (row, column int) {
	for r := range s.Lead {
		for c := range s.Lead[r] {
			if s.Lead[r][c] > s.Lead[row][column] {
				row, column = r, c
			}
		}
	}
	return row, column
}

// curvature along the gradient: the second difference over the whole range
// against the first; 0 of a line.
func (s Surface) curvature() float64 {
	mid := s.Lead[Grid/2]
	a, b, c := float64(mid[0]), float64(mid[Grid/2]), float64(mid[Grid-1])
	return math.Abs(a-2*b+c) / max(math.Abs(c-a), 1e-30)
}

// unstable is C19, of the lead instead of the cross-entropy, whose relative
// change is large wherever the model is sure. Indicators of Attack Failure
// draw 100 points within ±(8/255)/2.
func unstable(x *exam) (verdict, error) {
	if x.random() {
		return skip(noisyWhy)
	}
	const points, radius = 100, 8. / 255 / 2
	v := verdict{status: Pass}
	var all []float64
	for i := range x.set.Len() {
		if err := x.ctx.Err(); err != nil {
			return v, err
		}
		r, label := x.rand(i, 19), int(x.set.Labels[i])
		rows := make([][]float32, points)
		for p := range rows {
			rows[p] = make([]float32, len(x.image(i)))
			for k, c := range x.image(i) {
				rows[p][k] = c + radius*(2*r.Float32()-1)
			}
			x.threat.Clip(rows[p])
		}
		z, err := x.judge.Logits(rows...)
		if err != nil {
			return v, err
		}
		here, sum := lead(x.logits[i], label), 0.
		for _, row := range z {
			sum += min(1, math.Abs(lead(row, label)-here)/max(math.Abs(here), 1e-12))
		}
		all = append(all, sum/points)
		if sum/points > .2 {
			v.images = append(v.images, x.set.Index[i])
		}
	}
	m := mean(all)
	v.value = fmt.Sprintf("mean relative change %.3f; above .2 on %s", m, rate(len(v.images), len(all)))
	if m > .2 {
		v.status = Warn
		v.advice = "the loss jumps from point to point, so that its gradient says little: average gradients over neighbours (eot, nes), or attack without them"
	} else {
		v.images = nil // images next to a boundary are as they should be
	}
	return v, nil
}

// surface is C20.
func surface(x *exam) (verdict, error) {
	if why, no := x.undeclared(attacks.Linear); no {
		return skip(why)
	}
	if x.random() {
		return skip(noisyWhy)
	}
	images := x.first(few)
	v := verdict{status: Pass}
	var bends []float64
	for i, img := range images {
		if err := x.ctx.Err(); err != nil {
			return v, err
		}
		s, err := x.grid(i, img)
		if err != nil {
			return v, err
		}
		if x.Surface != nil {
			x.Surface(s)
		}
		bends = append(bends, s.curvature())
		if _, column := s.place(); column < Grid-1 {
			v.images = append(v.images, x.set.Index[i])
		}
	}
	v.value = fmt.Sprintf("largest loss inside or away from the gradient on %s; median curvature %.2g", rate(len(v.images), len(images)), median(bends))
	if above(len(v.images), len(images), .1) == Fail {
		v.status = Warn
		v.advice = "within this eps the gradient at the image does not lead to the largest loss: many small steps and restarts, no single step"
	} else {
		v.images = nil
	}
	return v, nil
}

// grid asks for the lead at each point.
func (x *exam) grid(i int, img []float32) (Surface, error) {
	out := Surface{Image: x.set.Index[i], Eps: x.Eps}
	slope, err := x.guide.Slopes(attacks.Linear, x.pair(i, img))
	if err != nil {
		return out, err
	}
	g, u, r := slope[0].Gradient, make([]float32, len(img)), x.rand(i, 20)
	x.threat.Steepest(g, g)
	for k := range u {
		u[k] = 1
		if r.Uint64()&1 == 0 {
			u[k] = -1
		}
	}
	x.threat.Steepest(u, u)
	at := func(n int) float32 { return x.Eps * (2*float32(n)/(Grid-1) - 1) }
	var rows [][]float32
	for row := range Grid {
		for column := range Grid {
			y := make([]float32, len(img))
			for k, v := range img {
				y[k] = v + at(column)*g[k] + at(row)*u[k]
			}
			rows = append(rows, y)
		}
	}
	z, err := x.judge.Logits(rows...)
	if err != nil {
		return out, err
	}
	for n := range z {
		out.Lead[n/Grid][n%Grid] = float32(x.along(i, z[n]))
	}
	return out, nil
}
