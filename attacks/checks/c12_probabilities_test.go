package checks

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

func TestProbabilities(t *testing.T) {
	softmax := wrapNet(identity, func(s *graphs.Scope, z tf.Output) tf.Output { return op.Softmax(s.Op("softmax"), z) })
	expect(t, checkModel(t, softmax, nil, "C12")["C12"], Fail)
	sigmoid := wrapNet(identity, func(s *graphs.Scope, z tf.Output) tf.Output { return op.Sigmoid(s.Op("sigmoid"), z) })
	expect(t, checkModel(t, sigmoid, nil, "C12")["C12"], Pass) // in [0,1], but with another sum
}
