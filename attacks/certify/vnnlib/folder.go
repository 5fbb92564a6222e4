package vnnlib

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"unwarp/pipelines/files"
)

// Names in the folder.
const (
	networkFile   = "onnx/classifier.onnx"
	propertyDir   = "vnnlib"
	instancesFile = "instances.csv"
)

// Write writes the folder dir: the network, which is an ONNX file, the properties, and
// how many seconds each may take. It is there whole or not at all. An earlier
// one of that name is replaced; any other folder or file is refused.
func Write(dir string, network []byte, properties []Property, timeout float64) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return files.NotWritten(dir, err)
	}
	lock, err := files.LockBeside(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := CheckFolder(dir); err != nil {
		return err
	}
	p, err := files.NewPending(filepath.Dir(dir))
	if err != nil {
		return files.NotWritten(dir, err)
	}
	defer p.Discard()
	if err := fill(p, network, properties, timeout); err != nil {
		return err
	}
	return files.NotWritten(dir, p.Replace(dir))
}

// fill writes the files of the folder.
func fill(p *files.Pending, network []byte, properties []Property, timeout float64) error {
	for _, d := range []string{filepath.Dir(networkFile), propertyDir} {
		if err := os.Mkdir(filepath.Join(p.Path, d), 0o777); err != nil {
			return files.NotWritten(p.Path, err)
		}
	}
	if err := p.Write(networkFile, network); err != nil {
		return files.NotWritten(networkFile, err)
	}
	var list bytes.Buffer
	for _, x := range properties {
		if err := x.check(); err != nil {
			return err
		}
		name := propertyDir + "/" + x.Name + ".vnnlib"
		if err := p.Write(name, x.Text()); err != nil {
			return files.NotWritten(name, err)
		}
		fmt.Fprintf(&list, "%s,%s,%g\n", networkFile, name, timeout)
	}
	return files.NotWritten(instancesFile, p.Write(instancesFile, list.Bytes()))
}

// CheckFolder refuses a dir that holds anything but what Write has written. A
// command asks before it begins.
func CheckFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("vnnlib: %s: want a new folder, or one written before: %w", files.ShortPath(dir), files.Cause(err))
	}
	for _, e := range entries {
		if !slices.Contains([]string{filepath.Dir(networkFile), propertyDir, instancesFile}, e.Name()) {
			return fmt.Errorf("vnnlib: %s: want a new folder, or one written before, got one with %q: name another", files.ShortPath(dir), files.Shorten(e.Name(), 60))
		}
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == instancesFile }) {
		return fmt.Errorf("vnnlib: %s: want a new folder, or one written before, got one without %s: name another", files.ShortPath(dir), instancesFile)
	}
	return nil
}
