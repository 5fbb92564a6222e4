package trainer

import "unwarp/graphs"

// CheckpointSizes are sizes of checkpoints in bytes.
type CheckpointSizes struct {
	Last int64 `json:"last"` // with the optimiser's slots, to resume from
	Best int64 `json:"best"` // the weights alone
}

// CheckpointBytes is what the checkpoints of these variables hold; names and state
// add some kilobytes.
func CheckpointBytes(vars *graphs.Variables) CheckpointSizes {
	return CheckpointSizes{
		Last: sizeOf(vars.All()),
		Best: sizeOf(vars.All(graphs.Trainable, graphs.Statistic, graphs.Average)),
	}
}

// sizeOf is the number of bytes of variables, all of float32.
func sizeOf(vars []*graphs.Variable) (bytes int64) {
	for _, v := range vars {
		bytes += 4 * v.Size()
	}
	return bytes
}
