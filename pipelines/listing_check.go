package pipelines

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// checkClassName refuses names that cannot be shown on a line of their own. where and do are parts of
// the message: where the name was found and how to correct it.
func checkClassName(where, name, do string) error {
	switch {
	case name == "":
		return fmt.Errorf("pipelines: %s: want a name for each class, got an empty one: %s", where, do)
	case !utf8.ValidString(name):
		return fmt.Errorf("pipelines: %s: want class names in UTF-8, got %q: %s", where, name, do)
	case strings.TrimSpace(name) != name: // unseen, it would make a class of its own
		return fmt.Errorf("pipelines: %s: want class names without blanks at their ends, got %q: %s", where, name, do)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("pipelines: %s: want class names without control characters, got %q: %s", where, name, do)
		}
	}
	return nil
}

// ComposeName is the name of a class in the form that names are compared in, Unicode NFC: systems differ in how they
// write accents.
func ComposeName(name string) string { return norm.NFC.String(name) }

// displayPath is a path for a message. Names that are not UTF-8 or not printable are quoted.
func displayPath(path string) string {
	if !utf8.ValidString(path) {
		return strconv.Quote(path)
	}
	for _, r := range path {
		if !unicode.IsPrint(r) {
			return strconv.Quote(path)
		}
	}
	return path
}

// checkDuplicates refuses a file that is listed twice, under whatever names and links: it could be
// trained on and tested on. A file that does not exist is left to decoding, which reports it.
func (l listing) checkDuplicates() error {
	type look struct{ size, modified int64 } // alike for one file, so that few need be compared
	type found struct {
		os.FileInfo
		imageFile
	}
	seen := map[look][]found{}
	for _, part := range partOrder {
		for _, f := range l.parts[part] {
			info, err := os.Stat(f.path)
			if err != nil {
				continue
			}
			at := look{info.Size(), info.ModTime().UnixNano()}
			for _, first := range seen[at] {
				switch {
				case !os.SameFile(first.FileInfo, info):
				case f.list != "":
					return fmt.Errorf("pipelines: %s: want each image once, got the file of line %d again: remove one of the lines", f.display(), first.line)
				default:
					return fmt.Errorf("pipelines: %s: want each image once, got the same file as %s: remove one of the links to it", f.display(), first.display())
				}
			}
			seen[at] = append(seen[at], found{info, f})
		}
	}
	return nil
}

// checkClasses refuses parts that differ in their classes, but for those that may be missing in the test part,
// and returns the names of all.
func (l listing) checkClasses(d Data, untested []string) ([]string, error) {
	names := l.classes("train")
	for _, part := range partOrder[1:] {
		if len(l.parts[part]) == 0 {
			continue
		}
		there := l.classes(part)
		for _, n := range there {
			if !slices.Contains(names, n) {
				return nil, fmt.Errorf("pipelines: %s: want the same classes in all parts, got %q in the %s part but not in the training part: add images of it to that, or leave it out", displayPath(l.where), n, part)
			}
		}
		for _, n := range names {
			if !slices.Contains(there, n) && !(part == "test" && slices.Contains(untested, n)) {
				return nil, fmt.Errorf("pipelines: %s: want the same classes in all parts, got %q in the training part but not in the %s part: add an image of it to that, or leave it out", displayPath(l.where), n, part)
			}
		}
	}
	if len(names) < 2 && d.Order == "" { // which may have more
		return nil, fmt.Errorf("pipelines: %s: want at least 2 classes, got %d %q: add another", displayPath(l.where), len(names), names)
	}
	if want := d.Classes; want > 0 && len(names) != want {
		return nil, newRequestError("pipelines: %s: want %d classes, as data.classes says, got %d: change the set or data.classes", displayPath(l.where), want, len(names))
	}
	return names, nil
}
