package pca

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestProject: data with known axes and variances come back, through both ways
// of finding eigenvectors.
func TestProject(t *testing.T) {
	for _, d := range []int{5, fullDimensions + 40} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			const n = 400
			r := rand.New(rand.NewPCG(1, 2))
			// Orthogonal axes by Gram and Schmidt.
			axes := make([][]float64, d)
			for i := range axes {
				axes[i] = make([]float64, d)
				for j := range d {
					axes[i][j] = r.NormFloat64()
				}
				for _, b := range axes[:i] {
					dot := 0.
					for j := range d {
						dot += axes[i][j] * b[j]
					}
					for j := range d {
						axes[i][j] -= dot * b[j]
					}
				}
				size := 0.
				for _, v := range axes[i] {
					size += v * v
				}
				for j := range d {
					axes[i][j] /= math.Sqrt(size)
				}
			}
			// Along axis 0 wide, along axis 1 less, along axis 2 little, the rest nearly flat.
			// The coordinates are made exactly uncorrelated: cosines of whole periods.
			x := mat.NewDense(n, d, nil)
			want := make([][3]float64, n)
			for i := range n {
				for c, size := range []float64{9, 4, 1} {
					want[i][c] = size * math.Cos(2*math.Pi*float64((c+1)*i)/n)
					for j := range d {
						x.Set(i, j, x.At(i, j)+want[i][c]*axes[c][j])
					}
				}
				for j := range d {
					x.Set(i, j, x.At(i, j)+7)
				}
			}
			got, err := Project(x, 2)
			if err != nil {
				t.Fatal(err)
			}
			if rows, cols := got.Dims(); rows != n || cols != 2 {
				t.Fatalf("want %dx2, got %dx%d", n, rows, cols)
			}
			for c := range 2 {
				largest := 0.
				for _, v := range axes[c] {
					if math.Abs(v) > math.Abs(largest) {
						largest = v
					}
				}
				for i := range n {
					if w := math.Copysign(1, largest) * want[i][c]; math.Abs(got.At(i, c)-w) > 1e-5 {
						t.Fatalf("row %d, component %d: want %g, got %g", i, c, w, got.At(i, c))
					}
				}
			}
		})
	}
	few := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	if got, err := Project(few, 9); err != nil || got.RawMatrix().Cols != 2 {
		t.Errorf("2 points of 3 dimensions: want 2 components, got %v, %v", got, err)
	}
	if got, err := Project(mat.NewDense(4, 200, make([]float64, 800)), 3); err != nil || mat.Norm(got, 2) != 0 {
		t.Errorf("equal points: want zeros, got %v, %v", got, err)
	}
	few.Set(1, 2, math.Inf(1))
	if _, err := Project(few, 1); err == nil || !strings.Contains(err.Error(), "column 2") {
		t.Errorf("want an error that names the column, got %v", err)
	}
}
