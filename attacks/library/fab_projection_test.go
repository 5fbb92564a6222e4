package library

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/vector"
)

// cornerStep is the change d in the box with the largest w·d.
func cornerStep(x, w []float64, lo, hi float64) []float64 {
	d := make([]float64, len(x))
	for i, v := range w {
		switch {
		case v > 0:
			d[i] = hi - x[i]
		case v < 0:
			d[i] = lo - x[i]
		}
	}
	return d
}

// projectOnHyperplaneSlowly is projectOnHyperplane by bisection over the
// multiplier of the hyperplane, and in L1 by sorting: the definition of the
// projection inside a box.
func projectOnHyperplaneSlowly(n attacks.Norm, x, w []float64, gain, lo, hi float64) []float64 {
	if gain < 0 {
		flip := make([]float64, len(w))
		for i, v := range w {
			flip[i] = -v
		}
		return projectOnHyperplaneSlowly(n, x, flip, -gain, lo, hi)
	}
	to := cornerStep(x, w, lo, hi)
	gained := func(d []float64) (s float64) {
		for i, v := range d {
			s += v * w[i]
		}
		return s
	}
	if gained(to) <= gain {
		return to
	}
	d := make([]float64, len(x))
	if n == attacks.L1 {
		order := make([]int, len(w))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return cmp.Compare(math.Abs(w[j]), math.Abs(w[i])) })
		for _, i := range order {
			if w[i] != 0 {
				d[i] = math.Copysign(min(math.Abs(to[i]), max(0, gain)/math.Abs(w[i])), to[i])
				gain -= d[i] * w[i]
			}
		}
		return d
	}
	a, b := 0., 1e12
	for range 400 {
		level := (a + b) / 2
		for i, v := range w {
			move := level
			if n == attacks.L2 {
				move *= math.Abs(v)
			}
			d[i] = math.Copysign(min(move, math.Abs(to[i])), to[i])
		}
		if gained(d) < gain {
			a = level
		} else {
			b = level
		}
	}
	return d
}

func toFloat64(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// TestProjectOnHyperplane compares with the slow projection: values at the box,
// weights of zero, gains of both signs, zero, and more than the box allows.
func TestProjectOnHyperplane(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, norm := range attacks.Threats {
		for trial := range 400 {
			n := 1 + r.IntN(30)
			x, w, d := make([]float32, n), make([]float32, n), make([]float32, n)
			var limit float64
			for i := range x {
				x[i], w[i] = -1+3*r.Float32(), float32(r.NormFloat64())
				switch r.IntN(6) {
				case 0:
					x[i] = -1
				case 1:
					x[i] = 2
				case 2:
					w[i] = 0
				case 3:
					w[i] = float32(1 + r.IntN(2)) // equal weights
				}
				limit += 3 * math.Abs(float64(w[i]))
			}
			gain := limit * (r.Float64() - .5)
			if trial%10 == 0 {
				gain = 0
			}
			threat := attacks.Threat{Norm: norm, Lo: -1, Hi: 2}
			projectOnHyperplane(threat, d, x, w, gain, make([]int32, n))
			want := projectOnHyperplaneSlowly(norm, toFloat64(x), toFloat64(w), gain, -1, 2)
			var got, should, a, b float64
			for i := range d {
				if v := x[i] + d[i]; v < -1-1e-6 || v > 2+1e-6 {
					t.Fatalf("%s, trial %d: value %g leaves the box", norm, trial, v)
				}
				got, should = got+float64(w[i])*float64(d[i]), should+float64(w[i])*want[i]
				if norm != attacks.L1 && math.Abs(float64(d[i])-want[i]) > 1e-5 { // in L1 equal weights may share in any way
					t.Fatalf("%s, trial %d, gain %g of %g: want %v, got %v", norm, trial, gain, limit, want, d)
				}
				a, b = a+math.Abs(float64(d[i])), b+math.Abs(want[i])
			}
			if math.Abs(got-should) > 1e-5*(1+math.Abs(gain)) {
				t.Fatalf("%s, trial %d: want gain %g of %g, got %g", norm, trial, should, gain, got)
			}
			if norm == attacks.L1 && math.Abs(a-b) > 1e-5*(1+b) {
				t.Fatalf("%s, trial %d: want length %g, got %g", norm, trial, b, a)
			}
		}
	}
}

// TestGoldenProjectOnHyperplane compares with AutoAttack's projections.
func TestGoldenProjectOnHyperplane(t *testing.T) {
	g := openGolden(t, "minimal")
	const rows, n = 24, 20
	x, w, b := g.floats("fab-projection/x", rows, n), g.floats("fab-projection/w", rows, n), g.floats("fab-projection/b", rows)
	for _, norm := range attacks.Threats {
		want := g.floats("fab-projection/"+string(norm), rows, n)
		d := make([]float32, n)
		for i := range rows {
			x, w := attacktest.Row(x, i, n), attacktest.Row(w, i, n)
			projectOnHyperplane(attacktest.UnitBox(norm), d, x, w, float64(b[i])-vector.Dot(w, x), make([]int32, n))
			vector.AXPY(d, x, 1, d)
			if apart := maxDifference(d, attacktest.Row(want, i, n)); apart > 2e-5 {
				t.Errorf("%s, row %d: want within 2e-5 of AutoAttack's point, got %g", norm, i, apart)
			}
		}
	}
}
