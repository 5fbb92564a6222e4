package classify

import (
	"context"
	"slices"

	"unwarp/pipelines"
)

// File is what is predicted of an image file.
type File struct {
	Path    string  `json:"file"`
	Classes []Class `json:"classes,omitempty"` // the likeliest first
	// Error says why the file could not be read.
	Error string `json:"error,omitempty"`
	// Remark says what is odd about a file that was read, such as that it has several frames.
	Remark string `json:"remark,omitempty"`
}

// atOnce is how many files are in memory.
const atOnce = 500

// ClassifyFiles classifies image files, prepared as in training: turned as their EXIF tag says, cut to the square in the
// middle, resized. It returns the top likeliest classes of each, in the order of paths; a file that cannot be read has an
// Error and no classes. report is called with how many are done.
func (c *Classifier) ClassifyFiles(ctx context.Context, paths []string, top int, report func(done, total int)) ([]File, error) {
	all := make([]File, 0, len(paths))
	for chunk := range slices.Chunk(paths, atOnce) {
		counted := pipelines.WithProgress(ctx, func(done, _ int) { report(len(all)+done, len(paths)) })
		src, notes, err := pipelines.OpenImages(counted, chunk, c.shape, c.graph.Model.Classes)
		if err != nil {
			return nil, err
		}
		p, err := c.graph.Predict(ctx, c.net, src)
		if err != nil {
			return nil, err
		}
		for i, path := range chunk {
			f := File{Path: path, Remark: notes[i].Remark}
			if err := notes[i].Err; err != nil {
				f.Error = err.Error()
			} else {
				classes := c.rank(p[i])
				f.Classes = classes[:min(top, len(classes))]
			}
			all = append(all, f)
		}
	}
	report(len(paths), len(paths))
	return all, nil
}
