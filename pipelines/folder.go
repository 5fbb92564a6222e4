package pipelines

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// partFolders are the names that folders of parts may have.
var partFolders = map[string]string{"train": "train", "val": "validation", "validation": "validation", "test": "test"}

// openFolder reads images in folders: PART/CLASS/image, or CLASS/image.
func openFolder(ctx context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the folder of the image folders")
	}
	l, err := listFolders(d.Path)
	if err != nil {
		return parts{}, err
	}
	return l.decode(ctx, d, d.Channels)
}

// openFaces reads PART/PERSON/image, of all people or of some.
func openFaces(ctx context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the folder of the facescrub folders train and test")
	}
	for _, part := range []string{"train", "test"} {
		if dir := filepath.Join(d.Path, part); !isFolder(dir) {
			return parts{}, fmt.Errorf("pipelines: %s: want folders train and test, each with a folder of images for each person, got no %s: set data.path to the folder that has them", displayPath(d.Path), part)
		}
	}
	l, err := listFolders(d.Path)
	if err != nil {
		return parts{}, err
	}
	if err := l.choosePeople(Seed(d.Seed), d.People); err != nil {
		return parts{}, err
	}
	return l.decode(ctx, d, 3)
}

// choosePeople keeps n of the people, 0 all: which ones depends on seed alone.
func (l listing) choosePeople(seed Seed, n int) error {
	people := l.classes("train")
	if n == 0 {
		return nil
	}
	if n < 2 || n > len(people) {
		return newRequestError("pipelines: %s: want 2..%d people (0: all), got %d: change data.people", displayPath(l.where), len(people), n)
	}
	chosen := map[string]bool{}
	for _, i := range seed.Split("people").Rand().Perm(len(people))[:n] {
		chosen[people[i]] = true
	}
	for part, files := range l.parts {
		// Someone who is in the test part alone is kept, to be refused with the others.
		l.parts[part] = slices.DeleteFunc(files, func(f imageFile) bool { return !chosen[f.class] && slices.Contains(people, f.class) })
	}
	return nil
}

// listFolders lists the images below a folder. It has parts if it has a folder train with folders in it.
func listFolders(root string) (listing, error) {
	l := listing{where: root, parts: map[string][]imageFile{}}
	folders, err := listSubfolders(root)
	if err != nil {
		return l, err
	}
	inTrain := 0
	if slices.Contains(folders, "train") {
		below, err := listSubfolders(filepath.Join(root, "train"))
		if err != nil {
			return l, err
		}
		inTrain = len(below)
	}
	if inTrain == 0 {
		if err := checkNoParts(root, folders); err != nil {
			return l, err
		}
		if l.parts["train"], l.skippedFiles, err = listClasses(root, folders); err != nil {
			return l, err
		}
		l.remarks, err = remarkStray(root)
		return l, err
	}
	for _, name := range folders {
		part := partFolders[name]
		if lower := strings.ToLower(name); part == "" && partFolders[lower] != "" {
			return l, lowerCaseError(root, name)
		}
		if part == "" {
			return l, fmt.Errorf("pipelines: %s: want train, test and val or validation beside each other, got %q too: move it elsewhere", displayPath(root), name)
		}
		if len(l.parts[part]) > 0 {
			return l, fmt.Errorf("pipelines: %s: want one of val and validation, got both: leave one", displayPath(root))
		}
		dir := filepath.Join(root, name)
		classes, err := listSubfolders(dir)
		if err != nil {
			return l, err
		}
		var skipped int
		if l.parts[part], skipped, err = listClasses(dir, classes); err != nil {
			return l, err
		}
		l.skippedFiles += skipped
		stray, err := remarkStray(dir)
		if err != nil {
			return l, err
		}
		l.remarks = append(l.remarks, stray...)
	}
	return l, nil
}

// remarkStray says which images lie beside the folders of classes, and so belong to none.
func remarkStray(dir string) ([]string, error) {
	names, err := visibleNames(dir)
	if err != nil {
		return nil, err
	}
	stray := slices.DeleteFunc(names, func(n string) bool {
		return !slices.Contains(imageEnds, strings.ToLower(filepath.Ext(n))) || isFolder(filepath.Join(dir, n))
	})
	if len(stray) == 0 {
		return nil, nil
	}
	for i, n := range stray {
		stray[i] = displayPath(filepath.Join(dir, n))
	}
	return []string{fmt.Sprintf("images beside the folders of classes, which belong to no class and are left out: %d: %s", len(stray), nameFirst(stray))}, nil
}

// checkNoParts refuses folders of parts among which that of the training part is not: folders called
// as parts are, or nearly so, that hold folders.
func checkNoParts(root string, folders []string) error {
	for _, name := range folders {
		lower := strings.ToLower(name)
		if partFolders[lower] == "" {
			continue
		}
		below, err := listSubfolders(filepath.Join(root, name))
		switch {
		case err != nil:
			return err
		case len(below) == 0: // a class of that name
		case name != lower:
			return lowerCaseError(root, name)
		default:
			return fmt.Errorf("pipelines: %s: want a folder train with a folder of images for each class beside %s, got none: add it, or set data.path to %s", displayPath(root), name, displayPath(filepath.Join(root, name)))
		}
	}
	return nil
}

// lowerCaseError refuses the folder of a part whose name has capitals.
func lowerCaseError(root, name string) error {
	return fmt.Errorf("pipelines: %s: want the folders of parts in lower case, got %q: rename it to %s", displayPath(root), name, strings.ToLower(name))
}

// listSubfolders are the names of the folders in a folder, sorted, hidden ones left out; links are
// followed.
func listSubfolders(dir string) ([]string, error) {
	names, err := visibleNames(dir)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			return nil, unreadableError(displayPath(path), err, checkPath)
		}
		if info.IsDir() {
			folders = append(folders, name)
		}
	}
	return folders, nil
}

// junkNames are files and folders that systems leave beside those of people: macOS in archives, Synology, Windows.
var junkNames = []string{"__MACOSX", "@eaDir", "Thumbs.db", "thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information"}

// isPassedOver tells whether a file or folder is hidden, or one that systems make.
func isPassedOver(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains(junkNames, name)
}

// visibleNames are the names in a folder, sorted, without hidden ones and those that systems make.
func visibleNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadableError(displayPath(dir), err, checkPath)
	}
	var names []string
	for _, e := range entries {
		if !isPassedOver(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// listClasses lists the images of the named folders in dir, each a class, and counts the files that
// it skips.
func listClasses(dir string, classes []string) (files []imageFile, skipped int, err error) {
	if len(classes) == 0 {
		return nil, 0, fmt.Errorf("pipelines: %s: want a folder of images for each class, got no folder: set data.path to the folder that has them", displayPath(dir))
	}
	for _, class := range classes {
		if err := checkClassName(displayPath(dir), class, "rename it"); err != nil {
			return nil, 0, err
		}
		found, others, err := listImages(filepath.Join(dir, class))
		if err != nil {
			return nil, 0, err
		}
		skipped += others
		for _, path := range found {
			files = append(files, imageFile{path: path, class: ComposeName(class)})
		}
	}
	return files, skipped, nil
}

// listImages are the paths of the images of a class, sorted, and the number of other files. Folders
// below are refused: a walk could follow links in a circle.
func listImages(dir string) (paths []string, others int, err error) {
	names, err := visibleNames(dir)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		end := strings.ToLower(filepath.Ext(name))
		switch {
		case slices.Contains(imageEnds, end), slices.Contains(foreignEnds, end): // decoding refuses the latter
			paths = append(paths, path)
		case isFolder(path):
			return nil, 0, fmt.Errorf("pipelines: %s: want images in the folder of a class, got a folder: move its images up, or give path the folder one level deeper", displayPath(path))
		default:
			others++
		}
	}
	if len(paths) == 0 {
		return nil, 0, fmt.Errorf("pipelines: %s: want %s images, got none: add some or remove the folder", displayPath(dir), formatsKnown)
	}
	return paths, others, nil
}
