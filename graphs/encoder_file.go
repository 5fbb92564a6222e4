package graphs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/spec"
)

// FileEncoder is a network of a file, up to one of its layers, as an encoder. It
// computes as in inference: without dropout, with the statistics of batch norm
// that the file has. Package imported reads the file.
type FileEncoder struct {
	Path      string         `key:"path" required:"FILE" help:"the file or folder with the network"`
	Output    string         `key:"output" help:"layer whose value is the embedding: a name, hidden (what the last product reads), or scores"`
	Pool      string         `key:"pool" default:"mean" oneof:"mean none" help:"what becomes of a value [B,H,W,C]: the mean over H and W, or all of it"`
	Freeze    Freeze         `key:"freeze" default:"none" help:"which weights stay as they are: none, all, or first:N, those of the first N layers that have some"`
	Layer     EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the value and the codes"`
	Signature string         `key:"signature" help:"signature of a SavedModel"`
	Scores    string         `key:"scores" help:"output with a score for each class, where the file has several"`
	Layout    string         `key:"layout" oneof:"channels-first channels-last" help:"order of the axes of an image, where the file does not tell"`
	Ends      string         `key:"ends" oneof:"logits probabilities" help:"what the scores are, where the file does not tell"`

	Classes int `key:"classes" in:"[0,1e6]" help:"number of classes, of a network whose output is the number of one"`

	Format    string // savedmodel or onnx
	Embedding int    // units of that layer; 0 means none
}

// ScoresOutput and HiddenOutput are values of [FileEncoder].Output.
const (
	ScoresOutput = "scores"
	HiddenOutput = "hidden"
)

// Freeze says which weights of a network stay as they are: none, which "" means
// too, all, or first:N.
type Freeze string

// First is the number of layers whose weights stay as they are, -1 for all.
func (f Freeze) First() (int, error) {
	switch f {
	case "", "none":
		return 0, nil
	case "all":
		return -1, nil
	}
	text, ok := strings.CutPrefix(string(f), "first:")
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 1 {
		return 0, fmt.Errorf("freeze: want none, all or first:N with N of 1 or more, got %q", string(f))
	}
	return n, nil
}

// readFileEncoder encodes with a network of a file; see [RegisterFileEncoders].
var readFileEncoder func(f FileEncoder, s *Scope, images tf.Output) tf.Output

// RegisterFileEncoders makes the formats values of model.encoder. encode writes the
// network of a file, from images [B,H,W,C] to the value of [FileEncoder].Output,
// [B,D]. Package imported calls it.
func RegisterFileEncoders(encode func(f FileEncoder, s *Scope, images tf.Output) tf.Output, formats ...string) {
	readFileEncoder = encode
	for _, format := range formats {
		encoders = append(encoders, spec.Kind[encoderSpec]{Name: format, New: func() encoderSpec { return &FileEncoder{Format: format} }})
	}
}

// Validate refuses what no file can have.
func (f *FileEncoder) Validate() error {
	_, err := f.Freeze.First()
	return err
}

func (f *FileEncoder) fit(m Model) Encoder {
	e := *f
	e.Embedding = e.Layer.units(m)
	return e
}

func (*FileEncoder) ownDropout() float32 { return 0 }

// Encode builds the network up to the embedding.
func (f FileEncoder) Encode(s *Scope, images tf.Output) tf.Output {
	x := readFileEncoder(f, s, images)
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return f.Layer.apply(s, x, f.Embedding)
}

// Text is f as model.encoder writes it. Values with , cannot be written.
func (f FileEncoder) Text() (string, error) {
	for _, v := range []string{f.Path, f.Output, f.Signature, f.Scores} {
		if strings.Contains(v, ",") || strings.TrimSpace(v) != v {
			return "", fmt.Errorf("want a name without commas and without spaces at its ends, got %q: rename it", v)
		}
	}
	return spec.Text(f.Format, &f), nil
}

// FileEncoder is the encoder of m, if it is one of a file.
func (m Model) FileEncoder() (FileEncoder, bool) {
	e, err := m.parseEncoder()
	f, ok := e.(*FileEncoder)
	if err != nil || !ok {
		return FileEncoder{}, false
	}
	return *f, true
}

// WithAbsolutePaths is m with the path of an encoder's file from the root.
func (m Model) WithAbsolutePaths() (Model, error) {
	f, ok := m.FileEncoder()
	if !ok {
		return m, nil
	}
	var err error
	if f.Path, err = filepath.Abs(f.Path); err == nil {
		m.Encoder, err = f.Text()
	}
	if err != nil {
		return m, fmt.Errorf("model.encoder: path: %w", err)
	}
	return m, nil
}

// Frozen is s in which variables at the given paths below it are not trainable:
// they count as statistics.
func (s *Scope) Frozen(names []string) *Scope {
	f := *s
	f.frozen = func(path string) bool { return slices.Contains(names, strings.TrimPrefix(path, s.path+"/")) }
	return &f
}
