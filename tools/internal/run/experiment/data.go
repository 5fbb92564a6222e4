package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// OpenData reads or draws the set. A large one takes seconds, and the goroutine
// that a cancelled ctx leaves behind goes on until it is done: the caller is
// expected to end.
func OpenData(ctx context.Context, d pipelines.Data) (pipelines.Splits, error) {
	var s pipelines.Splits
	var err error
	done := make(chan struct{})
	go func() {
		s, err = pipelines.Open(ctx, d)
		close(done)
	}()
	select {
	case <-ctx.Done():
		return pipelines.Splits{}, ctx.Err()
	case <-done:
	}
	var asked *pipelines.AskedError
	if err != nil && (d.Set == "glyphs" || errors.As(err, &asked)) { // no file is to blame
		err = &ConfigError{err}
	}
	return s, err
}

// ClassesFile is the list of a set's classes in a run folder.
const ClassesFile = "classes.txt"

// WriteClasses writes the names of the classes of src into the run folder dir,
// one a line, that of class 0 first. A set that knows no names leaves no file.
func WriteClasses(dir string, src pipelines.Source) error {
	names := pipelines.ClassNames(src)
	if names == nil {
		return nil
	}
	path := filepath.Join(dir, ClassesFile)
	if err := trainer.WriteFile(path, []byte(strings.Join(names, "\n")+"\n")); err != nil {
		return fmt.Errorf("run folder %s: %s cannot be written: %w", dir, ClassesFile, err)
	}
	return nil
}

// checkClasses refuses a set whose classes have other names than those that the
// run in dir learnt: their numbers would mean others.
func checkClasses(dir string, src pipelines.Source) error {
	names := pipelines.ClassNames(src)
	raw, err := os.ReadFile(filepath.Join(dir, ClassesFile))
	if names == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("run folder %s: %s cannot be read: %w", dir, ClassesFile, err)
	}
	learnt := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	for k := range max(len(learnt), len(names)) {
		want, got := "none", "none"
		if k < len(learnt) {
			want = strconv.Quote(learnt[k])
		}
		if k < len(names) {
			got = strconv.Quote(names[k])
		}
		if want != got {
			return &ConfigError{fmt.Errorf("%s: want the classes that the run in %s learnt, class %d %s, got %s: name the classes alike, or give data.path the set of the training", src.Name(), dir, k, want, got)}
		}
	}
	return nil
}

// Images reads the first n examples of src, prepared as for evaluation; n 0
// takes all.
func (x *Experiment) Images(ctx context.Context, src pipelines.Source, n int) (attacks.Set, error) {
	if n > 0 && n < src.Len() {
		var err error
		if src, err = pipelines.First(src, n); err != nil {
			return attacks.Set{}, err
		}
	}
	if err := x.Plan.Check(src); err != nil {
		return attacks.Set{}, err
	}
	var set attacks.Set
	o := pipelines.Options{Batch: 250, Augment: x.Config.Train.Augment.Eval(), Epochs: 1, Remainder: true}
	for b, err := range pipelines.Stream(ctx, src, o) {
		if err != nil {
			return set, err
		}
		set.Pixels = append(set.Pixels, b.Images...)
		set.Labels = append(set.Labels, b.Labels...)
		set.Index = append(set.Index, b.Index...)
	}
	return set, nil
}

// probes is how many examples stand for a set.
const probes = 64

// Fingerprint is a hash of examples evenly spread over src: another set is
// noticed without reading all of it, and the same one in another folder is the
// same.
func Fingerprint(src pipelines.Source) (string, error) {
	sum := sha256.New()
	pixels := make([]uint8, src.Shape().Len())
	n := min(probes, src.Len())
	for k := range n {
		label, err := src.At(k*src.Len()/n, pixels)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d %v\n", label, src.Shape())
		sum.Write(pixels)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
