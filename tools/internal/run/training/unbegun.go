package training

import (
	"errors"
	"os"
	"path/filepath"

	"unwarp/graphs/cluster"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// freeUnbegun makes the new run folder dir free for the next try where the training
// could not begin without its workers. The folder may be the user's: only the
// configuration goes, which says that it holds a run.
func freeUnbegun(dir string, err error) {
	if !errors.As(err, new(*cluster.LostError)) && !errors.As(err, new(*cluster.RefusedError)) {
		return
	}
	saved := trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}
	if !saved.Exists(trainer.Last) && !saved.Exists(trainer.Best) {
		_ = os.Remove(filepath.Join(dir, experiment.ConfigFile))
	}
}
