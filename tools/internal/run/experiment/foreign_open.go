package experiment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/pipelines/files"
	"unwarp/trainer"
)

// foreignFormat is the format of a network that another program wrote, "" of anything
// else.
func foreignFormat(path string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return ""
	case info.Mode().IsRegular() && strings.EqualFold(filepath.Ext(path), ".onnx"):
		return imported.ONNX
	case info.IsDir() && isExport(path) && !exists(filepath.Join(path, trainer.ExportInfoFile)):
		return imported.SavedModel
	}
	return ""
}

// otherFormats are files of networks that cannot be read, with what makes a readable
// one of them.
var otherFormats = map[string]string{
	".keras": "save a SavedModel with model.export(DIR) in Keras", ".h5": "load it in Keras and save a SavedModel with model.export(DIR)", ".hdf5": "load it in Keras and save a SavedModel with model.export(DIR)",
	".pt": "write an ONNX file with torch.onnx.export", ".pth": "write an ONNX file with torch.onnx.export", ".ckpt": "write an ONNX file with torch.onnx.export", ".safetensors": "write an ONNX file with torch.onnx.export",
	".tflite": "take the SavedModel that it was converted from", ".pb": "name the folder of the SavedModel",
}

// checkReadable refuses files that are no run folder, no export and no network that
// can be read, and says how to come by one.
func checkReadable(path string) error {
	info, err := os.Stat(path)
	ending := strings.ToLower(filepath.Ext(path))
	_, foreign := otherFormats[ending]
	switch {
	case err != nil && (ending == ".onnx" || foreign):
		return fmt.Errorf("model %s: want a run folder, an export, a SavedModel or an .onnx file, got none: %w", files.ShortPath(path), files.Cause(err))
	case err != nil || info.IsDir(): // said of a run folder that is not there
		return nil
	}
	what := fmt.Sprintf("model %s: want a run folder, an export, a SavedModel or an .onnx file, got", files.ShortPath(path))
	if how, known := otherFormats[ending]; known {
		return fmt.Errorf("%s a file that cannot be read: %s", what, how)
	}
	return fmt.Errorf("%s another file", what)
}

// openForeign opens a network that another program wrote. Its encoder text holds no
// options: flags and configuration set them, and Model opens the file with those.
func openForeign(path, format, checkpoint string) (Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := graphs.FileEncoder{Format: format, Path: abs, Output: graphs.ScoresOutput, Pool: "mean", Freeze: "none", Layer: graphs.Features}
	text, err := f.Text()
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", files.ShortPath(path), err)
	}
	s := &foreignSource{path: path, checkpoint: checkpoint, format: format}
	s.config = s.defaults(text)
	return s, nil
}
