package main

import (
	"fmt"
	"path/filepath"

	disk "unwarp/pipelines/files"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

// refuseForeign refuses a network that another program wrote, for a command that wants what
// only a model of unwarp has.
func refuseForeign(command, path, want string) error {
	src, err := experiment.OpenSource(path, "")
	if err != nil || !experiment.IsForeign(src) {
		return nil // another error is said by who opens it
	}
	f, _ := src.Config().Model.FileEncoder()
	train := shell.Unwarp("train", "--data", "DATA", "--set", fmt.Sprintf("model.encoder=%s(path=%s)", f.Format, disk.Shorten(path, 60)))
	return usage(fmt.Errorf("%s: want %s, got %s, which another program wrote: train on it with %s", command, want, disk.Shorten(filepath.Base(path), 40), train))
}
