// Package footprint says what a model consists of and what its training takes:
// layers, parameters, memory, checkpoints, disk. It may import graphs, trainer,
// imported, experiment, configuration and doctor.
package footprint

import (
	"unwarp/graphs"
	"unwarp/trainer"
)

// Model is what a model consists of: one of unwarp, or a network that another program
// wrote ([OfNetwork]), of which Format is set.
type Model struct {
	Name    string            `json:"model"` // the run, the file, or what would be trained
	Kind    string            `json:"kind,omitempty"`
	Encoder string            `json:"encoder,omitempty"`
	Format  string            `json:"format,omitempty"` // of the file, and what wrote it
	Image   string            `json:"image"`            // 28x28x1; "any" for sizes that a file leaves free
	Classes int               `json:"classes"`          // 0 where a file does not tell
	Layers  []graphs.LayerRow `json:"layers"`
	// Hidden is the layer at which model.encoder ends by default, "" where a file has
	// none.
	Hidden string `json:"hidden,omitempty"`
	// Parameters are all numbers in the layers, of which Trainable are changed by the
	// optimiser; the others are statistics of batch norm, or frozen. Of a file they are
	// the numbers in its weights.
	Parameters int64     `json:"parameters"`
	Trainable  int64     `json:"trainable"`
	Training   *Training `json:"training,omitempty"`
}

// Training is what a training takes, in bytes.
type Training struct {
	Batch       int                     `json:"batch"`
	Memory      uint64                  `json:"memory"` // about
	Checkpoints trainer.CheckpointSizes `json:"checkpoints"`
	Disk        int64                   `json:"disk"`  // of the run folder at the end, about
	Peak        int64                   `json:"peak"`  // while a checkpoint is written beside the one before it, about
	Steps       int                     `json:"steps"` // of the training; 0 where the data were not read
	Trial       *trainer.Trial          `json:"trial,omitempty"`
}

// smallFiles is about what pictures, events, metrics and a graph take.
const smallFiles = 8 << 20

// NewTraining is what a training of the outlined graph takes. validates is whether it
// has validation images: without them there is no best checkpoint.
func NewTraining(o *graphs.Outline, c trainer.Config, validates bool) *Training {
	t := &Training{Batch: c.Batch, Memory: o.Memory(c.Rows()), Checkpoints: trainer.CheckpointBytes(o.Vars)}
	last, best, export := t.Checkpoints.Last, t.Checkpoints.Best, t.Checkpoints.Best
	if !validates {
		t.Checkpoints.Best, best = 0, 0
	}
	t.Disk = last + best + export + smallFiles
	t.Peak = max(2*last+best, t.Disk) // a checkpoint is written before the one before it goes
	return t
}

// addLayers fills in the rows of the pass that inference reads.
func (m *Model) addLayers(o *graphs.Outline) {
	m.Layers = o.Layers("eval")
	for _, v := range o.Vars.All(graphs.Trainable) {
		m.Trainable += v.Size()
	}
	for _, l := range m.Layers {
		m.Parameters += l.Parameters
	}
}

// Largest is the layer with the most parameters, and its share of all; of a model
// without layers it is empty.
func (m *Model) Largest() (row graphs.LayerRow, share float64) {
	for _, l := range m.Layers {
		if l.Parameters > row.Parameters {
			row = l
		}
	}
	if m.Parameters > 0 {
		share = float64(row.Parameters) / float64(m.Parameters)
	}
	return row, share
}
