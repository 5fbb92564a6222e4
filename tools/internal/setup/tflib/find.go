package tflib

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Source says in which of the places a library was found.
type Source string

// The places, in the order of the search.
const (
	FromEnv    Source = EnvLibrary
	FromCache  Source = "cache"
	FromPython Source = "python"
	FromSystem Source = "system"
)

// Library is a TensorFlow C library that graft can be built with.
type Library struct {
	Dir     string // real folder of the shared libraries: the run path
	Links   string // folder with libtensorflow.so for the linker; Dir itself where it has one
	Include string // folder that holds tensorflow/c/c_api.h
	Version string // "" if it is unknown, which only UNWARP_TENSORFLOW may
	Source  Source
	Files   []File // the shared libraries; everything, with digests, if Source is FromCache
}

// File is one file of a library. Name is relative to the cache entry, or to Dir for a library found elsewhere.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"` // known for the cache only
}

// Tried is one place of a search, with the reason why it was not taken ("" for the one that was).
type Tried struct {
	Source Source `json:"source"`
	Path   string `json:"path"`
	Reason string `json:"reason,omitempty"`
}

// Find looks for a library on this machine and fetches nothing. The list holds every place looked at, in order.
// Nothing found is ErrNone. The folder of links that a Python package needs is made in the cache.
func Find(ctx context.Context) (Library, []Tried, error) {
	c, err := Default(os.Stderr)
	if err != nil {
		return Library{}, nil, err
	}
	return c.Find(ctx)
}

// Find is the search of this configuration; see the function Find.
func (c Config) Find(ctx context.Context) (Library, []Tried, error) {
	var tried []Tried
	if c.Override != "" {
		lib, err := c.override()
		tried = append(tried, Tried{FromEnv, c.Override, reason(err)})
		if err != nil {
			return Library{}, tried, fmt.Errorf("tflib: %s=%s: %w; point it at a folder with the library of TensorFlow %s, "+
				"at a prefix with lib/ and include/ or at a Python tensorflow package, or unset it", EnvLibrary, c.Override, err, Series)
		}
		lib, err = c.linked(lib)
		return lib, tried, err
	}
	lib, err := c.cached()
	tried = append(tried, Tried{FromCache, c.entry(), reason(err)})
	if err == nil {
		return lib, tried, nil
	}
	for _, place := range c.places(ctx) {
		if place.Reason != "" {
			tried = append(tried, place.Tried)
			continue
		}
		lib, err := c.open(place.lib, place.include, place.Source)
		if err == nil {
			err = fits(lib.Version)
		}
		tried = append(tried, Tried{place.Source, place.Path, reason(err)})
		if err == nil {
			lib, err = c.linked(lib)
			return lib, tried, err
		}
	}
	if err := ctx.Err(); err != nil {
		return Library{}, tried, err
	}
	return Library{}, tried, fmt.Errorf("tflib: %w of series %s for %s", ErrNone, Series, c.platform())
}

// place is a folder that may hold a library.
type place struct {
	Tried
	lib, include string
}

// places lists what Python and the system offer: places 3 and 4 of the search.
func (c Config) places(ctx context.Context) []place {
	places := c.pythonPlaces(ctx)
	for _, p := range c.System {
		places = append(places, place{Tried{FromSystem, p.Lib, ""}, p.Lib, p.Include})
	}
	return places
}

// override opens the folder that the user named, in any of its three layouts.
func (c Config) override() (Library, error) {
	dir, err := filepath.Abs(c.Override)
	if err != nil {
		return Library{}, err
	}
	if info, err := os.Stat(dir); err != nil {
		return Library{}, err
	} else if !info.IsDir() {
		return Library{}, fmt.Errorf("want a folder, got a file")
	}
	var first error
	for _, lib := range []string{dir, filepath.Join(dir, "lib"), filepath.Join(dir, "lib64")} {
		for _, include := range []string{filepath.Join(lib, "include"), filepath.Join(filepath.Dir(lib), "include")} {
			found, err := c.open(lib, include, FromEnv)
			if err == nil && found.Version != "" {
				err = fits(found.Version)
			}
			if err == nil {
				return found, nil
			}
			if first == nil || has(lib, c.library(lib)) {
				first = err
			}
		}
	}
	return Library{}, first
}

// open reads one library folder and the include folder beside it.
func (c Config) open(lib, include string, source Source) (Library, error) {
	n := names(c.GOOS)
	file := c.library(lib)
	if file == "" {
		return Library{}, fmt.Errorf("holds none of %s", strings.Join(n.libraries, ", "))
	}
	if file == n.wheelLibrary() && !has(lib, n.framework) {
		return Library{}, fmt.Errorf("holds %s but not %s", file, n.framework)
	}
	if !has(include, "tensorflow/c/c_api.h") {
		return Library{}, fmt.Errorf("holds %s, but %s has no tensorflow/c/c_api.h", file, include)
	}
	real, err := filepath.EvalSymlinks(filepath.Join(lib, file))
	if err != nil {
		return Library{}, err
	}
	found := Library{Dir: filepath.Dir(real), Include: include, Source: source}
	if has(lib, n.framework) && !has(found.Dir, n.framework) {
		found.Dir = lib // links into a store that keeps every file in a folder of its own
	}
	if has(lib, n.link) {
		found.Links = lib
	}
	for _, name := range []string{filepath.Base(real), n.framework} {
		if info, err := os.Stat(filepath.Join(found.Dir, name)); err == nil {
			found.Files = append(found.Files, File{Name: name, Size: info.Size()})
		}
	}
	found.Version = libraryVersion(found.Dir, real, include, n)
	return found, nil
}

// library is the name of the file in dir that holds the C API, "" if there is none.
func (c Config) library(dir string) string {
	for _, name := range names(c.GOOS).libraries {
		if has(dir, name) {
			return name
		}
	}
	return ""
}

func has(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return name != "" && err == nil && info.Mode().IsRegular()
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
