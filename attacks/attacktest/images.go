package attacktest

import (
	"math"
	"math/rand/v2"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// Row is image i of pixels, of px values each.
func Row(pixels []float32, i, px int) []float32 { return pixels[i*px : (i+1)*px] }

// PredictedImages are n random images with index 100, 101, … Their labels are
// the classes that the victim predicts, except for every fourth, whose label is
// the next class: the victim misclassifies it.
func PredictedImages(t testing.TB, s engine.Session, n int) attacks.Images {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 7))
	px := s.Graph.Victim.Size()
	var images attacks.Images
	rows := make([][]float32, n)
	for i := range n {
		for range px {
			images.Pixels = append(images.Pixels, r.Float32())
		}
		images.Index, images.Labels = append(images.Index, 100+i), append(images.Labels, 0)
	}
	for i := range rows {
		rows[i] = Row(images.Pixels, i, px)
	}
	logits, err := engine.NewBatchRunner(s, n).Logits(rows...)
	if err != nil {
		t.Fatal(err)
	}
	for i, z := range logits {
		images.Labels[i] = int32(shiftFourth(i, vector.Argmax(z), s.Graph.Victim.Classes))
	}
	return images
}

// shiftFourth is class, or the next of k classes for every fourth image.
func shiftFourth(i, class, k int) int {
	if i%4 == 3 {
		return (class + 1) % k
	}
	return class
}

// NormalVector is a vector of n normal numbers with standard deviation size.
func NormalVector(r *rand.Rand, n int, size float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(size * r.NormFloat64())
	}
	return x
}

// RandomImage is an image of n values in [0,1], about one in seven exactly 0 and
// as many exactly 1.
func RandomImage(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Min(math.Max(1.4*r.Float64()-.2, 0), 1))
	}
	return x
}
