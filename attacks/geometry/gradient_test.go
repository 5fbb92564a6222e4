package geometry_test

import (
	"math"
	"math/rand/v2"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks/geometry"
	"unwarp/graphs"
)

// TestWarpGradient compares the gradient with that of graphs.Warp, also at whole
// displacements, at the border and beyond it, and with finite differences.
func TestWarpGradient(t *testing.T) {
	for _, border := range []graphs.Border{graphs.Clamp, graphs.Zero} {
		t.Run(string(border), func(t *testing.T) { testWarpGradient(t, border) })
	}
}

func testWarpGradient(t *testing.T, border graphs.Border) {
	const h, w, c = 5, 7, 2
	r := rand.New(rand.NewPCG(1, 2))
	img, field, g := make([]float32, h*w*c), make([]float32, h*w*2), make([]float32, h*w*c)
	for i := range img {
		img[i], g[i] = r.Float32(), float32(r.NormFloat64())
	}
	for i := range field {
		field[i] = float32(2.5 * r.NormFloat64())
		if i%3 == 0 {
			field[i] = float32(math.Round(float64(field[i]))) // at pixels, some at the last
		}
	}
	var fetches []tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Threads: 1}, func(b *graphs.Builder) error {
		s := b.Pass("warp", graphs.Inference)
		constant := func(name string, v []float32, k int64) tf.Output {
			x, err := tf.NewTensor(v)
			if err == nil {
				err = x.Reshape([]int64{1, h, w, k})
			}
			if err != nil {
				t.Fatal(err)
			}
			return op.Const(s.Op(name), x)
		}
		f := constant("field", field, 2)
		out := graphs.Warp(s.In("warp"), constant("image", img, c), f, border)
		axes := op.Const(s.Op("axes"), []int32{0, 1, 2, 3})
		loss := op.Sum(s.Op("loss"), op.Mul(s.Op("weighted"), out, constant("g", g, c)), axes)
		fetches = append([]tf.Output{out}, graphs.Gradients(s, loss, f)...)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	out, err := net.Run(nil, fetches)
	if err != nil {
		t.Fatal(err)
	}
	dst, byField := make([]float32, len(img)), make([]float32, len(field))
	geometry.WarpGradient(byField, img, field, g, h, w, c, border)
	want := graphs.Floats(nil, out[1])
	for i, v := range byField {
		if math.Abs(float64(v-want[i])) > 1e-5 {
			t.Errorf("gradient %d at displacement %g: want %g, got %g", i, field[i], want[i], v)
		}
	}

	// Finite differences, away from whole positions.
	sum := func() (s float64) {
		geometry.Warp(dst, img, field, h, w, c, border)
		for i, v := range dst {
			s += float64(v) * float64(g[i])
		}
		return s
	}
	const step = 1e-3
	for i := range field {
		if p := float64(field[i]); math.Abs(p-math.Round(p)) < 2*step {
			continue
		}
		v := field[i]
		field[i] = v + step
		up := sum()
		field[i] = v - step
		down := sum()
		field[i] = v
		if d := (up - down) / (2 * step); math.Abs(d-float64(byField[i])) > 2e-3 {
			t.Errorf("gradient %d: %g, by differences %g", i, byField[i], d)
		}
	}
}
