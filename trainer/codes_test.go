package trainer

import (
	"context"
	"errors"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// TestSynthesise: an image's own codes give what Decode gives, and exchanged
// ones the canonical image of the one donor and the field of the other, also
// beyond one batch.
func TestSynthesise(t *testing.T) {
	p, net := declared(t, 1, DefaultConfig(), littleModel("disentangled"), littleShape)
	const n = evalBatch + 7
	images := graphtest.Uniform(3, 0, 1, n, 8, 8, 1).Data
	c, classes, err := p.Encode(context.Background(), net, images)
	if err != nil {
		t.Fatal(err)
	}
	if c.N != n || len(classes) != n || len(c.Embedding) != 12*n || len(c.Appearance) != 7*n || len(c.Geometry) != 5*n {
		t.Fatalf("want codes of %d images, got %d: %d, %d, %d, %d values", n, c.N, len(classes), len(c.Embedding), len(c.Appearance), len(c.Geometry))
	}
	for _, i := range []int{0, n - 1} { // the embedding is both codes
		graphtest.Equal(t, "appearance", c.Appearance[7*i:7*i+7], c.Embedding[12*i:12*i+7])
		graphtest.Equal(t, "geometry", c.Geometry[5*i:5*i+5], c.Embedding[12*i+7:12*i+12])
	}
	var want []Decoded
	for from := 0; from < n; from += evalBatch {
		d, err := p.Decode(net, images[64*from:64*min(n, from+evalBatch)])
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, d)
	}
	own, err := p.Synthesise(context.Background(), net, c.Appearance, c.Geometry)
	if err != nil {
		t.Fatal(err)
	}
	graphtest.Equal(t, "own codes", own.Reconstruction, append(want[0].Reconstruction, want[1].Reconstruction...))

	swapped, err := p.Synthesise(context.Background(), net, c.Appearance[:7], c.Geometry[5*(n-1):])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		what       string
		got        []float32
		want, than []float32 // the donor's, and the other's
	}{
		{"canonical", swapped.Canonical, want[0].Canonical[:64], want[1].Canonical[64*6:]},
		{"field", swapped.Field, want[1].Field[128*6:], want[0].Field[:128]}, // tiny before training
	} {
		if near, far := furthest(part.got, part.want), furthest(part.got, part.than); !(near < far/1000) {
			t.Errorf("%s: %g from the donor's, %g from the other's", part.what, near, far)
		}
	}

	out, err := net.Run(feedsOf(t, p, images[:64*20]), []tf.Output{p.predicted})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range graphs.Ints(nil, out[0]) {
		if want != classes[i] {
			t.Errorf("image %d: want class %d, got %d", i, want, classes[i])
		}
	}
}

// furthest is the largest difference.
func furthest(a, b []float32) float32 {
	var d float32
	for i := range a {
		d = max(d, a[i]-b[i], b[i]-a[i])
	}
	return d
}

func feedsOf(t *testing.T, p *TrainGraph, images []float32) graphs.Feeds {
	t.Helper()
	b, err := p.imageBuffer(tf.Float, len(images)/p.Shape.Len())
	if err != nil {
		t.Fatal(err)
	}
	copy(b.Float32(), images)
	return graphs.Feeds{p.Images.Feed: b.Tensor}
}

func TestCodesRefused(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction"} {
		p, net := declared(t, 1, DefaultConfig(), littleModel(kind), littleShape)
		c, _, err := p.Encode(context.Background(), net, make([]float32, 128))
		if err != nil || len(c.Embedding) != 24 || c.Geometry != nil || (c.Appearance == nil) != (kind == "base") {
			t.Errorf("%s: got %+v, %v", kind, c, err)
		}
		if _, err := p.Synthesise(context.Background(), net, make([]float32, 7), make([]float32, 5)); err == nil || !strings.Contains(err.Error(), "disentangled") {
			t.Errorf("%s: want an error that asks for a disentangled model, got %v", kind, err)
		}
	}
	p, net := declared(t, 1, DefaultConfig(), littleModel("disentangled"), littleShape)
	for _, row := range [][2]int{{0, 0}, {7, 10}, {8, 5}, {14, 5}} {
		if _, err := p.Synthesise(context.Background(), net, make([]float32, row[0]), make([]float32, row[1])); err == nil || !strings.Contains(err.Error(), "codes of 7") {
			t.Errorf("%v values: want an error, got %v", row, err)
		}
	}
	for _, n := range []int{0, 63} {
		if _, _, err := p.Encode(context.Background(), net, make([]float32, n)); err == nil || !strings.Contains(err.Error(), "whole images") {
			t.Errorf("%d values: want an error, got %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := p.Encode(ctx, net, make([]float32, 64)); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
}
