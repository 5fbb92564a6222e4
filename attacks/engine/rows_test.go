package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// TestRows: what a request comes to is the same to the last bit however many
// others wait beside it, and in whatever place it is.
func TestRows(t *testing.T) {
	list := attacktest.Parse(t, "fgsm")
	s := attacktest.NewSession(t, attacktest.Smooth(12, 12, 1, 5), attacktest.UnitBox(attacks.Linf), list...)
	g := rand.New(rand.NewPCG(1, 2))
	images := make([][]float32, 150)
	for i := range images {
		images[i] = make([]float32, 144)
		for k := range images[i] {
			images[i][k] = g.Float32()
		}
	}
	r := engine.NewBatchRunner(s, 128)
	answer := func(images [][]float32) (logits, gradients [][]float32) {
		logits, err := r.Logits(images...)
		if err != nil {
			t.Fatal(err)
		}
		requests := make([]attacks.Request, len(images))
		for i, x := range images {
			requests[i] = attacks.Request{Image: x, Label: 1}
		}
		all, err := r.LossGradients(attacks.Classification, requests...)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			gradients = append(gradients, a.Gradient)
		}
		return logits, gradients
	}
	logits, gradients := answer(images)
	for _, part := range [][2]int{{0, 1}, {5, 6}, {3, 20}, {31, 64}, {64, 140}, {22, 150}} {
		z, d := answer(images[part[0]:part[1]])
		for i := range z {
			if k := part[0] + i; !slices.Equal(z[i], logits[k]) || !slices.Equal(d[i], gradients[k]) {
				t.Errorf("image %d among %d..%d: logits %v, want %v, and the same gradient", k, part[0], part[1]-1, z[i], logits[k])
				break
			}
		}
	}
}
