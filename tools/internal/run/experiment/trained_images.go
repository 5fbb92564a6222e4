package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/trainer"
)

// readTrainedImages reads the hashes of the images that the model in dir, a run
// folder or an export, was trained on; nil where there are none, as in those of
// versions before 0.3.
func readTrainedImages(dir string) (pipelines.ImageHashes, error) {
	path := filepath.Join(dir, trainer.TrainedImagesFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var h pipelines.ImageHashes
	if err == nil {
		h, err = pipelines.ParseImageHashes(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("want a readable %s: %w: restore it, or remove it to measure unchecked", files.ShortPath(path), causeOf(err))
	}
	return h, nil
}

// trainedAmong is how many images of the named part, which is not that of the
// training, were trained on, and the first of them. Of a source that did not record
// its images it is 0.
func (s *Subject) trainedAmong(ctx context.Context, name string) (n, first int, err error) {
	found, ok := s.trained[name]
	if !ok {
		if found, err = s.Known.Images.Among(ctx, s.Data.Part(name)); err != nil {
			return 0, 0, err
		}
		if s.trained == nil {
			s.trained = map[string][]int{}
		}
		s.trained[name] = found
	}
	if len(found) == 0 {
		return 0, 0, nil
	}
	return len(found), found[0], nil
}

// refuseTrained refuses images of the named part that were trained on.
func (s *Subject) refuseTrained(ctx context.Context, name string) error {
	src := s.Data.Part(name)
	n, first, err := s.trainedAmong(ctx, name)
	if err != nil || n == 0 || s.AllowTrained {
		return err
	}
	which := fmt.Sprintf("number %d", first)
	if file := pipelines.FileName(src, first); file != "" {
		which = files.ShortPath(filepath.Base(file))
	}
	return &ConfigError{fmt.Errorf("part %s of %s: want images that were not trained on, got %d of %d that were, the first is %s: what is right about these says nothing of others: leave them out, or give --allow-trained", name, src.Name(), n, src.Len(), which)}
}
