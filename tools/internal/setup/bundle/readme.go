package bundle

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// licences are the files of a TensorFlow installation that say under which terms it
// may be passed on. An installation may lack them.
func licences(library string) []string {
	dir := filepath.Dir(library)
	var all []string
	for _, pattern := range []string{"LICENSE*", "NOTICE*", "THIRD_PARTY*", "../LICENSE*", "../THIRD_PARTY*", "../tensorflow*.dist-info/LICENSE*", "../tensorflow*.dist-info/licenses/*"} {
		matches, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, m := range matches {
			same := func(other string) bool { return filepath.Base(other) == filepath.Base(m) }
			if info, err := os.Stat(m); err == nil && info.Mode().IsRegular() && !slices.ContainsFunc(all, same) {
				all = append(all, m)
			}
		}
	}
	return all
}

// readme is the text that comes along.
func (p Plan) readme() (string, error) {
	n, err := readNeeds(append([]string{p.source.Program}, p.source.Libraries...))
	if err != nil {
		return "", err
	}
	licence := "TensorFlow is under the Apache License 2.0; its licence files are in licences/."
	if len(p.files) == 1+len(p.source.Libraries) {
		licence = "TensorFlow is under the Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0);\nits installation had no licence files to copy."
	}
	return fmt.Sprintf(`unwarp with the TensorFlow library that it was built with.

  ./unwarp doctor     what this machine lacks, if anything
  ./unwarp train      trains on digits that the program draws itself

The folder may be moved and renamed; unwarp finds lib/ beside itself. A symbolic link
to unwarp works from any folder. Nothing else is needed: no Go, no Python, no network.

It needs
  %s

A GPU is used where the library is a GPU build and the driver and CUDA are there; they
are not part of this folder.

%s
%s
`, strings.Join(n.lines(), "\n  "), strings.TrimSpace(p.source.Versions), licence), nil
}
