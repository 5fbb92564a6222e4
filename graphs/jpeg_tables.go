package graphs

import "math"

// blocked is n, rounded up to whole blocks.
func blocked(n int) int { return (n + 7) / 8 * 8 }

func matrix(rows, cols int, at func(i, j int) float64) [][]float32 {
	m := make([][]float32, rows)
	for i := range m {
		m[i] = make([]float32, cols)
		for j := range m[i] {
			m[i][j] = float32(at(i, j))
		}
	}
	return m
}

func transposed(m [][]float32) [][]float32 {
	return matrix(len(m[0]), len(m), func(i, j int) float64 { return float64(m[j][i]) })
}

// cosine is entry u, x of the orthogonal cosine transform of 8 values.
func cosine(u, x int) float64 {
	scale := .5
	if u == 0 {
		scale = math.Sqrt(1. / 8)
	}
	return scale * math.Cos(float64(2*x+1)*float64(u)*math.Pi/16)
}

// cosines, [blocked(n),n], transforms n values block by block; the last block is
// filled up with the last value.
func cosines(n int) [][]float32 {
	return matrix(blocked(n), n, func(i, j int) (sum float64) {
		for x := range 8 {
			if min(i/8*8+x, n-1) == j {
				sum += cosine(i%8, x)
			}
		}
		return sum
	})
}

// inverseCosines, [blocked(n),n], is the transpose of what takes coefficients
// back to n values.
func inverseCosines(n int) [][]float32 {
	return matrix(blocked(n), n, func(i, j int) float64 {
		if i/8 != j/8 {
			return 0
		}
		return cosine(i%8, j%8)
	})
}

// halving, [ceil(n/2),n], averages pairs of values, the last with itself where n
// is odd.
func halving(n int) [][]float32 {
	return matrix((n+1)/2, n, func(i, j int) float64 {
		switch {
		case j/2 != i:
			return 0
		case j == n-1 && n%2 == 1:
			return 1
		}
		return .5
	})
}

// doubling, [n,ceil(n/2)], repeats values.
func doubling(n int) [][]float32 {
	return matrix(n, (n+1)/2, func(i, j int) float64 {
		if i/2 == j {
			return 1
		}
		return 0
	})
}

// scaleTable is a table at a quality, as libjpeg scales it.
func scaleTable(table [64]int, quality int) (scaled [64]int) {
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	for i, v := range table {
		scaled[i] = min(max((v*percent+50)/100, 1), 255)
	}
	return scaled
}

// tiled repeats a table of 8x8 steps over a plane.
func tiled(table [64]int, h, w int) [][]float32 {
	return matrix(h, w, func(i, j int) float64 { return float64(table[i%8*8+j%8]) })
}

// The example tables of the standard (ITU-T T.81, annex K), row by row.
var (
	luminance = [64]int{
		16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
	}
	chrominance = [64]int{
		17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	}
)
