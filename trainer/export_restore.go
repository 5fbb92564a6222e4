package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/graphs"
)

// ReadExport takes unwarp.json from the export in dir.
func ReadExport(dir string) (ExportInfo, error) {
	var info ExportInfo
	path := filepath.Join(dir, infoFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return info, fmt.Errorf("export %s: want a SavedModel written by unwarp, but there is no %s in it: models exported by others cannot be read yet", dir, infoFile)
	}
	if err == nil {
		err = json.Unmarshal(raw, &info)
	}
	if err != nil {
		return info, fmt.Errorf("export %s: want a readable %s: %w", dir, infoFile, err)
	}
	if info.Model.Kind == "" {
		return info, fmt.Errorf("export %s: %s does not say how the model is built: export it again with this version of unwarp", dir, infoFile)
	}
	return info, nil
}

// RestoreExport gives net, in which p was declared for inference and without
// averages, the weights of the export in dir.
func (g *TrainGraph) RestoreExport(net *graphs.Net, dir string) error {
	if err := g.Saver.run(net, g.Saver.restore, filepath.Join(dir, variablesDir, dataPrefix)); err != nil {
		return fmt.Errorf("export %s: the weights do not fit the model that its %s describes: %w: export it again", dir, infoFile, err)
	}
	return nil
}
