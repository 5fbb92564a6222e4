package pipelines

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// CIFAR-10, binary version (Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html): a file is records of
// one label and three planes of 32x32, red, green and blue.
const (
	cifarSide   = 32
	cifarPixels = 3 * cifarSide * cifarSide
	cifarRecord = 1 + cifarPixels
	cifarFolder = "cifar-10-batches-bin"
	cifarNames  = "batches.meta.txt"
)

var (
	cifarTrain = []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}
	cifarTest  = []string{"test_batch.bin"}
)

// openCIFAR reads the publisher's files from the folder or from the one that their archive makes in
// it.
func openCIFAR(_ context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the folder of the cifar10 files")
	}
	dir := d.Path
	if below := filepath.Join(dir, cifarFolder); isFolder(below) {
		dir = below
	}
	names, err := readCIFARNames(filepath.Join(dir, cifarNames))
	if err != nil {
		return parts{}, err
	}
	room := newMemoryBudget(d)
	var p parts
	if p.train, err = readCIFARFiles(room, "train", dir, cifarTrain, names); err != nil {
		return parts{}, err
	}
	p.test, err = readCIFARFiles(room, "test", dir, cifarTest, names)
	return p, err
}

// missingPathError is the error of a set without path.
func missingPathError(what string) error {
	return fmt.Errorf("data.path: want %s, got none", what)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readCIFARNames reads the names of the ten classes, one a line.
func readCIFARNames(path string) ([]string, error) {
	f, size, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 1 << 12
	raw, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, unreadableError(displayPath(path), err, checkPath)
	}
	names := strings.Fields(string(raw))
	if size > most || len(names) != 10 {
		return nil, fmt.Errorf("pipelines: %s: want the names of 10 classes, got %d words in %d bytes: fetch the file again", displayPath(path), len(names), size)
	}
	for _, n := range names {
		if err := checkClassName(displayPath(path), n, "fetch the file again"); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// readCIFARFiles reads files one after another into one part.
func readCIFARFiles(room *memoryBudget, part, dir string, files, names []string) (Source, error) {
	var counts []int
	total := 0
	for _, name := range files {
		f, size, err := openFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f.Close()
		n, err := cifarCount(f.Name(), size)
		if err != nil {
			return nil, err
		}
		counts = append(counts, n)
		total += n
	}
	m, err := room.allocate(part, total, Shape{cifarSide, cifarSide, 3}, names)
	if err != nil {
		return nil, err
	}
	at := 0
	for i, name := range files {
		f, size, err := openFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		r, err := newFileReader(f.Name(), f, size)
		if err == nil {
			err = r.readCIFARRecords(m, at, counts[i])
		}
		f.Close()
		if err != nil {
			return nil, err
		}
		at += counts[i]
	}
	return m, nil
}

// cifarCount is how many records a file of size bytes holds.
func cifarCount(path string, size int64) (int, error) {
	if size == 0 || size%cifarRecord != 0 {
		return 0, fmt.Errorf("pipelines: %s: want a whole number of records of %d bytes, got %d bytes: the file is truncated or no CIFAR-10 binary, fetch it again", displayPath(path), cifarRecord, size)
	}
	return int(size / cifarRecord), nil
}

// readCIFARRecords reads n records into m from example at on.
func (r *fileReader) readCIFARRecords(m *memorySource, at, n int) error {
	record := make([]byte, cifarRecord)
	for i := range n {
		if err := r.readFull(record, fmt.Sprintf("%d records of %d bytes", n, cifarRecord)); err != nil {
			return err
		}
		if int(record[0]) >= m.classes {
			r.at -= cifarRecord
			return r.fail(fmt.Sprintf("a label in 0..%d", m.classes-1), fmt.Sprint(record[0]), "this is no CIFAR-10 binary, fetch it again", nil)
		}
		m.storePlanar(at+i, record[1:], int(record[0]))
	}
	return r.expectEnd()
}
