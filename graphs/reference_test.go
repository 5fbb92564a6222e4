package graphs_test

import (
	"math"

	. "unwarp/graphs/graphtest"
)

// The slow, obvious references: float64 loops straight from the definitions.

// same gives the output size and the zeros before the input of SAME padding.
func same(n, kernel, stride int) (out, before int) {
	out = (n + stride - 1) / stride
	return out, max((out-1)*stride+kernel-n, 0) / 2
}

func dims4(x Array) (b, h, w, c int) {
	return int(x.Shape[0]), int(x.Shape[1]), int(x.Shape[2]), int(x.Shape[3])
}

func inside(v, n int) bool { return v >= 0 && v < n }

// referenceConv is the cross-correlation of x [B,H,W,C] with k [K,K,C,O], plus bias.
func referenceConv(x, k, bias Array, stride int, valid bool) []float64 {
	b, h, w, c := dims4(x)
	side, outs := int(k.Shape[0]), int(k.Shape[3])
	oh, top := same(h, side, stride)
	ow, left := same(w, side, stride)
	if valid {
		oh, ow, top, left = (h-side)/stride+1, (w-side)/stride+1, 0, 0
	}
	var out []float64
	for i := range b {
		for y := range oh {
			for z := range ow {
				for o := range outs {
					sum := 0.
					if bias.Data != nil {
						sum = bias.At(o)
					}
					for p := range side {
						for q := range side {
							yy, zz := y*stride-top+p, z*stride-left+q
							if !inside(yy, h) || !inside(zz, w) {
								continue
							}
							for ch := range c {
								sum += x.At(i, yy, zz, ch) * k.At(p, q, ch, o)
							}
						}
					}
					out = append(out, sum)
				}
			}
		}
	}
	return out
}

// referenceTranspose scatters each pixel of x [B,H,W,C], weighted by k [K,K,O,C],
// over the rows×cols output pixels that a SAME convolution of that stride
// would have read to make it.
func referenceTranspose(x, k, bias Array, stride, rows, cols int) []float64 {
	b, h, w, c := dims4(x)
	side, outs := int(k.Shape[0]), int(k.Shape[2])
	_, top := same(rows, side, stride)
	_, left := same(cols, side, stride)
	out := make([]float64, b*rows*cols*outs)
	for i := range out {
		out[i] = bias.At(i % outs)
	}
	for i := range b {
		for y := range h {
			for z := range w {
				for p := range side {
					for q := range side {
						yy, zz := y*stride-top+p, z*stride-left+q
						if !inside(yy, rows) || !inside(zz, cols) {
							continue
						}
						for o := range outs {
							for ch := range c {
								out[((i*rows+yy)*cols+zz)*outs+o] += x.At(i, y, z, ch) * k.At(p, q, o, ch)
							}
						}
					}
				}
			}
		}
	}
	return out
}

// referenceDense is x [B,D] times k [D,O] plus bias.
func referenceDense(x, k, bias Array) []float64 {
	var out []float64
	for i := range int(x.Shape[0]) {
		for o := range int(k.Shape[1]) {
			sum := bias.At(o)
			for d := range int(k.Shape[0]) {
				sum += x.At(i, d) * k.At(d, o)
			}
			out = append(out, sum)
		}
	}
	return out
}

// referencePool applies f to the values of each SAME window.
func referencePool(x Array, size int, f func(window []float64) float64) []float64 {
	b, h, w, c := dims4(x)
	oh, top := same(h, size, size)
	ow, left := same(w, size, size)
	var out []float64
	for i := range b {
		for y := range oh {
			for z := range ow {
				for ch := range c {
					var window []float64
					for p := range size {
						for q := range size {
							if yy, zz := y*size-top+p, z*size-left+q; inside(yy, h) && inside(zz, w) {
								window = append(window, x.At(i, yy, zz, ch))
							}
						}
					}
					out = append(out, f(window))
				}
			}
		}
	}
	return out
}

func maximum(v []float64) float64 {
	m := math.Inf(-1)
	for _, x := range v {
		m = max(m, x)
	}
	return m
}

func relu(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = max(x, 0)
	}
	return out
}

func mean(v []float64) float64 {
	sum := 0.
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// referenceResize interpolates x [B,H,W,C] bilinearly at rows×cols pixel centres,
// edges repeated.
func referenceResize(x []float64, b, h, w, c, rows, cols int) []float64 {
	at := func(i, y, z, ch int) float64 {
		return x[((i*h+min(max(y, 0), h-1))*w+min(max(z, 0), w-1))*c+ch]
	}
	var out []float64
	for i := range b {
		for y := range rows {
			for z := range cols {
				sy := (float64(y)+.5)*float64(h)/float64(rows) - .5
				sz := (float64(z)+.5)*float64(w)/float64(cols) - .5
				y0, z0 := math.Floor(sy), math.Floor(sz)
				fy, fz := sy-y0, sz-z0
				for ch := range c {
					out = append(out, (1-fy)*((1-fz)*at(i, int(y0), int(z0), ch)+fz*at(i, int(y0), int(z0)+1, ch))+
						fy*((1-fz)*at(i, int(y0)+1, int(z0), ch)+fz*at(i, int(y0)+1, int(z0)+1, ch)))
				}
			}
		}
	}
	return out
}

// equation7 is eq. 6 and 7 of Duan et al. as they stand: every pixel of the
// image, weighted by its distance to the displaced position.
func equation7(images, field Array) []float64 {
	b, h, w, c := dims4(images)
	var out []float64
	for i := range b {
		for y := range h {
			for x := range w {
				x0, y0 := float64(x)+field.At(i, y, x, 0), float64(y)+field.At(i, y, x, 1)
				for ch := range c {
					sum := 0.
					for p := range h {
						for q := range w {
							sum += images.At(i, p, q, ch) * max(0, 1-math.Abs(x0-float64(q))) * max(0, 1-math.Abs(y0-float64(p)))
						}
					}
					out = append(out, sum)
				}
			}
		}
	}
	return out
}

// referenceClamp moves the displaced position to the nearest point of the image and
// interpolates there.
func referenceClamp(images, field Array) []float64 {
	_, h, w, _ := dims4(images)
	inner := Fill(0, field.Shape...)
	for i := range field.Data {
		pixel := i / 2
		at, n := pixel%w, w
		if i%2 == 1 {
			at, n = pixel/w%h, h
		}
		target := min(max(float64(at)+float64(field.Data[i]), 0), float64(n-1))
		inner.Data[i] = float32(target - float64(at))
	}
	return equation7(images, inner)
}

// referenceCrossEntropy is -log softmax(logits)[label] of each row.
func referenceCrossEntropy(logits Array, labels []int32) []float64 {
	k := int(logits.Shape[1])
	var out []float64
	for i, label := range labels {
		sum := 0.
		for j := range k {
			sum += math.Exp(logits.At(i, j))
		}
		out = append(out, math.Log(sum)-logits.At(i, int(label)))
	}
	return out
}
