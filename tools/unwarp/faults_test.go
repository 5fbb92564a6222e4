package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is named and cannot be it is refused alike by every command: with exit code 2, the name and
// the reason.
func TestFaultsAreRefusedAlike(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("text.txt", []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	models := []string{"evaluate M", "predict M x.png", "model M", "attack M", "certify M", "swap M", "embed M", "export M", "train --resume M", "report M", "verify M"}
	for _, command := range models {
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "M", "nope"))...).fails(t, exitUsage, "nope")
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "M", "text.txt"))...).fails(t, exitUsage, "text.txt")
	}
	for _, command := range models[:9] {
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "M", "nope"))...).fails(t, exitUsage, "run folder nope", "no such file or directory")
	}
	data := []string{"data --data D", "train --data D", "model --data D", "train --data D --dry-run"}
	for _, command := range data {
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "D", filepath.Join("no", "such")))...).fails(t, exitUsage, "data.path", "no such file or")
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "D", "text.txt"))...).fails(t, exitUsage, "--data: ", "text.txt")
		unwarp(t, strings.Fields(strings.ReplaceAll(command, "D", "empty"))...).fails(t, exitFailed, "empty", "a folder of images for each class") // its files are to blame
	}
}
