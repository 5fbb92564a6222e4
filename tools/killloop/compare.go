package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// compareRuns compares all of two run folders but times, and looks for litter.
func compareRuns(got, want string) error {
	for _, pointer := range []string{"last", "best"} {
		a, b, err := readBoth(got, want, filepath.Join("checkpoints", pointer))
		if err != nil {
			return err
		}
		// A step that is saved twice, before its evaluation and after, has another name.
		if err := compareFolders(checkpoint(got, a), checkpoint(want, b)); err != nil {
			return err
		}
	}
	if err := compareFolders(filepath.Join(got, "export"), filepath.Join(want, "export")); err != nil {
		return err
	}
	if err := compareMetrics(got, want); err != nil {
		return err
	}
	if err := compareEvaluations(got, want); err != nil {
		return err
	}
	if a, b := entries(filepath.Join(got, "checkpoints")), entries(filepath.Join(want, "checkpoints")); len(a) != len(b) {
		return fmt.Errorf("%s: want %v, got %v", got, b, a)
	}
	if a, b := entries(got), entries(want); !slices.Equal(a, b) {
		return fmt.Errorf("%s: want %v, got %v", got, b, a)
	}
	return nil
}

// checkpoint is the folder that a pointer names.
func checkpoint(run string, name []byte) string {
	return filepath.Join(run, "checkpoints", strings.TrimSpace(string(name)))
}

// compareFolders compares all files of two folders. Of state.json times are left
// out.
func compareFolders(got, want string) error {
	files, err := filesBelow(want)
	if err != nil {
		return err
	}
	if have, err := filesBelow(got); err != nil || !slices.Equal(have, files) {
		return fmt.Errorf("%s: want the files %v, got %v, %v", got, files, have, err)
	}
	for _, name := range files {
		a, b, err := readBoth(got, want, name)
		if err != nil {
			return err
		}
		if filepath.Base(name) == "state.json" {
			if err := compareJSON(name, a, b); err != nil {
				return err
			}
		} else if !bytes.Equal(a, b) {
			return fmt.Errorf("%s differs from that in %s", filepath.Join(got, name), want)
		}
	}
	return noLitter(got)
}

// compareMetrics compares metrics.jsonl line by line but for times.
func compareMetrics(got, want string) error {
	a, b, err := readBoth(got, want, "metrics.jsonl")
	if err != nil {
		return err
	}
	have, lines := slices.Collect(bytes.Lines(a)), slices.Collect(bytes.Lines(b))
	if len(have) != len(lines) {
		return fmt.Errorf("%s: want %d lines of metrics, got %d", got, len(lines), len(have))
	}
	for i := range lines {
		if err := compareJSON(fmt.Sprintf("%s/metrics.jsonl, line %d", got, i+1), have[i], lines[i]); err != nil {
			return err
		}
	}
	return nil
}

// compareEvaluations compares two evaluation.json but for times and paths.
func compareEvaluations(got, want string) error {
	name := filepath.Join("attack", "evaluation.json")
	a, b, err := readBoth(got, want, name)
	if err != nil {
		return err
	}
	if err := compareJSON(filepath.Join(got, name), a, b); err != nil {
		return err
	}
	if a, b := entries(filepath.Join(got, "attack")), entries(filepath.Join(want, "attack")); !slices.Equal(a, b) {
		return fmt.Errorf("%s/attack: want %v, got %v", got, b, a)
	}
	return nil
}

// varying are the keys that no two runs share.
var varying = []string{"time", "seconds", "waited", "waiting", "images_per_second", "replicas", "date", "command", "run", "name",
	"resumed", "referee"} // a resumed evaluation says what it took over, and verifies stored examples again

func compareJSON(where string, got, want []byte) error {
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		return err
	}
	dropVarying(a)
	dropVarying(b)
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("%s: want %.300s, got %.300s", where, want, got)
	}
	return nil
}

func dropVarying(v any) {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(key string, _ any) bool { return slices.Contains(varying, key) })
		for _, x := range v {
			dropVarying(x)
		}
	case []any:
		for _, x := range v {
			dropVarying(x)
		}
	}
}

// noLitter refuses what a killed command left behind.
func noLitter(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasPrefix(d.Name(), ".unwarp") || strings.HasSuffix(d.Name(), ".lock")) {
			err = fmt.Errorf("left behind: %s", path)
		}
		return err
	})
}

func filesBelow(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	return names, err
}

func entries(dir string) (names []string) {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func readBoth(a, b, name string) (x, y []byte, err error) {
	if x, err = os.ReadFile(filepath.Join(a, name)); err == nil {
		y, err = os.ReadFile(filepath.Join(b, name))
	}
	return x, y, err
}
