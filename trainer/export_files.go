package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// exportFolder writes an export under a temporary name and then renames it:
//
//	dir.unfinished   being written; a killed export leaves it, the next removes it
//	dir.replaced     an earlier export, while the new one is renamed to dir
type exportFolder struct{ dir, tmp, old string }

// replaced is appended to the name of an export that a new one replaces.
const replaced = ".replaced"

// beginExport makes the empty temporary folder beside dir, after checking that
// dir is free or holds an earlier export. A link is followed.
func beginExport(dir string) (exportFolder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return exportFolder{}, err
	}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	f := exportFolder{dir, dir + unfinished, dir + replaced}
	if err := f.recover(); err != nil {
		return f, notWritten(err)
	}
	if err := replaceable(dir); err != nil {
		return f, err
	}
	if err := os.RemoveAll(f.tmp); err != nil {
		return f, notWritten(err)
	}
	if err := os.MkdirAll(f.tmp, 0o755); err != nil {
		return f, notWritten(err)
	}
	return f, nil
}

// recover completes a replacement that was killed halfway.
func (f exportFolder) recover() error {
	entries, err := os.ReadDir(f.old)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if other := foreignEntry(entries); other != "" {
		return fmt.Errorf("%s holds %q, which is no part of an export, but its name is needed: move it away", f.old, other)
	}
	if _, err := os.Lstat(f.dir); errors.Is(err, fs.ErrNotExist) && isExport(f.old) {
		return os.Rename(f.old, f.dir)
	}
	return os.RemoveAll(f.old) // perhaps a part only: the kill came while it was removed
}

// replaceable refuses a dir that holds anything but an earlier export.
func replaceable(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return notWritten(err)
	}
	if !info.IsDir() {
		return fmt.Errorf("want a new folder or an earlier export, found a file: choose another name")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return notWritten(err)
	}
	if len(entries) == 0 || isExport(dir) {
		return nil
	}
	if other := foreignEntry(entries); other != "" {
		return fmt.Errorf("want a new folder or an earlier export, found one with %q in it: choose another name or move it away", other)
	}
	return fmt.Errorf("want a new folder or an earlier export, found one without %s: choose another name or move it away", strings.Join(exportEntries, ", "))
}

// isExport reports whether dir holds what an export consists of and nothing
// else: only that may be deleted.
func isExport(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == len(exportEntries) && foreignEntry(entries) == ""
}

var exportEntries = []string{savedModelFile, infoFile, variablesDir}

// foreignEntry names the first entry that an export does not have.
func foreignEntry(entries []fs.DirEntry) string {
	for _, e := range entries {
		if !slices.Contains(exportEntries, e.Name()) {
			return e.Name()
		}
	}
	return ""
}

// publish gives the finished folder its name. An earlier export is
// renamed first, and renamed back if that fails.
func (f exportFolder) publish() error {
	err := os.Rename(f.dir, f.old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	earlier := err == nil
	if err := os.Rename(f.tmp, f.dir); err != nil {
		if earlier {
			err = errors.Join(err, os.Rename(f.old, f.dir))
		}
		return err
	}
	if err := syncPath(filepath.Dir(f.dir)); err != nil || !earlier {
		return err
	}
	return os.RemoveAll(f.old)
}

// discard removes the temporary folder.
func (f exportFolder) discard() { os.RemoveAll(f.tmp) }

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
