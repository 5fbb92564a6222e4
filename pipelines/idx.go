package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OpenIDX reads a pair of IDX files (yann.lecun.com/exdb/mnist), plain or gzip whatever their names:
// 8-bit images of rank 3 [N,H,W] or 4 [N,H,W,C], and as many 8-bit labels. classes is the number of
// classes; 0 means one more than the highest label. The set is held in memory.
func OpenIDX(name, images, labels string, classes int) (Source, error) {
	m, err := readPair(newMemoryBudget(Data{Set: name}), name, images, labels)
	if err != nil {
		return nil, err
	}
	m.classes = classes
	if classes == 0 {
		m.classes = m.highestLabel() + 1
	}
	if err := m.checkLabels(labels, labelAdvice); err != nil {
		return nil, err
	}
	return m, nil
}

// labelAdvice is what to do about a label beyond the number of classes.
const labelAdvice = "mend the file or set data.classes"

// openMNIST reads the files of MNIST and of sets in its form, such as Fashion-MNIST.
func openMNIST(_ context.Context, d Data) (p parts, err error) {
	p.train, p.test, err = readIDXFolder(d, 10)
	return p, err
}

// openIDX reads a folder of IDX files of any number of classes.
func openIDX(_ context.Context, d Data) (p parts, err error) {
	p.train, p.test, err = readIDXFolder(d, d.Classes)
	return p, err
}

// readIDXFolder reads the training and the test part of a folder at once. If classes is 0 the
// highest label of either part decides.
func readIDXFolder(d Data, classes int) (train, test Source, err error) {
	folder, name, room := d.Path, d.Set, newMemoryBudget(d)
	if folder == "" {
		return nil, nil, missingPathError("the folder of the " + name + " files")
	}
	parts := [2]struct {
		name, prefix, labels string
		set                  *memorySource
		err                  error
	}{{name: name + "/train", prefix: "train"}, {name: name + "/test", prefix: "t10k"}}
	done := make(chan struct{})
	for i := range parts {
		go func() {
			defer func() { done <- struct{}{} }()
			p := &parts[i]
			var images string
			if images, p.err = findIDX(folder, p.prefix, "images", 3); p.err != nil {
				return
			}
			if p.labels, p.err = findIDX(folder, p.prefix, "labels", 1); p.err != nil {
				return
			}
			p.set, p.err = readPair(room, p.name, images, p.labels)
		}()
	}
	for range parts {
		<-done
	}
	for _, p := range parts {
		if p.err != nil {
			return nil, nil, p.err
		}
	}
	a, b := parts[0], parts[1]
	if a.set.shape != b.set.shape {
		return nil, nil, fmt.Errorf("pipelines: %s: want training and test images of one shape, got %v and %v: check the files", displayPath(folder), a.set.shape, b.set.shape)
	}
	if classes == 0 {
		classes = max(a.set.highestLabel(), b.set.highestLabel()) + 1
	}
	advice := labelAdvice
	if d.Set != "idx" {
		advice = "mend the file, or set data.set=idx, which has any number of classes"
	}
	for _, p := range parts {
		p.set.classes = classes
		if err := p.set.checkLabels(p.labels, advice); err != nil {
			return nil, nil, err
		}
	}
	return a.set, b.set, nil
}

// findIDX is the path of a file under either of its usual names, plain or .gz.
func findIDX(folder, prefix, what string, rank int) (string, error) {
	var names []string
	for _, dot := range []string{"-", "."} {
		for _, gz := range []string{"", ".gz"} {
			name := fmt.Sprintf("%s-%s%sidx%d-ubyte%s", prefix, what, dot, rank, gz)
			path := filepath.Join(folder, name)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, os.ErrNotExist) {
				return "", unreadableError(displayPath(path), err, checkPath)
			}
			names = append(names, name)
		}
	}
	return "", fmt.Errorf("pipelines: %s: want one of %s, got none of them: set data.path to the folder that has it", displayPath(folder), strings.Join(names, ", "))
}

// readPair reads images and labels, which belong together. What the headers say is checked before
// what they promise is read.
func readPair(room *memoryBudget, name, imagePath, labelPath string) (*memorySource, error) {
	m := &memorySource{name: name}
	images, err := readIDXFile(imagePath, images, func(dims []int) error {
		m.shape = Shape{dims[1], dims[2], 1}
		if len(dims) == 4 {
			m.shape.C = dims[3]
		}
		return room.reserve(dims[0], m.shape)
	})
	if err != nil {
		return nil, err
	}
	m.pixels = images.data
	labels, err := readIDXFile(labelPath, labels, func(dims []int) error {
		if want, got := images.dims[0], dims[0]; want != got {
			return fmt.Errorf("pipelines: %s: at byte 4: want %d labels, one for each image of %s, got %d: use files of one set", displayPath(labelPath), want, displayPath(imagePath), got)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.labels = make([]int32, len(labels.data))
	for i, l := range labels.data {
		m.labels[i] = int32(l)
	}
	return m, nil
}

// highestLabel is the highest label.
func (m *memorySource) highestLabel() int {
	return int(slices.Max(m.labels))
}

// checkLabels refuses labels that are no class, naming their place in the file.
func (m *memorySource) checkLabels(path, advice string) error {
	for i, l := range m.labels {
		if int(l) >= m.classes {
			return fmt.Errorf("pipelines: %s: at byte %d (label %d, uncompressed): want a label in 0..%d, got %d: %s",
				displayPath(path), idxHeader(1)+i, i, m.classes-1, l, advice)
		}
	}
	return nil
}
