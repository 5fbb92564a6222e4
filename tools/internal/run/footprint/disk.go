package footprint

import (
	"fmt"

	"unwarp/tools/internal/setup/doctor"
)

// A training may write so many bytes, and such a share of what the disk has left,
// without a word.
const (
	fairSize  = 1 << 30
	fairShare = .5
)

// CheckDisk refuses a training whose run folder in dir does not fit on its disk, and
// returns a warning, "" for none, of one that takes more than a fair share of it.
func (m *Model) CheckDisk(dir string) (warning string, err error) {
	free, ferr := doctor.FreeSpace(dir)
	known := ferr == nil
	t := m.Training
	if known && uint64(t.Disk) > free {
		return "", fmt.Errorf("run folder: want %s of free space for checkpoints and export, got %s: %s, or choose another disk with --run", formatSize(t.Disk), formatSize(int64(free)), m.wayOut())
	}
	if t.Peak <= fairSize && (!known || float64(t.Peak) <= fairShare*float64(free)) {
		return "", nil
	}
	left := ""
	if known {
		left = fmt.Sprintf(", of %s free", formatSize(int64(free)))
	}
	return fmt.Sprintf("warning: this training writes up to %s%s (checkpoints of %s): %s", formatSize(t.Peak), left, formatSize(t.Checkpoints.Last), m.wayOut()), nil
}

// wayOut says what would make the model smaller.
func (m *Model) wayOut() string {
	row, share := m.Largest()
	const most = .5
	if share > most && row.Op == "MatMul" {
		return fmt.Sprintf("%.0f %% of its %s parameters are in %s, which is connected to each pixel: lower data.size, or take an encoder without such a layer (model.encoder=photo-cnn)", 100*share, FormatNumber(m.Parameters), row.Name)
	}
	return fmt.Sprintf("it has %s parameters: take a smaller model.encoder, model.width or data.size, or train.optimizer.name=sgd, which keeps less beside each", FormatNumber(m.Parameters))
}
