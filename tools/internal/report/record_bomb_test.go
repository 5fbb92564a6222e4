package report

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"unwarp/pipelines/npz"
)

// A few kilobytes of images.npz that stand for hundreds of megabytes are refused by
// what the evaluation says, not unpacked.
func TestImagesBomb(t *testing.T) {
	const images = 10_000 // of 28x28 and more
	zeros := make([]float32, images*784)
	raw, err := npz.Encode(npz.Float32("clean", zeros, images, 28, 28, 1), npz.Float32("adversarial", nil, 0, 28, 28, 1), npz.Int32("series", nil, 0), npz.Int32("image", nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(t.TempDir(), "run")
	r := fake("x", 5, []float32{.1, .3}, true, fakeAttacks[:2], 1)
	if err := Save(run, r, drawn(&r, 2)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(run, AttackDir, imagesFile)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = Load(run)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprintf("[0..5 28 28 1], got <f4 of [%d 28 28 1]", images)) {
		t.Errorf("want an error that says what was wanted and what came, got %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("took %d bytes for a file of %d", took, len(raw))
	}
}
