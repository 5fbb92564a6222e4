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
	if have.Train.Teacher != "" && want.Train.Teacher != "" {
		have.Train.Teacher = want.Train.Teacher // its weights count, not where they lie
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
	if _, err := os.Stat(want.Data.Path); r.PlanOnly && want.Data.Path != "" && errors.Is(err, os.ErrNotExist) {
		return Finished, nil // as far as can be told without the images
	}
	if differs, err := r.compareData(ctx, dir, want.Data, summary.DataHash); err != nil {
		return "", err
	} else if differs != "" {
		return "", study.WrongRequest("run folder %s holds a training on other images than those of %s, %s: name another folder with --runs, or these images with --data", dir, want.Data.Path, differs)
	}
	return Finished, nil
}

// compareData says how the images of d differ from those of a run, "" where they
// do not. Runs of versions before 0.2 have no more than a hash, of some images.
func (r *Reproduction) compareData(ctx context.Context, dir string, d pipelines.Data, old string) (string, error) {
	known, err := experiment.ReadKnown(dir)
	if err != nil {
		return "", &study.RequestError{Err: err}
	}
	if known.Data == nil {
		hash, err := r.fingerprint(ctx, d)
		if err != nil || old == "" || old == hash {
			return "", err
		}
		return "part train", nil
	}
	id, err := r.identify(ctx, d)
	if err != nil {
		return "", err
	}
	for _, part := range pipelines.PartNames {
		if differs := known.Data.Parts[part].Differences(id.Parts[part]); differs != "" {
			return "part " + part + " has " + differs, nil
		}
	}
	return "", nil
}

// identify returns the fingerprints of all parts of a set. Each set is read once.
func (r *Reproduction) identify(ctx context.Context, d pipelines.Data) (pipelines.SetIdentity, error) {
	key := fmt.Sprintf("%+v", d)
	if id, ok := r.identities[key]; ok {
		return id, nil
	}
	s, err := experiment.OpenData(ctx, d)
	if err != nil {
		return pipelines.SetIdentity{}, &study.RequestError{Err: err}
	}
	id, _, err := s.Identity(ctx, d)
	if err == nil {
		r.identities[key] = id
	}
	return id, err
}

// fingerprint returns the hash that runs of versions before 0.2 have of the
// training images of a set. Each set is read once.
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
