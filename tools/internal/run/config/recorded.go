package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Recorded is the resolved configuration of a run folder, as its file has it.
type Recorded struct {
	Config Config
	// Missing are keys that a resolved configuration has and the file lacks,
	// sorted: the file is cut, or of an earlier version.
	Missing []string
}

// ReadRecorded reads the file alone: unlike [Read] it asks no environment.
func ReadRecorded(path string) (Recorded, error) {
	var r Recorded
	l, err := newLoader(Default())
	if err != nil {
		return r, err
	}
	if err := l.file(path, nil); err != nil {
		return r, fmt.Errorf("config %s: %w", path, err)
	}
	if r.Config, err = l.decode(); err != nil {
		return r, fmt.Errorf("config %s: %w", path, err)
	}
	for _, path := range []*string{&r.Config.Data.Path, &r.Config.Train.Teacher} {
		if *path != "" {
			if *path, err = filepath.Abs(*path); err != nil {
				return r, err
			}
		}
	}
	written, err := r.Config.Leaves()
	for _, key := range slices.Sorted(maps.Keys(written)) {
		if _, given := l.from[key]; !given {
			r.Missing = append(r.Missing, key)
		}
	}
	return r, err
}

// Leaves are the keys that the configuration's YAML form has, with their values
// as text.
func (c Config) Leaves() (map[string]string, error) {
	tree, err := c.tree()
	if err != nil {
		return nil, err
	}
	return leavesOf(tree), nil
}

// AsWrittenNow is a recorded value of a key as this version writes it: the text of a
// network or a method has the keys that were added to it since, at their defaults. A
// value that this version does not read stays as it is.
func AsWrittenNow(key, value string) string {
	l, err := newLoader(Default())
	if err != nil || l.set("recorded", key, value) != nil {
		return value
	}
	c, err := l.decode()
	if err != nil {
		return value
	}
	leaves, err := c.Canonical().Leaves()
	if now, ok := leaves[key]; err == nil && ok {
		return now
	}
	return value
}

// Canonical is the configuration in one spelling; see [graphs.Model.Canonical].
func (c Config) Canonical() Config {
	c.Model = c.Model.Canonical()
	return c
}

// Free tells whether a key changes nothing of what is trained, but for
// precision: only speed, or what comes after the training.
func Free(key string) bool {
	return slices.ContainsFunc(free, func(f string) bool {
		return key == f || strings.HasSuffix(f, ".") && strings.HasPrefix(key, f)
	})
}
