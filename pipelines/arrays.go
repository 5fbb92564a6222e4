package pipelines

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines/npz"
)

// arrayPair names the images and the labels of a part: arrays of an .npz file, or
// .npy files.
type arrayPair struct {
	part           string // train, validation or test; "" where the file has but one
	images, labels string
}

// arrayNames are the names of arrays in an .npz file. The second are Keras's.
var arrayNames = []arrayPair{
	{"", "images", "labels"}, {"", "x", "y"},
	{"train", "x_train", "y_train"}, {"train", "train_images", "train_labels"},
	{"validation", "x_val", "y_val"}, {"validation", "val_images", "val_labels"},
	{"test", "x_test", "y_test"}, {"test", "test_images", "test_labels"},
}

// fileNames are the names of .npy files beside each other.
var fileNames = append([]arrayPair{{"", "images.npy", "labels.npy"}, {"", "test_images.npy", "test_labels.npy"}, {"", "x_test.npy", "y_test.npy"}}, arrayPair{"", "x.npy", "y.npy"})

// IsArrays tells whether a path is a file of arrays, or a folder with a pair of .npy
// files.
func IsArrays(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npz", ".npy":
		return !isFolder(path)
	}
	return slices.ContainsFunc(fileNames, func(p arrayPair) bool {
		_, err := os.Stat(filepath.Join(path, p.images))
		_, err2 := os.Stat(filepath.Join(path, p.labels))
		return err == nil && err2 == nil
	})
}

// openArrays reads images [N,H,W,C], [N,C,H,W] or [N,H,W] and labels [N] that
// NumPy wrote.
func openArrays(ctx context.Context, d Data) (p parts, err error) {
	if d.Path == "" {
		return p, missingPathError("the .npz file, or the .npy file of the images")
	}
	a := arraySet{data: d, room: newMemoryBudget(d)}
	factored, err := findFactored(d.Path)
	if err == nil && factored != nil {
		return a.openFactored(ctx, factored)
	}
	var pairs []arrayPair
	if err == nil {
		pairs, err = findArrays(d.Path)
	}
	if err != nil {
		return p, fmt.Errorf("pipelines: %s: %w", displayPath(d.Path), err)
	}
	sources := map[string]*memorySource{}
	for _, pair := range pairs {
		if sources[pair.part], err = a.read(ctx, pair); err != nil {
			return p, err
		}
	}
	if err := a.agree(sources); err != nil {
		return p, err
	}
	p.remarks = a.remarks
	if all := sources[""]; all != nil {
		return p, p.holdOutArrays(all, d)
	}
	for part, to := range map[string]*Source{"train": &p.train, "validation": &p.validation, "test": &p.test} {
		if s := sources[part]; s != nil {
			*to = s
		}
	}
	if p.test == nil {
		return p, fmt.Errorf("pipelines: %s: want arrays of a test part, x_test and y_test, or images and labels alone, got a training part without one", displayPath(d.Path))
	}
	return p, nil
}

// holdOutArrays makes a test part of data.holdout of all examples; 1 is all of them.
func (p *parts) holdOutArrays(all Source, d Data) (err error) {
	share := d.Holdout
	if share == 1 {
		p.test = all
		return nil
	}
	if share == 0 {
		share = defaultHoldout
	}
	n := all.Len()
	test := int(math.Round(share * float64(n)))
	if test < 1 || test >= n {
		return newRequestError("pipelines: %s: want images to train on and to test on, got %d, of which data.holdout %v leaves none of one: set data.holdout=1 to test on all", displayPath(d.Path), n, share)
	}
	return p.splitOff(all, test, d.Seed)
}

// splitOff makes a test part of so many of all examples.
func (p *parts) splitOff(all Source, test int, seed uint64) (err error) {
	n := all.Len()
	order := Seed(seed).Split("holdout").Rand().Perm(n)
	slices.Sort(order[:test])
	slices.Sort(order[test:])
	if p.test, err = Subset(all, order[:test]); err == nil {
		p.train, err = Subset(all, order[test:])
	}
	return err
}

// findFactored recognises an .npz file of arrays with factors; nil for others.
func findFactored(path string) (*factoredArrays, error) {
	if isFolder(path) || strings.ToLower(filepath.Ext(path)) != ".npz" {
		return nil, nil
	}
	names, err := npz.Names(path)
	if err != nil {
		return nil, err
	}
	return factoredOf(path, names)
}

// findArrays lists the pairs at path, with paths of .npy files.
func findArrays(path string) ([]arrayPair, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	switch {
	case info.IsDir():
		for _, p := range fileNames {
			p.images, p.labels = filepath.Join(path, p.images), filepath.Join(path, p.labels)
			if _, err := os.Stat(p.images); err == nil {
				return []arrayPair{p}, nil
			}
		}
		return nil, fmt.Errorf("want images.npy and labels.npy in the folder, got neither")
	case isHDF5(path):
		return nil, errHDF5
	case strings.ToLower(filepath.Ext(path)) == ".npy":
		labels, err := labelsBeside(path)
		return []arrayPair{{"", path, labels}}, err
	}
	return arraysOf(path)
}

// errHDF5 says how to convert: no well-kept library for Go reads HDF5 without its C
// library.
var errHDF5 = errors.New(`want an .npz file, got HDF5, which is not read: convert it with Python, h5py and NumPy: f = h5py.File("3dshapes.h5"); numpy.savez("3dshapes.npz", images=f["images"], labels=f["labels"])`)

// isHDF5 goes by the name.
func isHDF5(path string) bool {
	return slices.Contains([]string{".h5", ".hdf5"}, strings.ToLower(filepath.Ext(path)))
}

// labelsBeside is the file of the labels of the images in an .npy file.
func labelsBeside(path string) (string, error) {
	dir, name := filepath.Split(path)
	for _, p := range fileNames {
		if name == p.images {
			return filepath.Join(dir, p.labels), nil
		}
	}
	labels := filepath.Join(dir, "labels.npy") // of CIFAR-10-C
	if _, err := os.Stat(labels); err != nil || name == "labels.npy" {
		return "", fmt.Errorf("want the images of an .npy file, with labels.npy beside it, got none")
	}
	return labels, nil
}

// arraysOf lists the pairs in an .npz file.
func arraysOf(path string) ([]arrayPair, error) {
	names, err := npz.Names(path)
	if err != nil {
		return nil, err
	}
	var found []arrayPair
	for _, p := range arrayNames {
		if slices.Contains(names, p.images) && slices.Contains(names, p.labels) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("want arrays images and labels, or x_train, y_train, x_test and y_test, got %s", nameFirst(names))
	}
	if found[0].part == "" {
		found = found[:1]
	}
	return found, nil
}

// arraySet reads the parts of one set.
type arraySet struct {
	data    Data
	room    *memoryBudget
	remarks []string
}

// agree gives all parts one number of classes, and refuses images of two sizes.
func (a *arraySet) agree(all map[string]*memorySource) error {
	classes, shape := a.data.Classes, Shape{}
	for _, s := range all {
		if a.data.Classes == 0 {
			classes = max(classes, s.highestLabel()+1)
		} else if top := s.highestLabel(); top >= classes {
			return newRequestError("pipelines: %s: want labels of 0..%d, as data.classes says, got %d", displayPath(a.data.Path), classes-1, top)
		}
		if shape != (Shape{}) && s.shape != shape {
			return fmt.Errorf("pipelines: %s: want images of one size in all parts, got %v and %v", displayPath(a.data.Path), shape, s.shape)
		}
		shape = s.shape
	}
	for _, s := range all {
		s.classes = classes
	}
	return nil
}
