package pipelines

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readNORBInts reads a cat or info file of a half; n is how many examples it must have, 0 any.
func readNORBInts(dir, half, part string, n int) ([]int32, string, error) {
	path, err := findNORB(dir, half, part)
	if err != nil {
		return nil, "", err
	}
	f, size, err := openFile(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	r, err := newFileReader(path, f, size)
	if err != nil {
		return nil, "", err
	}
	want := []int{n}
	if part == "info" {
		want = append(want, norbColumns)
	}
	m, err := readMat(r, matInts, want...)
	if err != nil {
		return nil, "", err
	}
	if got := m.dims[0]; got > norbMost {
		m.at = 8
		return nil, "", m.fail(fmt.Sprintf("at most %d examples", norbMost), fmt.Sprint(got), "the header is wrong, fetch the file again", nil)
	}
	values, err := m.readInts()
	return values, path, err
}

// norbParts says what is lost without a part.
var norbParts = map[string]string{
	"dat":  "the images",
	"cat":  "the categories",
	"info": "the views (elevation, azimuth), without which the set cannot be split by view",
}

// findNORB is the path of a part, plain or .gz.
func findNORB(dir, half, part string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", unreadableError(displayPath(dir), err, checkPath)
	}
	tail := "-" + half + "-" + part + ".mat"
	var found []string
	for _, gz := range []string{"", ".gz"} {
		for _, e := range entries {
			if name := e.Name(); strings.HasPrefix(name, "smallnorb-") && strings.HasSuffix(name, tail+gz) {
				found = append(found, name)
			}
		}
		if len(found) > 0 { // both forms of one file: the plain one is read sooner
			break
		}
	}
	switch len(found) {
	case 0:
		do := "set data.path to the folder that has it"
		if part == "info" {
			do += ", or data.view to nothing for the official split"
		}
		return "", fmt.Errorf("pipelines: %s: want smallnorb-5x…%s or .mat.gz, %s, got no such file: %s", displayPath(dir), tail, norbParts[part], do)
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", fmt.Errorf("pipelines: %s: want one file smallnorb-5x…%s, got %s: leave one in the folder", displayPath(dir), tail, strings.Join(found, " and "))
}
