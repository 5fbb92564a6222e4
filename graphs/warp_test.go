package graphs_test

import (
	"fmt"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

func warp(border graphs.Border) Func {
	return func(s *graphs.Scope, in []tf.Output) []tf.Output {
		return []tf.Output{graphs.Warp(s.In("warp"), in[0], in[1], border)}
	}
}

var borders = map[graphs.Border]func(images, field Array) []float64{
	graphs.Clamp: referenceClamp,
	graphs.Zero:  equation7,
}

func TestWarpReferences(t *testing.T) {
	const b = 3
	for border, reference := range borders {
		for _, size := range [][3]int64{{5, 7, 1}, {6, 4, 2}, {4, 4, 3}, {2, 2, 1}, {2, 9, 3}} {
			h, w, c := size[0], size[1], size[2]
			t.Run(fmt.Sprint(border, size), func(t *testing.T) {
				images := Normal(1, 1, b, h, w, c)
				circuit := Build(t, warp(border), []Array{images, Fill(0, b, h, w, 2)}, AnyBatch())
				apply := func(images, field Array) []float32 { return circuit.Run(t, images, field)[0].Data }

				Equal(t, "zero field", apply(images, Fill(0, b, h, w, 2)), images.Data)
				for _, std := range []float64{.3, 2, 20} { // 20: mostly far outside
					field := Normal(uint64(10*std), std, b, h, w, 2)
					Near(t, fmt.Sprint("field of deviation ", std), apply(images, field), reference(images, field), 2e-5)
				}
				for _, shift := range [][2]float32{{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {2, -1}, {-100, 100}, {1e9, -1e9}} {
					field := constantField(shift, b, h, w)
					Equal(t, fmt.Sprint("shift by ", shift), apply(images, field), shifted(images, shift, border == graphs.Zero))
				}
				one := Of(images.Data[:h*w*c], 1, h, w, c)
				field := Normal(7, 1, 1, h, w, 2)
				Near(t, "batch of one", apply(one, field), reference(one, field), 2e-5)
			})
		}
	}
}

func constantField(d [2]float32, b, h, w int64) Array {
	f := Fill(0, b, h, w, 2)
	for i := range f.Data {
		f.Data[i] = d[i%2]
	}
	return f
}

// shifted moves whole pixels: what no pixel moves to is 0 or the nearest edge.
func shifted(x Array, d [2]float32, zero bool) []float32 {
	b, h, w, c := dims4(x)
	var out []float32
	for i := range b {
		for y := range h {
			for z := range w {
				for ch := range c {
					yy, zz := y+int(d[1]), z+int(d[0])
					if zero && (!inside(yy, h) || !inside(zz, w)) {
						out = append(out, 0)
						continue
					}
					out = append(out, float32(x.At(i, min(max(yy, 0), h-1), min(max(zz, 0), w-1), ch)))
				}
			}
		}
	}
	return out
}

// halfway returns a field whose targets lie at least .2 pixels from integers,
// and at least that far inside or outside the image's border.
func halfway(seed uint64, reach float64, shape ...int64) Array {
	f := Uniform(seed, -reach, reach, shape...)
	for i, v := range f.Data {
		f.Data[i] = float32(math.Floor(float64(v)) + .2 + .6*(float64(v)-math.Floor(float64(v))))
	}
	return f
}

func TestWarpGradient(t *testing.T) {
	for border := range borders {
		for _, size := range [][3]int64{{5, 7, 1}, {4, 3, 2}} {
			t.Run(fmt.Sprint(border, size), func(t *testing.T) {
				h, w, c := size[0], size[1], size[2]
				for _, reach := range []float64{1, 4} {
					Gradient(t, warp(border), []Array{Normal(3, 1, 3, h, w, c), halfway(4, reach, 3, h, w, 2)}, AnyBatch(), Within(2e-3))
				}
			})
		}
	}
}

// fieldGradient is the gradient of the sum of the warped images with respect
// to the field.
func fieldGradient(border graphs.Border) Func {
	return func(s *graphs.Scope, in []tf.Output) []tf.Output {
		return graphs.Gradients(s, graphs.Warp(s.In("warp"), in[0], in[1], border), in[1])
	}
}

// TestWarpGradientAtIntegers pins down the choice at the kinks. The image is
// one row of squares 1, 4, 9, 16 (twice), so that the slopes 3, 5, 7 tell
// where a gradient comes from.
func TestWarpGradientAtIntegers(t *testing.T) {
	image := Of([]float32{1, 4, 9, 16, 1, 4, 9, 16}, 1, 2, 4, 1)
	for _, c := range []struct {
		border graphs.Border
		dx     float32
		want   [4]float32 // of the upper row
	}{
		// To the next pixel; at the last one, from the one before.
		{graphs.Clamp, 0, [4]float32{3, 5, 7, 7}},
		{graphs.Clamp, 1, [4]float32{5, 7, 7, 0}},
		{graphs.Clamp, -1, [4]float32{0, 3, 5, 7}},
		// Nothing beyond the border.
		{graphs.Clamp, 2.5, [4]float32{7, 0, 0, 0}},
		// The image falls to 0 within one pixel.
		{graphs.Zero, 0, [4]float32{3, 5, 7, -16}},
		{graphs.Zero, 1, [4]float32{5, 7, -16, -16}},
		{graphs.Zero, -1, [4]float32{1, 3, 5, 7}},
		{graphs.Zero, 2.5, [4]float32{7, -16, 0, 0}},
	} {
		field := constantField([2]float32{c.dx, 0}, 1, 2, 4)
		got := Run(t, fieldGradient(c.border), []Array{image, field})[0]
		for x := range 4 {
			if g := got.At(0, 0, x, 0); g != float64(c.want[x]) {
				t.Errorf("%s, dx %g, x %d: want gradient %g, got %g", c.border, c.dx, x, c.want[x], g)
			}
		}
	}
}

// A diverged net feeds NaN: the loss must become NaN, which the trainer names,
// and not an index out of range.
func TestWarpOfNaN(t *testing.T) {
	nan := float32(math.NaN())
	for border := range borders {
		for _, size := range [][2]int64{{28, 28}, {7, 5}} {
			h, w := size[0], size[1]
			images := Normal(1, 1, 2, h, w, 1)
			c := Build(t, warp(border), []Array{images, Fill(nan, 2, h, w, 2)})
			for i, v := range c.Run(t, images, Fill(nan, 2, h, w, 2))[0].Data {
				if v == v {
					t.Errorf("%s %v: element %d: want NaN, got %g", border, size, i, v)
					break
				}
			}
			inf := float32(math.Inf(1))
			for _, v := range c.Run(t, images, Fill(inf, 2, h, w, 2))[0].Data {
				if v != v {
					t.Errorf("%s %v: an infinite displacement gives NaN", border, size)
					break
				}
			}
		}
	}
}

// An exported graph clamps with other ops.
func TestPortableWarp(t *testing.T) {
	images, field := Normal(1, 1, 2, 5, 7, 2), Normal(2, 4, 2, 5, 7, 2)
	field.Data[0] = float32(math.NaN())
	for border := range borders {
		in := []Array{images, field}
		got, want := Run(t, warp(border), in, Portable())[0].Data, Run(t, warp(border), in)[0].Data
		if got[0] == got[0] || want[0] == want[0] {
			t.Errorf("%s: want NaN where the field is NaN, got %g and %g", border, got[0], want[0])
		}
		Equal(t, string(border), got[2:], want[2:])
	}
}

func TestWarpRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		images, field []int64
		border        graphs.Border
		says          string
	}{
		"image rank":     {[]int64{-1, 4, 4}, []int64{-1, 4, 4, 2}, graphs.Clamp, "images [B,H,W,C]"},
		"field rank":     {[]int64{-1, 4, 4, 1}, []int64{-1, 4, 4}, graphs.Clamp, "a field [B,H,W,2]"},
		"field channels": {[]int64{-1, 4, 4, 1}, []int64{-1, 4, 4, 3}, graphs.Clamp, "a field [B,H,W,2]"},
		"field size":     {[]int64{-1, 4, 4, 1}, []int64{-1, 4, 5, 2}, graphs.Clamp, "a field [B,H,W,2]"},
		"batches":        {[]int64{3, 4, 4, 1}, []int64{2, 4, 4, 2}, graphs.Clamp, "as many fields as images"},
		"one row":        {[]int64{-1, 1, 4, 1}, []int64{-1, 1, 4, 2}, graphs.Zero, "at least 2x2"},
		"unknown size":   {[]int64{-1, -1, 4, 1}, []int64{-1, -1, 4, 2}, graphs.Zero, "at least 2x2"},
		"border":         {[]int64{-1, 4, 4, 1}, []int64{-1, 4, 4, 2}, "mirror", `got "mirror"`},
	} {
		t.Run(name, func(t *testing.T) {
			Refused(t, func(b *graphs.Builder) {
				images, field := b.Input("images", tf.Float, c.images...), b.Input("field", tf.Float, c.field...)
				graphs.Warp(b.Pass("p", graphs.Training).In("bend"), images.Value, field.Value, c.border)
			}, "graphs: bend: ", c.says)
		})
	}
}

// BenchmarkWarp times the warp with its gradients to images and field.
func BenchmarkWarp(b *testing.B) {
	for _, size := range [][3]int64{{28, 28, 1}, {32, 32, 3}} {
		for _, border := range []graphs.Border{graphs.Clamp, graphs.Zero} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", size[0], size[1], size[2], border), func(b *testing.B) {
				const batch = 128
				in := []Array{Uniform(1, 0, 1, batch, size[0], size[1], size[2]), Normal(2, 2, batch, size[0], size[1], 2)}
				c := Build(b, func(s *graphs.Scope, in []tf.Output) []tf.Output {
					y := graphs.Warp(s.In("warp"), in[0], in[1], border)
					return append([]tf.Output{y}, graphs.Gradients(s, y, in...)...)
				}, in, AnyBatch())
				feeds := c.Feeds(b, 0, in...)
				for b.Loop() {
					if _, err := c.Net.Run(feeds, c.Out); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}
