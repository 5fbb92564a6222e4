package experiment

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// Respell gives c the words of the run folder dir where both describe the same
// model: resnet8 and resnet(depth=8).
func Respell(c config.Config, dir string) config.Config {
	was, err := config.ReadRecorded(filepath.Join(dir, ConfigFile))
	if err != nil {
		return c // whoever opens the folder says so
	}
	a, b := c.Model.Canonical(), was.Config.Model.Canonical()
	if a.Encoder == b.Encoder {
		c.Model.Encoder = was.Config.Model.Encoder
	}
	if a.Head == b.Head {
		c.Model.Head = was.Config.Model.Head
	}
	if a.Dropout == b.Dropout {
		c.Model.Dropout = was.Config.Model.Dropout
	}
	return c
}

// CheckResume refuses to go on in the run folder dir with another configuration
// or other data than its training was begun with. The error names what changed; it
// is a [trainer.MismatchError] where that is the model.
func (x *Experiment) CheckResume(dir string) error {
	learnt, err := readClasses(dir)
	if err != nil {
		return err
	}
	was, err := readIdentity(dir)
	if err != nil {
		return err
	}
	if learnt, err = was.checkClassNames(dir, learnt); err != nil {
		return err
	}
	if err := checkClasses(dir, learnt, x.Data.Train); err != nil {
		return err
	}
	if was == nil { // of a version before 0.2, or killed before it was written
		if (trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}).Exists(trainer.Last) {
			return nil // the checkpoint holds a hash
		}
		return x.WriteIdentity(dir)
	}
	now, err := x.identityAs(was)
	if err != nil {
		return err
	}
	changed := was.changes(now)
	switch model := slices.ContainsFunc(changed, func(c string) bool { return strings.HasPrefix(c, "model.") }); {
	case model:
		return &trainer.MismatchError{Dir: dir, Differences: changed}
	case len(changed) > 0:
		return fmt.Errorf("run folder %s: its training was begun otherwise: %s: resume with its %s and data, or start a new run", dir, ListFew(changed, "; "), ConfigFile)
	}
	return nil
}

// changes lists in words what now, of a training that is to go on, changes.
func (id *RunIdentity) changes(now RunIdentity) (changed []string) {
	for _, name := range pipelines.PartNames {
		was, had := id.Data.Parts[name]
		is, has := now.Data.Parts[name]
		switch {
		case had && has && was.Differences(is) != "":
			changed = append(changed, fmt.Sprintf("part %s of the data has %s", name, was.Differences(is)))
		case had && !has:
			changed = append(changed, "the data have no part "+name+" now")
		case !had && has:
			changed = append(changed, "the data had no part "+name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(id.Config)) {
		if decides(key) && id.Config[key] != now.Config[key] {
			changed = append(changed, fmt.Sprintf("%s is %.40s instead of %.40s", key, now.Config[key], id.Config[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(now.Config)) {
		if _, had := id.Config[key]; !had && decides(key) {
			changed = append(changed, fmt.Sprintf("%s is %.40s, and was not set", key, now.Config[key]))
		}
	}
	if id.Precision != now.Precision {
		changed = append(changed, fmt.Sprintf("precision is %s instead of %s", now.Precision, id.Precision))
	}
	if id.Encoder != now.Encoder {
		changed = append(changed, "model.encoder: its file is another")
	}
	if id.Teacher != now.Teacher {
		changed = append(changed, "train.teacher has other weights")
	}
	return changed
}
