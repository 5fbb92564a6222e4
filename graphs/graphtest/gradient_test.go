package graphtest

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// A check that cannot fail checks nothing: gradients that are wrong in one way
// or another must be reported.
func TestGradientFindsErrors(t *testing.T) {
	// What the gradient takes for a constant and the finite difference does not.
	constant := func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.StopGradient(s.Op("constant"), x)
	}
	x := Normal(1, 1, 3, 4)
	for name, c := range map[string]struct {
		f    func(s *graphs.Scope, x tf.Output) tf.Output
		says string // "" where the gradient is right
	}{
		"right": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Mul(s.Op("square"), x, x)
		}, ""},
		"a factor missing": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Mul(s.Op("square"), x, constant(s, x))
		}, "by finite differences"},
		"one element of twelve missing": {func(s *graphs.Scope, x tf.Output) tf.Output {
			one := op.Const(s.Op("one"), []float32{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			one = op.Reshape(s.Op("dims"), one, op.Const(s.Op("shape"), []int32{3, 4}))
			return op.AddV2(s.Op("sum"), x, op.Mul(s.Op("lost"), constant(s, x), one))
		}, "by finite differences"},
		"zero": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Mul(s.Op("nothing"), x, op.Const(s.Op("zero"), float32(0)))
		}, "not zero everywhere"},
		"infinite": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Sqrt(s.Op("root"), op.Mul(s.Op("nothing"), x, op.Const(s.Op("zero"), float32(0))))
		}, "finite gradient"},
		"of a variable": {func(s *graphs.Scope, x tf.Output) tf.Output {
			v := s.Variable("v", graphs.Trainable, graphs.Constant(2), 4)
			return op.AddV2(s.Op("sum"), op.Mul(s.Op("square"), v, constant(s, v)), x)
		}, "v, direction 0"},
	} {
		t.Run(name, func(t *testing.T) {
			o := collect([]Option{Within(1e-2)})
			found := strings.Join(build(t, Unary(c.f), []Array{x}, o, true).mismatches(t, []Array{x}, o), "\n")
			if (found != "") != (c.says != "") || !strings.Contains(found, c.says) {
				t.Errorf("want a report that says %q, got %q", c.says, found)
			}
		})
	}
}
