package footprint

import (
	"bytes"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/trainer"
)

// large is a model whose training writes so many bytes at its peak.
func large(peak int64) *Model {
	return &Model{
		Layers:     []graphs.LayerRow{{Name: "encoder/conv1", Op: "Conv2D", Parameters: 10, Shape: []int64{28, 28, 32}}, {Name: "encoder/fc", Op: "MatMul", Parameters: 990, Shape: []int64{-1}}},
		Parameters: 1000, Trainable: 900,
		Training: &Training{Batch: 8, Disk: peak / 2, Peak: peak, Checkpoints: trainer.CheckpointSizes{Last: peak / 4}},
	}
}

// A training that writes little says nothing, one that writes much warns with a way
// out, and one that does not fit is refused.
func TestCheckDisk(t *testing.T) {
	dir := t.TempDir()
	if warning, err := large(1 << 20).CheckDisk(dir); warning != "" || err != nil {
		t.Errorf("%q, %v", warning, err)
	}
	warning, err := large(fairSize + 1).CheckDisk(dir)
	if err != nil || !strings.HasPrefix(warning, "warning: this training writes up to 1.0 GiB, of ") || !strings.Contains(warning, "99 % of its 1,000 parameters are in encoder/fc") || !strings.Contains(warning, "lower data.size") {
		t.Errorf("%q, %v", warning, err)
	}
	_, err = large(1 << 62).CheckDisk(dir)
	if err == nil || !strings.Contains(err.Error(), "choose another disk with --run") || len(err.Error()) > 299 || len(warning) > 299 {
		t.Errorf("%d characters, %v", len(warning), err)
	}
}

func TestPrintModel(t *testing.T) {
	var b bytes.Buffer
	large(1<<30).Print(&b, 0)
	for _, want := range []string{"encoder/conv1  Conv2D  28x28x32             10\n", "encoder/fc     MatMul  ?                   990\n", "parameters   1,000, of which 100 are statistics", "at most 1.0 GiB meanwhile"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := FormatNumber(n); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}
