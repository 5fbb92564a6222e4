package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines/files"
)

// exportFolder writes an export under a temporary name and then renames it. A
// lock keeps other exports away meanwhile.
type exportFolder struct {
	*files.Pending
	dir    string
	parent files.Place
	lock   *files.Lock
}

// beginExport makes the empty temporary folder beside dir, after checking that
// dir is free or holds an earlier export. A link is followed.
func beginExport(dir string) (*exportFolder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	f := &exportFolder{dir: dir}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, files.NotWritten(dir, err)
	}
	if f.lock, err = files.LockBeside(dir); err != nil {
		return nil, err
	}
	if err := f.begin(); err != nil {
		f.lock.Close()
		return nil, err
	}
	return f, nil
}

func (f *exportFolder) begin() (err error) {
	if err := files.RecoverReplaced(f.dir, isExport); err != nil {
		return files.NotWritten(f.dir, err)
	}
	clearParts(f.dir+".unfinished", f.dir+".replaced")
	if err := replaceable(f.dir); err != nil {
		return err
	}
	if f.parent, err = files.OpenPlace(filepath.Dir(f.dir)); err != nil {
		return err
	}
	f.Pending, err = files.NewPending(filepath.Dir(f.dir))
	return files.NotWritten(f.dir, err)
}

// clearParts removes parts of exports that earlier versions left behind when they
// were killed. A whole export may be somebody's copy.
func clearParts(dirs ...string) {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err == nil && !isExport(dir) && foreignEntry(entries) == "" {
			_ = os.RemoveAll(dir)
		}
	}
}

// replaceable refuses a dir that holds anything but an earlier export.
func replaceable(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return files.NotRead(dir, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("want a new folder or an earlier export, found a file: choose another name")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return files.NotRead(dir, err)
	}
	if len(entries) == 0 || isExport(dir) {
		return nil
	}
	if other := foreignEntry(entries); other != "" {
		return fmt.Errorf("want a new folder or an earlier export, found one with %.40q in it: choose another name or move it away", other)
	}
	return fmt.Errorf("want a new folder or an earlier export, found one without %s: choose another name or move it away", strings.Join(exportEntries, ", "))
}

// isExport reports whether dir holds what an export consists of and nothing
// else: only that may be deleted.
func isExport(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil || foreignEntry(entries) != "" {
		return false
	}
	needed := slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return !slices.Contains(exportEntries, e.Name()) })
	assets, err := os.ReadDir(filepath.Join(dir, assetsDir))
	onlyLabels := !slices.ContainsFunc(assets, func(e fs.DirEntry) bool { return e.Name() != labelsAsset })
	return len(needed) == len(exportEntries) && onlyLabels && (err == nil || errors.Is(err, fs.ErrNotExist))
}

// exportEntries are what every export has, and optionalEntries what some have: the
// names of the classes, and hashes of the images trained on.
var (
	exportEntries   = []string{savedModelFile, ExportInfoFile, variablesDir}
	optionalEntries = []string{assetsDir, TrainedImagesFile}
)

// foreignEntry names the first entry that an export does not have.
func foreignEntry(entries []fs.DirEntry) string {
	for _, e := range entries {
		if !slices.Contains(exportEntries, e.Name()) && !slices.Contains(optionalEntries, e.Name()) {
			return e.Name()
		}
	}
	return ""
}

// publish gives the finished folder its name, in place of an earlier export.
func (f *exportFolder) publish() error {
	if err := f.parent.Check(); err != nil {
		return err
	}
	return f.Replace(f.dir)
}

// close removes the temporary folder unless it was published, and the lock.
func (f *exportFolder) close() {
	f.Discard()
	f.lock.Close()
}

// folderSize is the number of bytes in the files of dir.
func folderSize(dir string) (int64, error) {
	total := int64(0)
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
