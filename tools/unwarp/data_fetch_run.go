package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"

	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/fetch"
)

// download fetches a set, with a progress bar for each file.
func download(ctx context.Context, set fetch.Set, dir string, log io.Writer) error {
	const unit = 1000
	d := fetch.New()
	var bar *progress.Bar
	var current string
	d.Progress = func(f fetch.File, done int64) {
		if f.Name != current {
			if bar != nil {
				bar.Done()
			}
			bar, current = progress.New(log, "fetching "+f.Name, "kB", f.Size/unit, done/unit), f.Name
		}
		bar.Set(done/unit, "")
	}
	d.Note = func(format string, args ...any) {
		if bar != nil {
			bar.Note(format, args...)
			return
		}
		fmt.Fprintf(log, format+"\n", args...)
	}
	err := d.Fetch(ctx, set, dir)
	if bar != nil {
		bar.Done()
	}
	return err
}

// readCatalogue returns the built-in catalogue, with the sets of a file added or
// replaced; path "" is no file.
func readCatalogue(path string) (fetch.Catalogue, error) {
	known := fetch.BuiltInCatalogue()
	if path == "" {
		return known, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--catalogue: want a readable file: %w", err)
	}
	more, err := fetch.ReadCatalogue(raw)
	if err != nil {
		return nil, fmt.Errorf("--catalogue %s: %w", path, err)
	}
	maps.Copy(known, more)
	return known, nil
}
