package experiment

import (
	"unwarp/pipelines/files"

	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// IdentityFile in a run folder says what the run is: its configuration and its
// data as they were when the training began. Commands compare it with config.yaml
// and with the data that they read.
const IdentityFile = "identity.json"

// identityFormat is the version of the file.
const identityFormat = 1

// RunIdentity is everything that determines a training.
type RunIdentity struct {
	Format int `json:"unwarp_run"`
	// Config are all keys of config.yaml with their values, in one spelling.
	Config map[string]string `json:"config"`
	// Precision is float32 or bfloat16: what auto came to.
	Precision string                `json:"precision"`
	Data      pipelines.SetIdentity `json:"data"`
	// ClassNames are the lines of classes.txt, nil where there is none and in runs of earlier versions.
	ClassNames []string `json:"class_names,omitempty"`
	Teacher    string   `json:"teacher,omitempty"` // hash of its weights
	Encoder    string   `json:"encoder,omitempty"` // hash of the file of model.encoder
	// Hash is what the checkpoints of the folder hold, computed when the training
	// began: a later version may compute another. Folders of earlier versions have none.
	Hash string `json:"hash,omitempty"`
}

// identify reads all data.
func (x *Experiment) identify(ctx context.Context) error {
	id, images, err := x.Data.Identity(ctx, x.Config.Data)
	if err != nil {
		return err
	}
	x.Known = Known{Data: &id, ClassNames: pipelines.ClassNames(x.Data.Train), Images: images}
	x.Graph.TrainedOn, x.Graph.ClassNames, x.Graph.TrainedImages = &id, x.Known.ClassNames, images
	return nil
}

// DescribeData has an export say what the data are, where the training did not
// record it: then they are those that the configuration names.
func (x *Experiment) DescribeData(ctx context.Context) error {
	if x.Graph.TrainedOn != nil {
		return nil
	}
	return x.identify(ctx)
}

// runIdentity is what the experiment trains.
func (x *Experiment) runIdentity() (RunIdentity, error) {
	id := RunIdentity{Format: identityFormat, Precision: string(x.Net.Precision), Data: *x.Known.Data, ClassNames: x.Known.ClassNames}
	var err error
	if id.Encoder, err = hashNetwork(x.Config.Model); err != nil {
		return id, err
	}
	c := x.Config
	c.Model = WithoutPlaces(c.Model)
	if id.Config, err = c.Canonical().Leaves(); err != nil {
		return id, err
	}
	if x.Teacher != nil {
		id.Teacher, err = x.Teacher.Identity()
	}
	return id, err
}

// WriteIdentity writes what the run is into its new folder.
func (x *Experiment) WriteIdentity(dir string) error {
	id, err := x.runIdentity()
	if err != nil {
		return err
	}
	if id.Hash, err = id.hash(); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	if err := files.Write(filepath.Join(dir, IdentityFile), append(raw, '\n')); err != nil {
		return fmt.Errorf("run folder %w", err)
	}
	if err := files.Write(filepath.Join(dir, trainer.TrainedImagesFile), x.Known.Images.Bytes()); err != nil {
		return fmt.Errorf("run folder %w", err)
	}
	return nil
}

// readIdentity is nil without an error for a folder of a version before 0.2,
// which has none.
func readIdentity(dir string) (*RunIdentity, error) {
	raw, err := os.ReadFile(filepath.Join(dir, IdentityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	id := new(RunIdentity)
	if err == nil {
		err = json.Unmarshal(raw, id)
	}
	if err == nil && (id.Format != identityFormat || len(id.Config) == 0 || len(id.Data.Parts) == 0) {
		err = fmt.Errorf("want an identity of format %d with configuration and data, got format %d", identityFormat, id.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("run folder %s: want a readable %s: %w: restore it, or remove it to open the folder unchecked", dir, IdentityFile, causeOf(err))
	}
	return id, nil
}

// causeOf is err without the path, which the message names.
func causeOf(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// compareConfig refuses a config.yaml that is not that of the training. Keys that
// do not change what was trained may have other values; they are remarked on.
func (id *RunIdentity) compareConfig(dir string, r config.Recorded) (remarks []string, err error) {
	c := r.Config
	c.Model = WithoutPlaces(c.Model)
	have, err := c.Canonical().Leaves()
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(r.Missing), func(key string) bool { _, had := id.Config[key]; return !had })
	if len(missing) > 0 {
		return nil, incomplete(dir, missing, IdentityFile+" lists their values")
	}
	var other, edited []string
	for _, key := range slices.Sorted(maps.Keys(id.Config)) {
		switch was := id.Config[key]; {
		case isSameSetting(key, was, have[key]) || key == "run":
		case config.Free(key) && key != "precision":
			edited = append(edited, key)
		default:
			other = append(other, fmt.Sprintf("%s is %.40s instead of %.40s", key, have[key], was))
		}
	}
	if len(other) > 0 {
		return nil, fmt.Errorf("run folder %s: %s is not that of the training: %s: restore it, and give other values with --set", dir, ConfigFile, ListFew(other, "; "))
	}
	if len(edited) > 0 {
		remarks = append(remarks, fmt.Sprintf("%s of %s was edited after the training began: %s", ConfigFile, dir, ListFew(edited, ", ")))
	}
	return remarks, nil
}

// incomplete refuses a configuration that lacks keys.
func incomplete(dir string, missing []string, where string) error {
	return fmt.Errorf("run folder %s: want a complete %s, got one without %s: restore it (%s)", dir, ConfigFile, ListFew(missing, ", "), where)
}

// ListFew lists the first few of many, separated by sep.
func ListFew(all []string, sep string) string {
	const few = 3
	if len(all) > few {
		return strings.Join(all[:few], sep) + fmt.Sprintf(" and %d more", len(all)-few)
	}
	return strings.Join(all, sep)
}

// unhashed are keys that hashes leave out at these values: checkpoints hold hashes
// without them.
var unhashed = map[string]string{"train.replicas": "1", "train.gradients": "float32"}

// isSameSetting tells whether a value of a key is the recorded one, perhaps of a version in
// which its text had fewer keys.
func isSameSetting(key, was, is string) bool {
	return was == is || config.AsWrittenNow(key, was) == is
}

// identityAs is what the experiment trains, beside was of an earlier version: in its
// words, and without the keys that was does not have, where they are at their defaults. A
// key that was added later changes nothing there.
func (x *Experiment) identityAs(was *RunIdentity) (RunIdentity, error) {
	id, err := x.runIdentity()
	if err != nil {
		return id, err
	}
	unset, err := config.Default().Canonical().Leaves()
	if err != nil {
		return id, err
	}
	maps.DeleteFunc(id.Config, func(key, value string) bool {
		_, had := was.Config[key]
		return !had && (value == unset[key] || value == unhashed[key])
	})
	for key, then := range was.Config {
		if is, has := id.Config[key]; has && isSameSetting(key, then, is) {
			id.Config[key] = then
		}
	}
	return id, nil
}

// hash is a text that two identities share only where the training is the same.
// Where the data lie does not count, nor how they were chosen: they are compared.
func (id RunIdentity) hash() (string, error) {
	id.Hash = ""
	id.Config = maps.Clone(id.Config)
	maps.DeleteFunc(id.Config, func(key, value string) bool { return !decides(key) || unhashed[key] == value })
	id.Data.Settings, id.ClassNames = pipelines.Data{}, nil // classes that are named otherwise are refused elsewhere
	raw, err := json.Marshal(id)                            // of maps the keys are sorted
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// decides tells whether the value of a key must be the same when a training is
// resumed. Of the data the fingerprints decide, of a teacher its weights, and of
// the precision what it came to.
func decides(key string) bool {
	return !config.Free(key) && !strings.HasPrefix(key, "data.") && key != "train.teacher"
}
