package pipelines

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// RecogniseSet is the value of Data.Set for what lies at path: csv or npz for a file, and for a folder what its
// files are called, or folder, for folders of images.
func RecogniseSet(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", unreadableError(displayPath(path), err, checkPath)
	}
	if IsArrays(path) {
		return "npz", nil
	}
	if !info.IsDir() {
		if isHDF5(path) {
			return "", fmt.Errorf("pipelines: %s: %w", displayPath(path), errHDF5)
		}
		if strings.ToLower(filepath.Ext(path)) != ".csv" {
			return "", fmt.Errorf("pipelines: %s: want a folder, a CSV file that lists images, or an .npz or .npy file, got a file with another name: name one of them, or set data.set and data.path", displayPath(path))
		}
		return "csv", nil
	}
	names, err := visibleNames(path)
	if err != nil {
		return "", err
	}
	has := func(pattern string) bool {
		return slices.ContainsFunc(names, func(n string) bool { ok, _ := filepath.Match(pattern, n); return ok })
	}
	switch {
	case has("train-labels*idx1-ubyte*"):
		return "idx", nil
	case has("data_batch_1.bin*"), has("cifar-10-batches-bin"):
		return "cifar10", nil
	case has("smallnorb-*"):
		return "smallnorb", nil
	}
	return "folder", nil
}
