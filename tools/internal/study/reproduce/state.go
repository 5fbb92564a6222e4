package reproduce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study"
)

// findState looks at a run folder. One that holds another training, or one on
// other images, is refused.
func (r *Reproduction) findState(ctx context.Context, dir string, want config.Config) (State, error) {
	if _, err := os.Stat(filepath.Join(dir, experiment.ConfigFile)); errors.Is(err, os.ErrNotExist) {
		return Missing, nil
	}
	have, err := experiment.ReadFolder(dir)
	if err != nil {
		return "", &study.RequestError{Err: err}
	}
	diff, err := config.Differences(have, want)
	if err != nil {
		return "", err
	}
	if len(diff) > 0 {
		return "", study.WrongRequest("run folder %s holds another training: %s: name another folder with --runs, or remove this one", dir, strings.Join(diff, "; "))
	}
	var summary struct {
		DataHash string `json:"data_hash"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil || json.Unmarshal(raw, &summary) != nil {
		return Interrupted, nil
	}
	hash, err := r.fingerprint(ctx, want.Data)
	if err != nil {
		return "", err
	}
	if summary.DataHash != "" && summary.DataHash != hash {
		return "", study.WrongRequest("run folder %s holds a training on other images than those of %s: name another folder with --runs, or these images with --data", dir, want.Data.Path)
	}
	return Finished, nil
}

// fingerprint returns that of the training images of a set. Each set is read
// once.
func (r *Reproduction) fingerprint(ctx context.Context, d pipelines.Data) (string, error) {
	key := fmt.Sprintf("%+v", d)
	if hash, ok := r.fingerprints[key]; ok {
		return hash, nil
	}
	s, err := experiment.OpenData(ctx, d)
	if err != nil {
		return "", &study.RequestError{Err: err}
	}
	r.fingerprints[key], err = experiment.Fingerprint(s.Train)
	return r.fingerprints[key], err
}
