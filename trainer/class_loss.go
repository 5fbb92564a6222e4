package trainer

import (
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// ClassLoss is train.objective.loss, the classification loss of training: "" or
// cross-entropy, or
//
//	spread(start=.2,end=.9,ramp=50%)
type ClassLoss struct{ Spread }

// Spread are the options of the spread loss of capsules, see [graphs.SpreadLoss].
// Its margin rises linearly: at the start no class is dead.
type Spread struct {
	Start float32  `key:"start" default:".2" in:"[0,1)" help:"margin at the first step"`
	End   float32  `key:"end" default:".9" in:"(0,1]" help:"margin in the end"`
	Ramp  Duration `key:"ramp" default:"50%" help:"over which the margin rises"`
}

// Names of the losses.
const (
	crossEntropyLoss = "cross-entropy"
	spreadLoss       = "spread"
)

// Off reports whether the loss is the cross-entropy.
func (l ClassLoss) Off() bool { return l == ClassLoss{} }

// String writes what UnmarshalText reads, defaults included.
func (l ClassLoss) String() string { return namedText(spreadLoss, l.Spread) }

// MarshalText is String, for configuration files.
func (l ClassLoss) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (l *ClassLoss) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == crossEntropyLoss {
		*l = ClassLoss{}
		return nil
	}
	if err := parseNamed(text, spreadLoss, &l.Spread); err != nil {
		return fmt.Errorf("%w (or %s)", err, crossEntropyLoss)
	}
	return nil
}

// Validate refuses margins that fall.
func (l *Spread) Validate() error {
	if l.Start > l.End {
		return fmt.Errorf("start: want at most end, %g, got %g", l.End, l.Start)
	}
	return nil
}

// margins returns the margin at each step of a run.
func (l ClassLoss) margins(batch, perEpoch, total int) func(step int) float32 {
	ramp := l.Ramp.Steps(batch, perEpoch, total)
	return func(step int) float32 {
		if step >= ramp {
			return l.End
		}
		return l.Start + float32(step)/float32(ramp)*(l.End-l.Start)
	}
}

// perImage is the loss of each image [B] with labels int32 [B].
func (l ClassLoss) perImage(s *graphs.Scope, logits, labels, margin tf.Output) tf.Output {
	return graphs.SpreadLoss(s.In("spread"), logits, labels, margin)
}
