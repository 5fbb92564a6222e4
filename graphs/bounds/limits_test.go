package bounds_test

import (
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// Little memory makes smaller runs with the same bounds; too little is refused.
func TestMemoryIsBounded(t *testing.T) {
	m := randomMLP(7, 4, 30, 20, 12)
	images, labels := m.points(3, 4)
	q := bounds.Query{Images: images, Labels: labels, Eps: []float32{.2}, Every: true}
	wide := certify(t, m.layers, []int64{4}, bounds.Settings{Steps: 3})
	tight := certify(t, m.layers, []int64{4}, bounds.Settings{Steps: 3, Memory: 8 << 10})
	if s := tight.v.Settings(); s.Images != 1 || s.Rows >= 16 {
		t.Errorf("want runs of one image and few rows, got %d images and %d rows", s.Images, s.Rows)
	}
	a, b := wide.verify(q), tight.verify(q)
	for i := range a {
		want := make([]float64, len(a[i].Lower))
		for k, v := range a[i].Lower {
			want[k] = float64(v)
		}
		Near(t, "bounds", b[i].Lower, want, 1e-4)
	}
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		_, err := bounds.NewVerifier(b, "v", []int64{4}, m.layers, bounds.Settings{Memory: 1000})
		return err
	})
	Says(t, err, "bounds: ", "memory", "smaller network")
}
