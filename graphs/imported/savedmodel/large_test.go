package savedmodel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
	"unwarp/pipelines/npz"
)

// Networks of keras.applications, which the script writes with --large into the
// folder that UNWARP_SAVEDMODELS names: the rows of tools/results/imported-savedmodel.md.
func TestLarge(t *testing.T) {
	dir := os.Getenv("UNWARP_SAVEDMODELS")
	if dir == "" {
		t.Skip("UNWARP_SAVEDMODELS names no folder that tools/golden/savedmodels.py --large wrote")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "golden.npz"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := npz.Decode(raw, 1<<28)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		images := all[f.Name()+"/images"]
		if !f.IsDir() || images.Float32s() == nil {
			continue
		}
		start := time.Now()
		n, err := savedmodel.Open(filepath.Join(dir, f.Name()), imported.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		opened := time.Since(start)
		x, shape := lastOf(n.Signature().Input, images.Float32s(), images.Shape())
		y, g := measured(t, n, x, shape)
		size := int64(0)
		for _, w := range n.Weights() {
			size += w.Size()
		}
		n.Close()
		fmt.Printf("| %s | %dx%d | %.1f | %d | %.1e | %.1e | %.2f | %.1f |\n", f.Name(), shape[1], shape[2], float64(size)/1e6, len(n.Layers()),
			difference(y, all[f.Name()+"/logits"].Float32s()), difference(g, all[f.Name()+"/gradient"].Float32s()), opened.Seconds(), time.Since(start).Seconds())
	}
}
