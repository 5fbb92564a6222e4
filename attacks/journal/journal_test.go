package journal

import (
	"os"
	"strings"
	"testing"
)

// TestFullDisk: a result that cannot be kept is an error that says so.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	err = (&File{file: full}).Append(map[string]int{"a": 1})
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "free space") {
		t.Errorf("got %v", err)
	}
}
