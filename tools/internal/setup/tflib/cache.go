package tflib

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A cache entry is a folder with lib/, include/ and manifest.json. It appears under its name in one rename, whole.

const manifestName = "manifest.json"

// layout is raised when an entry gets other files, so that one made by an older program is fetched anew.
const layout = 1

// manifest is what a fetch leaves, so that damage is seen without reading 700 MB.
type manifest struct {
	Layout  int    `json:"layout"`
	Version string `json:"version"`
	Package string `json:"package"`
	Wheel   string `json:"wheel_sha256"`
	Files   []File `json:"files"`
}

// cached opens the cache entry. Every file must have its size; Verify also compares contents.
func (c Config) cached() (Library, error) {
	dir := c.entry()
	m, err := readManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if isDir(dir) {
			return Library{}, fmt.Errorf("damaged: %w", err)
		}
		return Library{}, errors.New("empty")
	}
	if err != nil {
		return Library{}, fmt.Errorf("damaged: %w", err)
	}
	for _, f := range m.Files {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Name)))
		if err != nil {
			return Library{}, fmt.Errorf("damaged: %w", err)
		}
		if !info.Mode().IsRegular() || info.Size() != f.Size {
			return Library{}, fmt.Errorf("damaged: %s has %d bytes, want %d", f.Name, info.Size(), f.Size)
		}
	}
	lib := filepath.Join(dir, "lib")
	if n := names(c.GOOS); !has(lib, n.link) {
		return Library{}, fmt.Errorf("damaged: lib/%s is missing", n.link)
	}
	return Library{
		Dir: lib, Links: lib, Include: filepath.Join(dir, "include"),
		Version: m.Version, Source: FromCache, Files: m.Files,
	}, nil
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Layout != layout || len(m.Files) == 0 {
		return m, fmt.Errorf("%s: has layout %d and %d files, want layout %d", manifestName, m.Layout, len(m.Files), layout)
	}
	return m, nil
}

// Verify reads every file of a library from the cache and compares its digest, which takes about a second.
// Libraries from elsewhere have no digests to compare with, and pass.
func (l Library) Verify(ctx context.Context) error {
	if l.Source != FromCache {
		return nil
	}
	dir := filepath.Dir(l.Dir)
	for _, f := range l.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		sum, err := fileSum(filepath.Join(dir, filepath.FromSlash(f.Name)))
		if err == nil && sum != f.SHA256 {
			err = fmt.Errorf("%s has SHA-256 %s, want %s", f.Name, sum, f.SHA256)
		}
		if err != nil {
			return fmt.Errorf("tflib: %s: %w; remove that folder and run again", dir, err)
		}
	}
	return nil
}

func fileSum(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
