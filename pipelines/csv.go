package pipelines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// openCSV reads the images that a file lists.
func openCSV(ctx context.Context, d Data) (parts, error) {
	if d.Path == "" {
		return parts{}, missingPathError("the CSV file that lists the images")
	}
	l, err := listCSV(d.Path)
	if err != nil {
		return parts{}, err
	}
	return l.decode(ctx, d, d.Channels)
}

func sortByPath(files []imageFile) {
	slices.SortStableFunc(files, func(a, b imageFile) int { return strings.Compare(a.path, b.path) })
}

// readList reads a list of images (RFC 4180): a header path,label or path,label,split, in any order,
// then a line for each image. Paths are relative to the folder of the list at path; splits are train,
// validation (or val) and test; without the column all images are of the training part.
func readList(path string, file io.Reader) (listing, error) {
	l := listing{where: path, parts: map[string][]imageFile{}}
	in := bufio.NewReader(file)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) { // as spreadsheets write it
		_, _ = in.Discard(3)
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return l, listError(path, r, err)
	}
	columns, err := readHeader(path, header)
	if err != nil {
		return l, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, listError(path, r, err)
		}
		line, _ := r.FieldPos(0)
		if err := l.add(row, columns, line); err != nil {
			return l, err
		}
	}
	if len(l.parts["train"]) == 0 {
		return l, fmt.Errorf("pipelines: %s: want images to train on, got none: list some", displayPath(path))
	}
	return l, nil
}

// readHeader finds in which column each of path, label and split is; -1 where it is in none.
func readHeader(path string, header []string) (map[string]int, error) {
	const most = 80 // bytes that a message shows: a file of another kind may be a single line
	columns := map[string]int{"path": -1, "label": -1, "split": -1}
	good := true
	for i, name := range header {
		at, known := columns[name]
		good = good && known && at < 0
		columns[name] = i
	}
	if good && columns["path"] >= 0 && columns["label"] >= 0 {
		return columns, nil
	}
	got := strings.Join(header, ",")
	if strings.ContainsRune(got, '\r') {
		return nil, fmt.Errorf("pipelines: %s: line 1: want lines that end in LF or CR LF, got a CR alone: save the list with other line ends", displayPath(path))
	}
	if len(got) > most {
		got = got[:most] + "…"
	}
	return nil, fmt.Errorf("pipelines: %s: line 1: want the header path,label or path,label,split, got %q: mend it", displayPath(path), got)
}

// add adds the image of one line.
func (l listing) add(row []string, columns map[string]int, line int) error {
	where := fmt.Sprintf("%s: line %d", displayPath(l.where), line)
	file, class := row[columns["path"]], row[columns["label"]]
	if file == "" || strings.ContainsRune(file, 0) {
		return fmt.Errorf("pipelines: %s: want the path of an image, got %q: mend the line", where, file)
	}
	if err := checkClassName(where, class, "mend the line"); err != nil {
		return err
	}
	part := "train"
	if at := columns["split"]; at >= 0 {
		if part = partFolders[row[at]]; part == "" {
			return fmt.Errorf("pipelines: %s: want a split of train, validation or test, got %q: mend the line", where, row[at])
		}
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(l.where), file)
	}
	l.parts[part] = append(l.parts[part], imageFile{path: filepath.Clean(file), class: ComposeName(class), list: l.where, line: line})
	return nil
}

// listError says where a list is not valid CSV.
func listError(path string, r *csv.Reader, err error) error {
	var fault *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("pipelines: %s: want the header path,label or path,label,split, got an empty file: write one", displayPath(path))
	case errors.As(err, &fault):
		return fmt.Errorf("pipelines: %s: line %d: want comma-separated values, got %w: mend the line", displayPath(path), fault.Line, fault.Err)
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("pipelines: %s: want a readable file, got %w: check the disk", displayPath(path), err)
}
