package engine

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// reapplied are the ops of one operand that shift with it: each is applied to x
// as it is in y.
var reapplied = map[string]func(s *graphs.Scope, y, x tf.Output) tf.Output{
	"Identity":     func(s *graphs.Scope, _, x tf.Output) tf.Output { return op.Identity(s.Op("centred"), x) },
	"StopGradient": func(s *graphs.Scope, _, x tf.Output) tf.Output { return op.StopGradient(s.Op("centred"), x) },
	"EnsureShape":  func(s *graphs.Scope, y, x tf.Output) tf.Output { return op.EnsureShape(s.Op("centred"), x, y.Shape()) },
	"Cast":         func(s *graphs.Scope, y, x tf.Output) tf.Output { return op.Cast(s.Op("centred"), x, y.DataType()) },
	"Neg":          func(s *graphs.Scope, _, x tf.Output) tf.Output { return op.Neg(s.Op("centred"), x) },
	"Softmax":      func(s *graphs.Scope, _, x tf.Output) tf.Output { return op.Softmax(s.Op("centred"), x) },
	"LogSoftmax":   func(s *graphs.Scope, _, x tf.Output) tf.Output { return op.LogSoftmax(s.Op("centred"), x) },
	"Reshape":      func(s *graphs.Scope, y, x tf.Output) tf.Output { return op.Reshape(s.Op("centred"), x, operand(y, 1)) },
	"ExpandDims": func(s *graphs.Scope, y, x tf.Output) tf.Output {
		return op.ExpandDims(s.Op("centred"), x, operand(y, 1))
	},
	"Mean": func(s *graphs.Scope, y, x tf.Output) tf.Output { // of the pixels that logits are computed for
		keep, _ := y.Op.Attr("keep_dims")
		return op.Mean(s.Op("centred"), x, operand(y, 1), op.MeanKeepDims(keep == true))
	},
	"Squeeze": func(s *graphs.Scope, y, x tf.Output) tf.Output {
		dims, _ := y.Op.Attr("squeeze_dims")
		list, _ := dims.([]int64)
		return op.Squeeze(s.Op("centred"), x, op.SqueezeAxis(list))
	},
}

// keepsClasses tells whether a mean is known not to be taken over the classes.
func keepsClasses(y tf.Output) bool {
	rank := operand(y, 0).Shape().NumDimensions()
	value, err := operand(y, 1).Op.Attr("value")
	axes, ok := value.(*tf.Tensor)
	if err != nil || !ok || rank < 1 || axes.DataType() != tf.Int32 {
		return false
	}
	list := graphs.Ints(nil, axes)
	return !slices.Contains(list, int32(rank-1)) && !slices.Contains(list, -1)
}

// operand is input i of y's op.
func operand(y tf.Output, i int) tf.Output { return tf.Consumer{Op: y.Op, Index: i}.Producer() }
