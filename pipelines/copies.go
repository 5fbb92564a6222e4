package pipelines

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// fileHash is the SHA-256 of a file's bytes; the zero value for a file that could not be read, which
// decoding reports.
type fileHash [sha256.Size]byte

func (c fileHash) known() bool { return c != fileHash{} }

// hashContents finds the contents of all files, on all processors.
func (l listing) hashContents(ctx context.Context) error {
	var all []*imageFile
	for _, part := range partOrder {
		for i := range l.parts[part] {
			all = append(all, &l.parts[part][i])
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				all[i].hash = hashFile(all[i].path)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

func hashFile(path string) fileHash {
	f, _, err := openFile(path)
	if err != nil {
		return fileHash{}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fileHash{}
	}
	return fileHash(h.Sum(nil))
}

// placedFile is a file and the part that it is in.
type placedFile struct {
	imageFile
	part string
}

// copies are the groups of files with the same bytes, each in the order of parts and of files within.
func (l listing) copies() [][]placedFile {
	by := map[fileHash][]placedFile{}
	var order []fileHash
	for _, part := range partOrder {
		for _, f := range l.parts[part] {
			if !f.hash.known() {
				continue
			}
			if len(by[f.hash]) == 1 {
				order = append(order, f.hash)
			}
			by[f.hash] = append(by[f.hash], placedFile{f, part})
		}
	}
	var groups [][]placedFile
	for _, c := range order {
		groups = append(groups, by[c])
	}
	return groups
}

// remarkCopies says which files are copies of others: first those of training images in another part, which
// make its accuracy too high, then those in two classes, which no model can tell apart, then the others.
func remarkCopies(groups [][]placedFile) []string {
	var between, twoClasses, within [][]placedFile
	for _, g := range groups {
		differs := func(of func(placedFile) string) bool {
			return slices.ContainsFunc(g[1:], func(f placedFile) bool { return of(f) != of(g[0]) })
		}
		switch {
		case differs(func(f placedFile) string { return f.part }):
			between = append(between, g)
		case differs(func(f placedFile) string { return f.class }):
			twoClasses = append(twoClasses, g)
		default:
			within = append(within, g)
		}
	}
	var remarks []string
	add := func(groups [][]placedFile, text string) {
		if len(groups) > 0 {
			remarks = append(remarks, fmt.Sprintf("%s: %d: %s", text, len(groups), nameCopies(groups)))
		}
	}
	add(between, "images that are in two parts as copies of each other, so that the accuracy there is not that of new images")
	add(twoClasses, "images that are in two classes as copies of each other")
	add(within, "images that are there more than once in a class, all on the same side of the split")
	return remarks
}

// nameCopies names the files of the first few groups.
func nameCopies(groups [][]placedFile) string {
	const mostGroups, mostFiles = 3, 4
	var texts []string
	for _, g := range groups[:min(mostGroups, len(groups))] {
		var names []string
		for _, f := range g[:min(mostFiles, len(g))] {
			names = append(names, f.display())
		}
		text := strings.Join(names, " = ")
		if more := len(g) - mostFiles; more > 0 {
			text += fmt.Sprintf(" = %d more", more)
		}
		texts = append(texts, text)
	}
	text := strings.Join(texts, "; ")
	if more := len(groups) - mostGroups; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
