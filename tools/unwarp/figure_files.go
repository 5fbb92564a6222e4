package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/study"
	"unwarp/trainer"
)

// figureTarget returns the file of a figure: path, or if that is "" the file
// called name in the run's folder of pictures.
func figureTarget(command, dir, path, name, ending string) (string, error) {
	if path != "" {
		return path, checkTarget("--out", path, ending)
	}
	folder, err := resultsFolder(command, dir, "the picture with --out FILE"+ending)
	return filepath.Join(folder, report.PicturesDir, name), err
}

// writeFigure writes a file, and makes the folder of pictures if it is missing.
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

// asUsage marks the error of a wrong request as one of usage.
func asUsage(err error) error {
	var wrong *study.RequestError
	if errors.As(err, &wrong) {
		return usage(err)
	}
	return err
}
