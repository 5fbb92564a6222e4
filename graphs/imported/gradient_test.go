package imported_test

import (
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/importedtest"
)

// check runs the check on a fake whose inside is given.
func check(t *testing.T, inside func(s *graphs.Scope, x tf.Output) tf.Output) imported.GradientCheck {
	t.Helper()
	f := importedtest.Fake{H: 6, W: 6, C: 3, K: 5, Seed: 3, Inside: inside}
	declare := func(*graphs.Builder) (imported.Function, error) {
		return imported.Function{
			Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
				return f.Declare(s.In("net"), x, imported.Scores)[0]
			},
			Restore: func(net *graphs.Net) error { return imported.Restore(f, net, "net") },
		}, nil
	}
	images := graphtest.Uniform(1, 0, 1, 8, 6, 6, 3)
	clear(images.Data[2*108:]) // black images, in which values tie
	g, err := imported.CheckGradient(graphs.Options{Device: graphs.CPU}, declare, [3]int64{6, 6, 3}, images.Data)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Right gradients pass; a stopped path, rounding and a dilated convolution, whose
// gradient TensorFlow computes wrongly, do not, and the ops are named.
func TestCheckGradient(t *testing.T) {
	if g := check(t, nil); g.Fault() != "" || g.Deviation > .04 || len(g.Missing) > 0 {
		t.Errorf("a CNN: %+v", g)
	}
	pooled := check(t, func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.MaxPool(s.Op("pool"), x, []int64{1, 3, 3, 1}, []int64{1, 1, 1, 1}, "SAME")
	})
	if pooled.Fault() != "" {
		t.Errorf("a maximum: %+v", pooled)
	}
	round := check(t, func(s *graphs.Scope, x tf.Output) tf.Output {
		ten := op.Const(s.Op("ten"), float32(10))
		return op.Floor(s.Op("floor"), op.Round(s.Op("round"), op.Mul(s.Op("scaled"), x, ten)))
	})
	if !slices.Equal(round.Missing, []string{"Floor", "Round"}) || !strings.Contains(round.Fault(), "Floor, Round") {
		t.Errorf("rounding: %+v, %q", round, round.Fault())
	}
	half := check(t, func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Add(s.Op("sum"), x, op.StopGradient(s.Op("stop"), op.Square(s.Op("square"), x)))
	})
	if half.Deviation < imported.MostDeviation {
		t.Errorf("half of the path has a gradient: %+v", half)
	}
}
