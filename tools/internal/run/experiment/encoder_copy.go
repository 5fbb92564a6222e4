package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/config"
)

// encoderDir is the folder of a run with a copy of its encoder's file: the file says
// what the network computes, so the run needs it as long as it is used.
const encoderDir = "encoder"

// KeepEncoder copies the file of the encoder into the run folder dir, unless it is there.
func (x *Experiment) KeepEncoder(dir string) error {
	f, ok := x.Config.Model.FileEncoder()
	if !ok || exists(keptEncoder(dir, f)) {
		return nil
	}
	n, err := imported.OpenEncoder(f)
	if err != nil {
		return err
	}
	root := filepath.Dir(f.Path)
	list := n.Files()
	for i := range list { // the graph, which is first, comes last: its presence says that all is there
		from := list[len(list)-1-i]
		below, err := filepath.Rel(root, from)
		if err != nil || strings.HasPrefix(below, "..") {
			return fmt.Errorf("model.encoder: want all files of the network in %s, got %s: move them together", files.ShortPath(root), files.ShortPath(from))
		}
		to := filepath.Join(dir, encoderDir, below)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("run folder %w", files.NotWritten(to, err))
		}
		if err := files.Copy(to, from); err != nil {
			return fmt.Errorf("model.encoder: %w", err)
		}
	}
	return nil
}

// keptEncoder is where a run folder has the copy, a file or a folder.
func keptEncoder(dir string, f graphs.FileEncoder) string {
	kept := filepath.Join(dir, encoderDir, filepath.Base(f.Path))
	if f.Format == imported.SavedModel {
		return filepath.Join(kept, savedModelFile)
	}
	return kept
}

// savedModelFile is the file of a SavedModel's graph.
const savedModelFile = "saved_model.pb"

// withKeptEncoder is c, that of the run folder dir, with the folder's own copy of its
// encoder's file.
func withKeptEncoder(dir string, c config.Config) config.Config {
	f, ok := c.Model.FileEncoder()
	if !ok || !exists(keptEncoder(dir, f)) {
		return c
	}
	abs, err := filepath.Abs(filepath.Join(dir, encoderDir, filepath.Base(f.Path)))
	if err != nil {
		return c
	}
	f.Path = abs
	if text, err := f.Text(); err == nil {
		c.Model.Encoder = text
	}
	return c
}

// hashNetwork is the SHA-256 of the files of an encoder, "" of one that is none of a
// file.
func hashNetwork(m graphs.Model) (string, error) {
	f, ok := m.FileEncoder()
	if !ok {
		return "", nil
	}
	n, err := imported.OpenEncoder(f)
	if err != nil {
		return "", err
	}
	return hashFiles(n.Files())
}
