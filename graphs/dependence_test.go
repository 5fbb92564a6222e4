package graphs_test

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// twinHSIC is the unbiased estimate as the mean over all quadruples of different
// rows (Gretton et al. 2005, eq. 8): k12·l12 + k12·l34 - 2·k12·l13.
func twinHSIC(k, l func(i, j int) float64, n int) float64 {
	sum, count := 0., 0.
	for a := range n {
		for b := range n {
			for c := range n {
				for d := range n {
					if a != b && a != c && a != d && b != c && b != d && c != d {
						sum += k(a, b)*l(a, b) + k(a, b)*l(c, d) - 2*k(a, b)*l(a, c)
						count++
					}
				}
			}
		}
	}
	return sum / count
}

// kernelTwin is the kernel of two rows of x.
func kernelTwin(kind graphs.Kernel, x Array) func(i, j int) float64 {
	n, d := int(x.Shape[0]), int(x.Shape[1])
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, d)
		for k := range rows[i] {
			mean, variance := 0., 0.
			for m := range n {
				mean += x.At(m, k) / float64(n)
			}
			for m := range n {
				variance += math.Pow(x.At(m, k)-mean, 2) / float64(n)
			}
			rows[i][k] = x.At(i, k) - mean
			if kind == graphs.Correlation {
				rows[i][k] /= math.Sqrt(variance + 1e-6)
			}
		}
	}
	product := func(i, j int) (sum float64) {
		for k := range d {
			sum += rows[i][k] * rows[j][k]
		}
		return sum
	}
	if kind != graphs.RBFKernel {
		return product
	}
	distance := func(i, j int) float64 { return product(i, i) + product(j, j) - 2*product(i, j) }
	width := 0.
	for i := range n {
		for j := range n {
			width += distance(i, j) / float64(n*n)
		}
	}
	return func(i, j int) float64 { return math.Exp(-distance(i, j) / width) }
}

// The dependence is the mean over quadruples, for each kernel; it is 1 of equal
// codes and small of independent ones.
func TestDependence(t *testing.T) {
	const n = 7
	a := Normal(1, 1, n, 3)
	b := Normal(2, 1, n, 2)
	for i := range n {
		b.Data[2*i] += a.Data[3*i]
	}
	for _, kind := range []graphs.Kernel{graphs.LinearKernel, graphs.Correlation, graphs.RBFKernel} {
		t.Run(string(kind), func(t *testing.T) {
			f := func(s *graphs.Scope, in []tf.Output) []tf.Output {
				return []tf.Output{graphs.Dependence(s, in[0], in[1], kind)}
			}
			k, l := kernelTwin(kind, a), kernelTwin(kind, b)
			want := twinHSIC(k, l, n) / math.Sqrt(twinHSIC(k, k, n)*twinHSIC(l, l, n))
			Near(t, "dependence", Run(t, f, []Array{a, b}, AnyBatch())[0].Data, []float64{want}, 1e-4)
			Near(t, "of equal codes", Run(t, f, []Array{a, a}, AnyBatch())[0].Data, []float64{1}, 1e-4)
			if kind != graphs.RBFKernel { // whose width is held fixed in the gradient
				Gradient(t, f, []Array{a, b}, AnyBatch(), Step(1e-3))
			}
			got := Run(t, f, []Array{Normal(3, 1, 400, 3), Normal(4, 1, 400, 5)}, AnyBatch())[0].Data[0]
			if math.Abs(float64(got)) > .02 {
				t.Errorf("of independent codes: want about 0, got %g", got)
			}
		})
	}
}
