package engine

import (
	"os"
	"strings"
	"testing"
	"unwarp/attacks"
)

// TestFullDisk: a result that cannot be kept is an error that says so.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	err = (&Journal{file: full}).add(0, 0, attacks.ImageResult{Done: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance})
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "free space and resume") {
		t.Errorf("got %v", err)
	}
}
