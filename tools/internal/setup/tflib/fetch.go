package tflib

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Ensure finds a library as Find does and, where there is none, fetches one into the cache.
//
// It may be interrupted at any moment, also by kill -9 or a power cut: all work is done in a temporary folder
// beside the cache entry, which appears in one rename. What a dead run left is removed by the next. Of two
// at once the second waits for the first.
func (c Config) Ensure(ctx context.Context) (Library, error) {
	lib, _, err := c.Find(ctx)
	if !errors.Is(err, ErrNone) {
		return lib, err
	}
	if c.Wheel.Package == "" {
		return Library{}, fmt.Errorf("%w, and there is no wheel to fetch for %s; by hand: build or unpack libtensorflow %s into "+
			"a folder with lib/ and include/ and set %s to it", err, c.platform(), Series, EnvLibrary)
	}
	lib, err = c.fetchLocked(ctx)
	if err != nil && ctx.Err() != nil {
		return Library{}, ctx.Err()
	}
	if err != nil {
		return Library{}, fmt.Errorf("tflib: fetch %s into %s: %w", c.Wheel.Package, c.Cache, advised(err))
	}
	return lib, nil
}

// fetchLocked fetches while no other process does. It looks again once it holds the lock.
func (c Config) fetchLocked(ctx context.Context) (Library, error) {
	if err := os.MkdirAll(c.Cache, 0o777); err != nil {
		return Library{}, err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return Library{}, err
	}
	defer unlock()
	lib, err := c.cached()
	if err == nil {
		return lib, nil
	}
	if isDir(c.entry()) {
		c.say("%s is %v: fetching it anew", c.entry(), err)
	}
	c.sweep()
	if err := c.room(); err != nil {
		return Library{}, err
	}
	temp, err := os.MkdirTemp(c.Cache, filepath.Base(c.entry())+partial)
	if err != nil {
		return Library{}, err
	}
	defer os.RemoveAll(temp)
	start := time.Now()
	if err := c.fill(ctx, temp); err != nil {
		return Library{}, err
	}
	if err := c.publish(filepath.Join(temp, "entry")); err != nil {
		return Library{}, err
	}
	c.say("TensorFlow %s is in %s (%.0f s)", Version, c.entry(), time.Since(start).Seconds())
	return c.cached()
}

// partial marks what a fetch is still working on. Only the holder of the lock makes such names, so
// whoever holds it next may remove all of them.
const partial = ".partial-"

// It is no error if some stays: a pip that outlived its killed parent may still be writing there.
func (c Config) sweep() {
	litter, _ := filepath.Glob(c.entry() + partial + "*")
	for _, dir := range litter {
		os.RemoveAll(dir)
	}
}

// room compares the free space with the most that a fetch holds at once: pip keeps two copies of the
// wheel while it saves, and the wheel lies beside what is unpacked from it.
func (c Config) room() error {
	free := c.free
	if free == nil {
		free = freeBytes
	}
	need := c.Wheel.Size + max(c.Wheel.Size, c.Wheel.Unpacked)
	have, err := free(c.Cache)
	if err != nil || have >= uint64(need) {
		return nil // where the system does not say, a write will fail
	}
	return fmt.Errorf("disk full: needs %s, %s free; free some or set %s to a folder on another disk",
		megabytes(need), megabytes(int64(have)), EnvCache)
}

// fill makes temp/entry: the wheel is fetched, checked, unpacked and removed.
func (c Config) fill(ctx context.Context, temp string) error {
	wheel, err := c.download(ctx, temp)
	if err != nil {
		return err
	}
	sum, err := fileSum(wheel)
	if err != nil {
		return err
	}
	if sum != c.Wheel.SHA256 {
		return fmt.Errorf("%s has SHA-256 %s, want %s; run again, and if it stays so do not use what this network serves",
			filepath.Base(wheel), sum, c.Wheel.SHA256)
	}
	entry := filepath.Join(temp, "entry")
	files, err := c.unpack(ctx, wheel, entry)
	if err != nil {
		return err
	}
	n := names(c.GOOS)
	for link, target := range map[string]string{n.link: n.wheelLibrary(), n.flink: n.framework} {
		if err := os.Symlink(target, filepath.Join(entry, "lib", link)); err != nil {
			return err
		}
	}
	m := manifest{Layout: layout, Version: Version, Package: c.Wheel.Package, Wheel: c.Wheel.SHA256, Files: files}
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	if err := c.write(filepath.Join(entry, manifestName), data); err != nil {
		return err
	}
	return syncTree(entry)
}

func (c Config) write(name string, data []byte) error {
	f, err := c.newFile(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// newFile creates a file that must not exist yet and that is on the disk once Close returns nil.
func (c Config) newFile(name string) (io.WriteCloser, error) {
	if c.create != nil {
		return c.create(name)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	return durable{f}, err
}

type durable struct{ *os.File }

func (d durable) Close() error { return errors.Join(d.Sync(), d.File.Close()) }

// publish moves a whole entry to its name. A damaged one in its place goes first, under a name that sweep knows.
func (c Config) publish(from string) error {
	old := c.entry() + partial + "old"
	if err := os.Rename(c.entry(), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.RemoveAll(old)
	if err := os.Rename(from, c.entry()); err != nil {
		return err
	}
	return syncFolder(c.Cache)
}

// syncTree makes the names in a folder durable; the files were when they were closed.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncFolder(path)
	})
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// advised adds what to do to the two errors of the disk that have nothing to do with what was asked of it.
func advised(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; free some space or set %s to a folder on another disk", err, EnvCache)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; set %s to a folder that you can write to", err, EnvCache)
	}
	return err
}
