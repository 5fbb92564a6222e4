package pipelines

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// FileNote says what is wrong with an image file, or odd.
type FileNote struct {
	Err    error  // why it cannot be read, and its image is black; nil for one that can
	Remark string // what is odd about one that was read; "" for most
}

// OpenImages decodes image files as those of a folder set are: turned as their EXIF tag says, cut to the square in
// the middle, resized to sh, which is square and has 1 or 3 channels. The source has the label 0 for each, of so many
// classes. notes has one for each file.
func OpenImages(ctx context.Context, paths []string, sh Shape, classes int) (src Source, notes []FileNote, err error) {
	if err := CheckPhotoShape(sh); err != nil {
		return nil, nil, err
	}
	m, err := newMemoryBudget(Data{Set: "images"}).allocate("given", len(paths), sh, make([]string, classes))
	if err != nil {
		return nil, nil, err
	}
	m.names, m.files = nil, paths
	list := make([]imageFile, len(paths))
	for i, p := range paths {
		list[i] = imageFile{path: p}
	}
	d, err := decodeAll(ctx, list, m, progressFrom(ctx))
	notes = make([]FileNote, len(paths))
	for i := range notes {
		notes[i] = FileNote{d.bad[i], d.notes[i].ofOne()}
	}
	return m, notes, err
}

// CheckPhotoShape refuses shapes to which no image file is decoded.
func CheckPhotoShape(sh Shape) error {
	if sh.H != sh.W || sh.C != 1 && sh.C != 3 {
		return fmt.Errorf("pipelines: want square images of 1 or 3 channels, which image files can be decoded to, got %v", sh)
	}
	return nil
}

// ListImages are the image files that paths name: files, whatever they are called, and those called as images are in
// folders and the folders below, sorted; hidden files, those that systems leave, and symbolic links to folders are left out.
// What does not exist is listed: [OpenImages] says so.
func ListImages(paths []string) ([]string, error) {
	var all []string
	for _, path := range paths {
		if !isFolder(path) {
			all = append(all, path)
			continue
		}
		found, err := listBelow(path)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("pipelines: %s: want %s images, got a folder without any: name another", displayPath(path), formatsKnown)
		}
		all = append(all, found...)
	}
	return all, nil
}

func listBelow(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return unreadableError(displayPath(path), err, checkPath)
		}
		name := e.Name()
		if path != root && isPassedOver(name) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		end := strings.ToLower(filepath.Ext(name))
		if !e.IsDir() && (slices.Contains(imageEnds, end) || slices.Contains(foreignEnds, end)) {
			found = append(found, path)
		}
		return nil
	})
	return found, err
}
