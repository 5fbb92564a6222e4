package reproduce

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/study/paper"
)

// SaveTables writes comparisons beside the run folders, as TABLE.md and
// TABLE.json.
func (r *Reproduction) SaveTables(all []paper.Comparison) error {
	for _, c := range all {
		var text strings.Builder
		c.Write(&text)
		raw, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		if err := files.Write(filepath.Join(r.Runs, c.Table+".md"), []byte(text.String())); err != nil {
			return err
		}
		if err := files.Write(filepath.Join(r.Runs, c.Table+".json"), append(raw, '\n')); err != nil {
			return err
		}
	}
	return nil
}
