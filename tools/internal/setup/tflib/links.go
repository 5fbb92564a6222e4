package tflib

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// linked gives a library that lacks libtensorflow.so a folder of links, which only the linker needs: what is
// built finds the libraries in their real folder. That folder must be the one in the run path, since
// TensorFlow looks for the GPU's libraries relative to it.
func (c Config) linked(lib Library) (Library, error) {
	if lib.Links != "" {
		return lib, nil
	}
	n := names(c.GOOS)
	key := sha256.Sum256([]byte(lib.Dir))
	lib.Links = filepath.Join(c.Cache, fmt.Sprintf("links-%x", key[:6]))
	for link, file := range map[string]string{n.link: lib.Files[0].Name, n.flink: n.framework} {
		if !has(lib.Dir, file) {
			continue
		}
		if err := relink(filepath.Join(lib.Links, link), filepath.Join(lib.Dir, file)); err != nil {
			return Library{}, fmt.Errorf("tflib: link for the linker: %w; set %s to a folder that you can write to", err, EnvCache)
		}
	}
	return lib, nil
}

// relink makes a symbolic link, replacing another in one step, and writes nothing if it is right already.
func relink(link, target string) error {
	if old, err := os.Readlink(link); err == nil && old == target {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
		return err
	}
	next := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(target, next); err != nil && !os.IsExist(err) {
		return err
	}
	if err := os.Rename(next, link); err != nil {
		os.Remove(next)
		return err
	}
	return nil
}
