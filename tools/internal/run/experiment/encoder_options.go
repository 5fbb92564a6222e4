package experiment

import (
	"fmt"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
)

// IsForeign tells whether another program wrote the model.
func IsForeign(src Source) bool { _, ok := src.(*foreignSource); return ok }

// WithEncoderOptions is c with options of the encoder that reads a file: signature, scores,
// layout, ends.
func WithEncoderOptions(c config.Config, options map[string]string) (config.Config, error) {
	if len(options) == 0 {
		return c, nil
	}
	f, ok := c.Model.FileEncoder()
	if !ok {
		return c, fmt.Errorf("--signature, --scores, --layout, --outputs: want them for a SavedModel or an .onnx file that another program wrote, got a model of unwarp: leave them out")
	}
	for key, to := range map[string]*string{"signature": &f.Signature, "scores": &f.Scores, "layout": &f.Layout, "ends": &f.Ends} {
		if v, given := options[key]; given {
			*to = v
		}
	}
	var err error
	c.Model.Encoder, err = f.Text()
	return c, err
}

// RelocateEncoder is c, which was written elsewhere, with the path of src for the file of
// its network.
func RelocateEncoder(src Source, c config.Config) config.Config {
	foreign, ok := src.(*foreignSource)
	f, isFile := c.Model.FileEncoder()
	if !ok || !isFile {
		return c
	}
	own, _ := foreign.config.Model.FileEncoder()
	f.Path = own.Path
	if text, err := f.Text(); err == nil {
		c.Model.Encoder = text
	}
	return c
}

// WithoutPlaces is m without the folder of an encoder's file: where a file lies decides
// nothing, its content has a hash.
func WithoutPlaces(m graphs.Model) graphs.Model {
	f, ok := m.FileEncoder()
	if !ok {
		return m
	}
	f.Path = filepath.Base(f.Path)
	if text, err := f.Text(); err == nil {
		m.Encoder = text
	}
	return m
}

// WithoutFileName is the text of an encoder without the path of its file, for comparisons
// in which hashes tell the file.
func WithoutFileName(encoder string) string {
	f, ok := graphs.Model{Encoder: encoder}.FileEncoder()
	if !ok {
		return encoder
	}
	f.Path = "FILE"
	if text, err := f.Text(); err == nil {
		return text
	}
	return encoder
}

// DefaultResults is a folder for results about a model that takes none beside it, "" of
// an export of unwarp.
func DefaultResults(src Source) string {
	if _, ok := src.(*foreignSource); !ok {
		return ""
	}
	name := filepath.Base(filepath.Clean(src.Path()))
	return filepath.Join("runs", name[:len(name)-len(filepath.Ext(name))]+"-attack")
}
