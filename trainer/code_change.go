package trainer

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// CodeNorm says how the change of the appearance code under deformation becomes
// a number, in the last term of eq. 8.
type CodeNorm string

// Norms of a change of codes [B,D]. The literal one can be brought to zero by
// making all codes small or equal, which is what happens at gamma 1: it falls
// faster than the cross-entropy, and a code behind a ReLU does not come back.
// The relative one does not change when codes are scaled.
const (
	RelativeChange CodeNorm = "relative" // ‖a-b‖ / ((‖a‖+‖b‖)/2), in [0,2]
	RMSChange      CodeNorm = "rms"      // ‖a-b‖ / √D
	LiteralChange  CodeNorm = "literal"  // ‖a-b‖
)

func (n CodeNorm) check() error {
	switch n {
	case "", RelativeChange, RMSChange, LiteralChange:
		return nil
	}
	return fmt.Errorf("train.objective.code_norm: want relative, rms or literal, got %q", string(n))
}

// change is the norm of a-b of each example, codes [B,D] -> [B]. "" is literal:
// run folders without the key were trained with it.
func (n CodeNorm) change(s *graphs.Scope, a, b tf.Output) tf.Output {
	change := graphs.Distance(s.In("change"), a, b, graphs.Frobenius)
	switch n {
	case RMSChange:
		d, ok := s.Dims(a, 2, "codes [B,D]")
		if !ok {
			return tf.Output{}
		}
		return op.Mul(s.Op("rms"), change, op.Const(s.Op("share"), float32(1/math.Sqrt(float64(d[1])))))
	case RelativeChange:
		length := func(name string, x tf.Output) tf.Output {
			return graphs.Distance(s.In(name), x, op.ZerosLike(s.Op(name+"_zeros"), x), graphs.Frobenius)
		}
		lengths := op.AddV2(s.Op("lengths"), length("first", a), length("second", b))
		half := op.Mul(s.Op("mean_length"), lengths, op.Const(s.Op("half"), float32(.5)))
		return op.Div(s.Op("relative"), change, op.AddV2(s.Op("floored"), half, op.Const(s.Op("floor"), float32(leastLength))))
	}
	return change
}

// leastLength keeps the relative change of codes of length zero finite.
const leastLength = 1e-6
