package pipelines

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// FileCounts are the image files of a folder or csv set before any is decoded.
type FileCounts struct {
	Train, Validation, Test int // Test is expected where the set has no test part
	Side                    int // the median shorter side of some of them, in pixels; 0 where none could be read
}

// sampledSides is of how many files the sides are read.
const sampledSides = 64

// CountFiles counts the files of the set that d names. What is wrong with single files is
// left to [Open].
func CountFiles(d Data) (FileCounts, error) {
	l, err := listFiles(d)
	if err != nil {
		return FileCounts{}, err
	}
	n := FileCounts{Train: len(l.parts["train"]), Validation: len(l.parts["validation"]), Test: len(l.parts["test"])}
	n.Side = medianSide(l.parts["train"])
	if n.Test == 0 {
		n.Test = int(math.Round(cmp.Or(d.Holdout, defaultHoldout) * float64(n.Train)))
		n.Train -= n.Test
	}
	return n, nil
}

// listFiles lists the files of a folder or csv set.
func listFiles(d Data) (listing, error) {
	switch {
	case d.Path == "":
		return listing{}, missingPathError("a folder of image folders, or a CSV file that lists images")
	case d.Set == "folder":
		return listFolders(d.Path)
	case d.Set == "csv":
		return listCSV(d.Path)
	}
	return listing{}, fmt.Errorf("pipelines: want a set of folder or csv, got %s", d.Set)
}

// medianSide is that of the shorter sides of some files, evenly spread.
func medianSide(files []imageFile) int {
	var sides []int
	for k := range min(len(files), sampledSides) {
		f := files[k*len(files)/min(len(files), sampledSides)]
		if side := shorterSide(f); side > 0 {
			sides = append(sides, side)
		}
	}
	if len(sides) == 0 {
		return 0
	}
	slices.Sort(sides)
	return sides[len(sides)/2]
}

// shorterSide is 0 for a file that cannot be read.
func shorterSide(file imageFile) int {
	f, size, err := openRegular(file.path, "", "", "")
	if err != nil {
		return 0
	}
	defer f.Close()
	_, config, err := readHeaderOf(file, f, size)
	if err != nil {
		return 0
	}
	return min(config.Width, config.Height)
}

// listCSV lists the images of a CSV file. The set does not depend on the order of the lines.
func listCSV(path string) (listing, error) {
	f, _, err := openRegular(path, displayPath(path), "set data.path to the list", checkPath)
	if err != nil {
		return listing{}, err
	}
	defer f.Close()
	l, err := readList(path, f)
	if err != nil {
		return listing{}, err
	}
	for part := range l.parts {
		sortByPath(l.parts[part])
	}
	return l, nil
}
