package experiment

import (
	"fmt"
	"slices"
	"strconv"

	"unwarp/pipelines/files"
)

// checkClassNames are the names of the classes that the run in dir learnt, of which
// listed are the lines of its classes.txt, nil where that is gone. Other names than
// those of the training are refused: predictions would carry them.
func (id *RunIdentity) checkClassNames(dir string, listed []string) ([]string, error) {
	if id == nil || id.ClassNames == nil { // of a set without names, or of a version before 0.3
		return listed, nil
	}
	if listed == nil || slices.Equal(listed, id.ClassNames) {
		return id.ClassNames, nil
	}
	k := 0
	for k < min(len(listed), len(id.ClassNames)) && listed[k] == id.ClassNames[k] {
		k++
	}
	was, is := "none", "none"
	if k < len(id.ClassNames) {
		was = strconv.Quote(files.Shorten(id.ClassNames[k], 40))
	}
	if k < len(listed) {
		is = strconv.Quote(files.Shorten(listed[k], 40))
	}
	return nil, fmt.Errorf("run folder %s: %s is not that of the training: class %d is %s instead of %s: remove the file, since %s lists the names too", files.ShortPath(dir), ClassesFile, k, is, was, IdentityFile)
}
