package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
)

// ReadExport takes unwarp.json from the export in dir.
func ReadExport(dir string) (ExportInfo, error) {
	var info ExportInfo
	path := filepath.Join(dir, ExportInfoFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return info, fmt.Errorf("export %s: want a SavedModel written by unwarp, but there is no %s in it: package imported/savedmodel reads those of other programs", dir, ExportInfoFile)
	}
	if err == nil {
		err = json.Unmarshal(raw, &info)
	}
	if err != nil {
		return info, fmt.Errorf("export %s: want a readable %s: %w: export it again", files.ShortPath(dir), ExportInfoFile, files.Cause(err))
	}
	if info.Model.Kind == "" {
		return info, fmt.Errorf("export %s: %s does not say how the model is built: export it again with this version of unwarp", dir, ExportInfoFile)
	}
	return info, info.check(dir)
}

// Shape is the shape of an image.
func (i ExportInfo) Shape() pipelines.Shape {
	return pipelines.Shape{H: i.Image[0], W: i.Image[1], C: i.Image[2]}
}

// check refuses what no export has.
func (i ExportInfo) check(dir string) error {
	const side, channels, classes = 1 << 16, 1 << 10, 1 << 20
	switch {
	case i.Image[0] < 1 || i.Image[1] < 1 || i.Image[2] < 1 || i.Image[0] > side || i.Image[1] > side || i.Image[2] > channels:
		return fmt.Errorf("export %s: %s: want height, width and channels of an image, got %v: export it again", dir, ExportInfoFile, i.Image)
	case i.Classes < 2 || i.Classes > classes:
		return fmt.Errorf("export %s: %s: want at least 2 classes, got %d: export it again", dir, ExportInfoFile, i.Classes)
	case len(i.ClassNames) != 0 && len(i.ClassNames) != i.Classes:
		return fmt.Errorf("export %s: %s: want a name for each of %d classes, got %d: export it again", dir, ExportInfoFile, i.Classes, len(i.ClassNames))
	}
	if err := i.Objective.check(); err != nil {
		return fmt.Errorf("export %s: %s: %w: export it again", dir, ExportInfoFile, err)
	}
	return nil
}

// RestoreExport gives net, in whose graph g was declared by [DeclareExport], the
// weights of the export.
func (g *TrainGraph) RestoreExport(net *graphs.Net) error {
	if len(net.Vars.All()) == 0 {
		return nil // the graph holds its weights as constants
	}
	x := g.file.export
	if err := g.Saver.run(net, g.Saver.restore, filepath.Join(x.dir, variablesDir, dataPrefix)); err != nil {
		return fmt.Errorf("export %s: the weights do not fit the graph of %s: %w: export it again", x.dir, savedModelFile, graphs.FirstLine(err))
	}
	return nil
}
