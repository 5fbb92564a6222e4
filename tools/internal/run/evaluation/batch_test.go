package evaluation

import (
	"io"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/run/config"
)

// A batch far larger than the number of images is computed as one of about that
// many: room for all of it would end the process.
func TestBatchBeyondImages(t *testing.T) {
	e, err := New(t.Context(), subject(func(a *config.Attack) { a.Batch, a.Images = 1_000_000_000, 3 }), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Options.Batch != 128 {
		t.Errorf("want a batch of 128, got %d", e.Options.Batch)
	}
	set := attacks.Images{Pixels: []float32{.6, .53, .1}, Labels: []int32{1, 1, 0}, Index: []int{0, 1, 2}}
	if _, err := e.Run(t.Context(), set, Options{Folder: t.TempDir(), Log: io.Discard}); err != nil {
		t.Error(err)
	}
}
