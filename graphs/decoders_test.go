package graphs_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// size is an image size with the sizes that a generator goes through, from
// the grid that the fully connected layer makes.
type size struct {
	h, w, c int64
	via     [][2]int
}

var decoded = []size{
	{28, 28, 1, [][2]int{{7, 7}, {14, 14}, {28, 28}}},
	{32, 32, 3, [][2]int{{4, 4}, {8, 8}, {16, 16}, {32, 32}}},
	{27, 27, 1, [][2]int{{7, 7}, {14, 14}, {27, 27}}},
	{48, 64, 2, [][2]int{{3, 4}, {6, 8}, {12, 16}, {24, 32}, {48, 64}}},
	{5, 5, 1, [][2]int{{5, 5}}},
	{9, 3, 2, [][2]int{{5, 2}, {9, 3}}},
}

func appearance(z size, width int) Func {
	return Unary(func(s *graphs.Scope, code tf.Output) tf.Output {
		return graphs.AppearanceDecoder{Rows: int(z.h), Cols: int(z.w), Channels: int(z.c), Width: width}.Apply(s.In("decoder_a"), code)
	})
}

func geometry(z size, width int, field graphs.Field, reach float32) Func {
	return Unary(func(s *graphs.Scope, code tf.Output) tf.Output {
		return graphs.GeometricDecoder{Rows: int(z.h), Cols: int(z.w), Width: width, Field: field, Reach: reach}.Apply(s.In("decoder_g"), code)
	})
}

// referenceGenerator is the decoders' common network on the variables that c drew.
func referenceGenerator(t *testing.T, c *Circuit, in string, code Array, z size) []float64 {
	v := func(layer string) (kernel, bias Array) {
		return c.Value(t, in+"/"+layer+"/kernel"), c.Value(t, in+"/"+layer+"/bias")
	}
	kernel, bias := v("fc")
	out := referenceDense(code, kernel, bias)
	b, from := code.Shape[0], z.via[0]
	x := Round(relu(out), b, int64(from[0]), int64(from[1]), int64(len(out))/b/int64(from[0]*from[1]))
	if len(z.via) == 1 {
		kernel, bias = v("out")
		return referenceConv(x, kernel, bias, 1, false)
	}
	for i, to := range z.via[1:] {
		kernel, bias = v(fmt.Sprint("up", i+1))
		out = referenceTranspose(x, kernel, bias, 2, to[0], to[1])
		x = Round(relu(out), b, int64(to[0]), int64(to[1]), bias.Shape[0])
	}
	return out
}

func TestAppearanceDecoder(t *testing.T) {
	code := Normal(1, 1, 2, 6)
	for i, z := range append(decoded, decoded...) {
		mode := graphs.Mode(i / len(decoded))
		t.Run(fmt.Sprint(z.h, z.w, z.c, mode), func(t *testing.T) {
			c := Build(t, appearance(z, 3), []Array{code}, AnyBatch(), In(mode))
			got := c.Run(t, code)[0]
			if want := []int64{2, z.h, z.w, z.c}; fmt.Sprint(got.Shape) != fmt.Sprint(want) {
				t.Fatalf("want shape %v, got %v", want, got.Shape)
			}
			want := referenceGenerator(t, c, "decoder_a", code, z)
			for i, v := range want {
				want[i] = 1 / (1 + math.Exp(-v))
			}
			Near(t, "canonical image", got.Data, want, 1e-5)
		})
	}
}

func TestGeometricDecoder(t *testing.T) {
	code := Normal(1, 1, 2, 6)
	for i, z := range append(decoded, decoded...) {
		mode := graphs.Mode(i / len(decoded))
		for _, field := range []graphs.Field{graphs.Smooth, graphs.Pixel} {
			t.Run(fmt.Sprint(field, z.h, z.w, mode), func(t *testing.T) {
				c := Build(t, geometry(z, 2, field, .25), []Array{code}, AnyBatch(), In(mode))
				got := c.Run(t, code)[0]
				if want := []int64{2, z.h, z.w, 2}; fmt.Sprint(got.Shape) != fmt.Sprint(want) {
					t.Fatalf("want shape %v, got %v", want, got.Shape)
				}
				want := referenceGenerator(t, c, "decoder_g", code, z)
				if field == graphs.Smooth {
					raw := Round(want, got.Shape...)
					h, w := int(z.h), int(z.w)
					want = referenceResize(referencePool(raw, 4, mean), 2, (h+3)/4, (w+3)/4, 2, h, w)
				}
				for i, v := range want {
					want[i] = math.Tanh(v) * .25 * float64([]int64{z.w, z.h}[i%2])
				}
				Near(t, "field", got.Data, want, 1e-5)
			})
		}
	}
}

// TestFieldStartsNearZeroAndStaysInReach uses the real width: training must
// start at the identity warp, and no weights may leave the reach.
func TestFieldStartsNearZeroAndStaysInReach(t *testing.T) {
	code := Normal(1, 1, 2, 64)
	z := decoded[3] // 48 x 64: dx and dy differ
	for _, field := range []graphs.Field{"", graphs.Smooth, graphs.Pixel} {
		c := Build(t, geometry(z, 32, field, 0), []Array{code}, In(graphs.Training))
		for i, v := range c.Run(t, code)[0].Data {
			if math.Abs(float64(v)) > .5 {
				t.Fatalf("%q: element %d starts at %g pixels", field, i, v)
			}
		}
		for _, sign := range []float32{1, -1} {
			feeds := c.Feeds(t, 0, code)
			feeds[c.Net.Vars.Find("decoder_g/up4/bias").Read] = Fill(sign*1e4, 2).Tensor(t)
			out, err := c.Net.Run(feeds, c.Out)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range FromTensor(t, out[0]).Data {
				if want := sign * []float32{.3125 * 64, .3125 * 48}[i%2]; v != want {
					t.Fatalf("%q: element %d: want the whole reach %g, got %g", field, i, want, v)
				}
			}
		}
	}
}

// decided are weights with which every ReLU of a decoder is clearly on or
// clearly off, and displacements lie clearly between two pixels: no step of a
// finite difference crosses a kink.
func decided(path string, initial Array) Array {
	x := Fill(0, initial.Shape...)
	bends := strings.HasPrefix(path, "decoder_g/") // its last layer has 2 channels
	for i, v := range initial.Data {
		switch {
		case bends && math.Abs(float64(v)) < .0021 && len(x.Shape) == 4:
			x.Data[i] = 30 * v // the last layer, as it starts, gives gradients that are rounding errors
		case bends && len(initial.Data) == 2:
			x.Data[i] = []float32{.15, .2}[i]
		case len(x.Shape) == 1:
			x.Data[i] = float32(1 - 2*(i%2))
		default:
			x.Data[i] = .2 * v
		}
	}
	return x
}

func TestDecoderGradients(t *testing.T) {
	code := Normal(1, 1, 2, 4)
	for _, z := range []size{decoded[2], decoded[4], decoded[5], {8, 12, 1, nil}} {
		fns := map[string]Func{
			"appearance": appearance(z, 3),
			"smooth":     geometry(z, 3, graphs.Smooth, 0),
			"pixel":      geometry(z, 3, graphs.Pixel, 0),
		}
		for name, fn := range fns {
			t.Run(fmt.Sprint(name, z.h, z.w), func(t *testing.T) {
				Gradient(t, fn, []Array{code}, In(graphs.Training), AnyBatch(), Values(decided), Step(3e-2), Within(1e-2))
			})
		}
	}
}
