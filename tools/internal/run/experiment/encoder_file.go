package experiment

import (
	"fmt"
	"os"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/config"
)

// beginFromFile gives the weights of an encoder from a file their values there. A run
// that is resumed restores its checkpoint afterwards.
func (x *Experiment) beginFromFile() error {
	f, ok := x.Config.Model.FileEncoder()
	if !ok {
		return nil
	}
	n, err := imported.OpenEncoder(f)
	if err != nil {
		return &ConfigError{fmt.Errorf("model.encoder: %w", err)}
	}
	if err := imported.RestoreEncoder(f, x.Net); err != nil {
		return fmt.Errorf("model.encoder: %s: %w", files.ShortPath(f.Path), err)
	}
	x.Remarks = append(x.Remarks, describeEncoder(n, f)...)
	return nil
}

// checkFileImages refuses images of another size than the file of an encoder fixes.
func checkFileImages(m graphs.Model, shape pipelines.Shape) error {
	f, ok := m.FileEncoder()
	if !ok {
		return nil
	}
	n, err := imported.OpenEncoder(f)
	if err == nil {
		err = n.Signature().Input.Admits(shape.H, shape.W, shape.C)
	}
	if err != nil {
		return &ConfigError{fmt.Errorf("model.encoder: %s: %w: set data.size and data.channels so", files.ShortPath(f.Path), err)}
	}
	return nil
}

// describeEncoder says what an encoder takes of its file.
func describeEncoder(n imported.Network, f graphs.FileEncoder) []string {
	sign := n.Signature()
	end := f.Output
	if end == "" || end == graphs.HiddenOutput {
		end = sign.Hidden
	}
	text := fmt.Sprintf("encoder: %s, %s, up to %s; dropout and batch norm of the file compute as in inference", files.ShortPath(f.Path), sign.Format, end)
	switch first, _ := f.Freeze.First(); {
	case first < 0:
		text += "; its weights stay as they are"
	case first > 0:
		text += fmt.Sprintf("; the weights of its first %d layers stay as they are", first)
	}
	return append([]string{text}, sign.Remarks...)
}

// CheckEncoderFile refuses an encoder whose file cannot be read up to its layer, before
// anything else is read.
func CheckEncoderFile(c config.Config) error {
	f, ok := c.Model.FileEncoder()
	if !ok {
		return nil
	}
	if _, err := os.Stat(f.Path); err != nil {
		return &ConfigError{fmt.Errorf("model.encoder: path: want the file or folder of a network: %w", files.NotRead(f.Path, err))}
	}
	if err := imported.CheckEncoder(f); err != nil {
		return &ConfigError{fmt.Errorf("model.encoder: %w", err)}
	}
	return nil
}
