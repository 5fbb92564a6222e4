package pipelines

import (
	"strings"
	"testing"
)

// Batches that there is no memory for are refused before they are made.
func TestStreamBeyondMemory(t *testing.T) {
	for name, o := range map[string]Options{
		"workers": {Batch: 10, Workers: 1 << 40}, "queue": {Batch: 10, Queue: 1 << 50, Workers: 1}, "views": {Batch: 10, Queue: 1 << 45, Workers: 1},
	} {
		for _, err := range Stream(t.Context(), numbered(10), o) {
			if err == nil || !strings.Contains(err.Error(), "lower train.batch or train.workers") {
				t.Errorf("%s: got %v", name, err)
			}
			break
		}
	}
}
