package vector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks/vector"
)

// projectL1Slowly is ProjectL1 by its definition, in float64: the shrinkage is
// found by bisection.
func projectL1Slowly(x, origin []float32, eps, lo, hi float64) []float64 {
	projected := func(shrinkage float64) (y []float64, l1 float64) {
		for i, v := range x {
			o := float64(origin[i])
			d := float64(v) - o
			end := math.Min(math.Max(o+math.Copysign(math.Max(math.Abs(d)-shrinkage, 0), d), lo), hi)
			y, l1 = append(y, end), l1+math.Abs(end-o)
		}
		return y, l1
	}
	if y, l1 := projected(0); l1 <= eps {
		return y
	}
	from, to := 0., 1e6
	for range 200 {
		if _, l1 := projected((from + to) / 2); l1 > eps {
			from = (from + to) / 2
		} else {
			to = (from + to) / 2
		}
	}
	y, _ := projected(to)
	return y
}

// squaredDistance of float32 and float64 vectors.
func squaredDistance(a []float64, b []float32) (s float64) {
	for i, v := range a {
		s += (v - float64(b[i])) * (v - float64(b[i]))
	}
	return s
}

// randomProblem is an origin in the box [0,1], on its faces too, and a point x
// anywhere; every seventh has many equal changes.
func randomProblem(r *rand.Rand, k int) (x, origin []float32) {
	n := 1 + r.IntN(40)
	x, origin = normals(r, n, []float64{.05, .5, 5}[k%3]), make([]float32, n)
	for i := range origin {
		origin[i] = min(max(1.4*r.Float32()-.2, 0), 1)
		x[i] += origin[i]
		if k%7 == 0 {
			x[i], origin[i] = .5+.25*float32(i%3), .5
		}
	}
	return x, origin
}

func TestProjectL1(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for k := range 300 {
		x, origin := randomProblem(r, k)
		eps := 3 * r.Float64() * r.Float64()
		for _, box := range [][2]float64{{0, 1}, {-2, 1.5}, {math.Inf(-1), math.Inf(1)}} {
			got, want := slices.Clone(x), projectL1Slowly(x, origin, eps, box[0], box[1])
			vector.ProjectL1(got, origin, eps, box[0], box[1])
			for i, v := range got {
				if math.Abs(float64(v)-want[i]) > 2e-6 {
					t.Fatalf("box %v, eps %g, value %d: want %g, got %g", box, eps, i, want[i], v)
				}
			}
		}
	}
}

// No point of ball and box that is drawn, or lies on the way to one, is nearer
// to x than its projection.
func TestProjectL1IsNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for k := range 100 {
		x, origin := randomProblem(r, k)
		eps := 3 * r.Float64() * r.Float64()
		projection := slices.Clone(x)
		vector.ProjectL1(projection, origin, eps, 0, 1)
		nearest := math.Sqrt(squaredDistance(toFloat64(projection), x))
		for range 20 {
			y := normals(r, len(x), .5)
			vector.AXPY(y, origin, 1, y)
			other := projectL1Slowly(y, origin, eps, 0, 1)
			for _, share := range []float64{1, .1, .01} {
				z := toFloat64(projection)
				for i := range z {
					z[i] += share * (other[i] - z[i])
				}
				if d := math.Sqrt(squaredDistance(z, x)); d < nearest-1e-5 {
					t.Fatalf("eps %g: a point of ball and box is at distance %g, the projection at %g", eps, d, nearest)
				}
			}
		}
	}
}

func toFloat64(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
