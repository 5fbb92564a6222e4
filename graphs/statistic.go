package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// StatisticUpdate moves a statistic towards its value in a batch.
type StatisticUpdate struct {
	Variable *Variable
	Value    tf.Output // of the batch
	Decay    float32
}

// Apply is the op v += (1-Decay)·(Value-v).
func (u StatisticUpdate) Apply(s *Scope) *tf.Operation {
	if !s.OK() {
		return nil
	}
	delta := op.Mul(s.Op("delta"), op.Sub(s.Op("difference"), u.Value, u.Variable.Read), op.Const(s.Op("rate"), 1-u.Decay))
	return op.AssignAddVariableOp(s.Op("follow"), u.Variable.Handle, delta)
}

// Statistics are what the updates of the pass move, for who applies them elsewhere.
func (s *Scope) Statistics() []StatisticUpdate { return s.pass.statistics }
