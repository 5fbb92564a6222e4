package graphs_test

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// tvTwin is the solver in float64, pixel by pixel, for one channel.
func tvTwin(x, kept []float64, h, w int, weight float64, steps int) []float64 {
	n, step := h*w, 1/math.Sqrt(8)
	z, ahead, dx, dy := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range z {
		z[i] = x[i] * kept[i]
		ahead[i] = z[i]
	}
	for range steps {
		for i := range z {
			var gx, gy float64
			if i%w < w-1 {
				gx = ahead[i+1] - ahead[i]
			}
			if i/w < h-1 {
				gy = ahead[i+w] - ahead[i]
			}
			dx[i], dy[i] = dx[i]+step*gx, dy[i]+step*gy
			if l := math.Hypot(dx[i], dy[i]); l > weight {
				dx[i], dy[i] = dx[i]*weight/l, dy[i]*weight/l
			}
		}
		for i := range z {
			div := 0.
			if i%w < w-1 {
				div += dx[i]
			}
			if i%w > 0 {
				div -= dx[i-1]
			}
			if i/w < h-1 {
				div += dy[i]
			}
			if i/w > 0 {
				div -= dy[i-w]
			}
			last := z[i]
			z[i] = (z[i] + step*div + step*kept[i]*x[i]) / (1 + step*kept[i])
			ahead[i] = 2*z[i] - last
		}
	}
	return z
}

// tvCost is what is minimised.
func tvCost(z, x, kept []float64, h, w int, weight float64) (cost float64) {
	for i := range z {
		cost += kept[i] * (z[i] - x[i]) * (z[i] - x[i]) / 2
		var gx, gy float64
		if i%w < w-1 {
			gx = z[i+1] - z[i]
		}
		if i/w < h-1 {
			gy = z[i+w] - z[i]
		}
		cost += weight * math.Hypot(gx, gy)
	}
	return cost
}

// The solver is its slow twin, which reaches the minimum: ten times as many steps,
// and any small change of a pixel, gain next to nothing.
func TestTotalVariation(t *testing.T) {
	const h, w, weight = 9, 7, .05
	x := picture(h, w, 1)
	kept := Uniform(4, 0, 1, 1, h, w, 1)
	for i, v := range kept.Data {
		kept.Data[i] = float32(math.Round(float64(v)))
	}
	solve := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		return []tf.Output{graphs.TotalVariation{Weight: weight, Steps: 60}.Solve(s.In("t"), in[0], in[1])}
	}
	got := Run(t, solve, []Array{x, kept})[0].Data
	image, mask := float64s(x.Data), float64s(kept.Data)
	Near(t, "solver", got, tvTwin(image, mask, h, w, weight, 60), 1e-5)
	long := tvTwin(image, mask, h, w, weight, 6000)
	best := tvCost(long, image, mask, h, w, weight)
	if cost := tvCost(float64s(got), image, mask, h, w, weight); cost > 1.05*best {
		t.Errorf("want a cost near the least, %g, got %g", best, cost)
	}
	for i := range long {
		for _, d := range []float64{-1e-3, 1e-3} {
			other := slices.Clone(long)
			other[i] += d
			if cost := tvCost(other, image, mask, h, w, weight); cost < best-1e-7 {
				t.Errorf("pixel %d: another value costs %g, less than %g", i, cost, best)
			}
		}
	}
}

// Pixels are dropped anew in each pass, and no gradient goes through the solver.
func TestTotalVariationDrops(t *testing.T) {
	x := picture(12, 12, 2)
	c := Build(t, transformed(graphs.TotalVariation{Weight: .03, Drop: .5, Steps: 20}), []Array{x})
	first, second := c.Run(t, x)[0].Data, c.Run(t, x)[0].Data
	if slices.Equal(first, second) {
		t.Error("two passes dropped the same pixels")
	}
	whole := Build(t, transformed(graphs.TotalVariation{Weight: .03, Steps: 20}), []Array{x})
	Equal(t, "nothing dropped", whole.Run(t, x)[0].Data, whole.Run(t, x)[0].Data)
}
