package tsne

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// BenchmarkEmbed is a whole embedding of points in ten clusters.
func BenchmarkEmbed(b *testing.B) {
	for _, n := range []int{1000, 2000, 4000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			x := mat.NewDense(n, 512, nil)
			for i := range n {
				for j := range 512 {
					x.Set(i, j, r.NormFloat64())
				}
				x.Set(i, i%10, x.At(i, i%10)+8)
			}
			for b.Loop() {
				if _, _, err := Embed(context.Background(), x, Options{Theta: .5}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
