package bounds_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// planted is a network whose margin of class 0 over 1 is, up to rounding, the
// constant offset: two copies of one random function with weights of large and
// mixed size, the second in another order, subtracted from each other. The
// order makes float32 sums differ where exact ones do not.
func planted(seed uint64, offset float64) mlp {
	const in, width = 6, 12
	r := rand.New(rand.NewPCG(seed, 5))
	one := randomMLP(seed, in, width)
	for i := range one.w[0] {
		for j := range one.w[0][i] {
			one.w[0][i][j] = float64(float32(one.w[0][i][j] * math.Exp(2*r.NormFloat64())))
		}
	}
	last := make([][]float64, 2)
	last[0], last[1] = make([]float64, width), make([]float64, width)
	for i := range width {
		v := float64(float32(10 * r.NormFloat64()))
		last[0][i], last[1][i] = v, v
	}
	return mlp{w: [][][]float64{one.w[0], last}, b: [][]float64{one.b[0], {float64(float32(offset)), 0}}}
}

// The least margin of the planted networks is 0 ± 1e-7: never is one that is not
// positive proven, by any method, and the bound is below the true value.
func TestPlantedMarginsAreNotProven(t *testing.T) {
	for seed := range uint64(3) {
		for _, offset := range []float64{0, -1e-7, 1e-7} {
			m := planted(seed, offset)
			c := certify(t, m.layers, []int64{6}, bounds.Settings{Images: 8, Rows: 16, Steps: 5, SplitSteps: 2, Domains: 20, Method: bounds.BranchAndBound})
			x := Uniform(seed, 0, 1, 8*6).Data
			for i, v := range c.verify(bounds.Query{Images: x, Labels: make([]int32, 8), Eps: []float32{.05}}) {
				if v.Status == bounds.Proven && offset <= 0 {
					t.Errorf("seed %d, offset %g, image %d: proven with %v", seed, offset, i, v.Lower)
				}
				if float64(v.Lower[1]) > float64(float32(offset)) {
					t.Errorf("seed %d, image %d: bound %g above the margin %g", seed, i, v.Lower[1], offset)
				}
			}
		}
	}
}

// Sums of float32 products of a network, exactly: bounds at radius 0 are below
// the exact margin and the margin as the network computes it.
func TestBoundsHoldExactly(t *testing.T) {
	for seed := range uint64(4) {
		m := randomMLP(seed+40, 6, 20, 16, 3)
		for l := range m.w {
			for i := range m.w[l] {
				for j := range m.w[l][i] {
					m.w[l][i][j] = float64(float32(m.w[l][i][j] * 3))
				}
			}
		}
		x := open(t, []int64{6}, bounds.Linf, bounds.Float32, m.layers)
		images := Uniform(seed, 0, 1, 16, 6)
		labels := make([]int32, 16)
		ibp, crown := x.margins(images, labels, make([]float32, 16))
		computed := marginsOf(x.run(images), labels)
		for i := range 16 {
			z := m.exact(images.Data[i*6 : (i+1)*6])
			for k := 1; k < 3; k++ {
				d, _ := new(big.Float).Sub(z[0], z[k]).Float64()
				for what, b := range map[string]float32{"IBP": ibp.Data[i*3+k], "CROWN": crown.Data[i*3+k]} {
					if float64(b) > min(d, computed[i*3+k]) {
						t.Errorf("seed %d, image %d: %s %.9g above the margin, exactly %.9g, computed %.9g", seed, i, what, b, d, computed[i*3+k])
					}
				}
			}
		}
	}
}

// exact is run in numbers of 200 bits.
func (m mlp) exact(x []float32) []*big.Float {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(v) }
	var h []*big.Float
	for _, v := range x {
		h = append(h, number(float64(v)))
	}
	for l, w := range m.w {
		var y []*big.Float
		for i, row := range w {
			s := number(m.b[l][i])
			for j, v := range row {
				s.Add(s, number(0).Mul(number(v), h[j]))
			}
			if l < len(m.w)-1 && s.Sign() < 0 {
				s = number(0)
			}
			y = append(y, s)
		}
		h = y
	}
	return h
}
