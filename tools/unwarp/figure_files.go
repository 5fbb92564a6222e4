package main

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/study"
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
	if dir := filepath.Dir(path); filepath.Base(dir) == report.PicturesDir {
		if err := makeFigureFolder(flag, dir); err != nil {
			return err
		}
	}
	return writeFile(flag, path, raw)
}

// makeFigureFolder makes a folder for figures: that of a run inside its run
// folder alone, which is not made anew where it was deleted meanwhile.
func makeFigureFolder(flag, dir string) error {
	mkdir := os.MkdirAll
	if filepath.Base(dir) == report.PicturesDir {
		mkdir = os.Mkdir
	}
	if err := mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return notWritten(flag, dir, err)
	}
	return nil
}

func writePNG(flag, path string, m image.Image) error {
	raw, err := report.EncodePNG(m)
	if err != nil {
		return fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return writeFigure(flag, path, raw)
}

// asUsage marks the error of a wrong request as one of usage.
func asUsage(err error) error {
	var wrong *study.RequestError
	if errors.As(err, &wrong) {
		return usage(err)
	}
	return err
}
