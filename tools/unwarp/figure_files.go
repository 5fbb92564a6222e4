package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// figureTarget is the file of a figure: the one that was asked for, or the one
// called name among the pictures of the run.
func figureTarget(command, dir, path, name, ending string) (string, error) {
	if path != "" {
		return path, checkTarget("--out", path, ending)
	}
	if experiment.IsExport(dir) {
		return "", usage(fmt.Errorf("%s %s: this is an export, in which nothing else should lie: name the picture with --out FILE%s", command, dir, ending))
	}
	return filepath.Join(filepath.Clean(dir), report.PicturesDir, name), nil
}

// writeFigure writes a file, and the folder of pictures where it is missing.
func writeFigure(flag, path string, raw []byte) error {
	if filepath.Base(filepath.Dir(path)) == report.PicturesDir {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return notWritten(flag, path, err)
		}
	}
	if err := trainer.WriteFile(path, raw); err != nil {
		return notWritten(flag, path, err)
	}
	return nil
}

func writePNG(flag, path string, m image.Image) error {
	var raw bytes.Buffer
	if err := png.Encode(&raw, m); err != nil {
		return fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return writeFigure(flag, path, raw.Bytes())
}

// className is the name of class k of src, or its number.
func className(src pipelines.Source) func(k int32) string {
	names := pipelines.ClassNames(src)
	return func(k int32) string {
		if k >= 0 && int(k) < len(names) {
			return names[k]
		}
		return fmt.Sprint(k)
	}
}
