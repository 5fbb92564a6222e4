package checks

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

func TestLargeRadius(t *testing.T) {
	for _, n := range attacks.Threats {
		for _, c := range []struct {
			v    attacks.Victim
			want Status
		}{{plainNet().victim(0), Pass}, {Quantised(plainNet().victim(0), 8), Fail}} {
			s := openModelIn(t, n, c.v)
			r := runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(100), Eps: .3, N: 30}, "C03")["C03"]
			if n == attacks.L1 {
				c.want = Skip
			}
			expect(t, r, c.want)
		}
	}
}

// The decision boundary depends on the mean alone. A perturbation of half the
// range does not reach it, one of the whole range does. Where the gradient is
// zero, random starts succeed on some images.
func TestFarBoundary(t *testing.T) {
	mean := func(bias float32) attacks.Victim {
		v := attacks.Victim{H: side, W: side, C: 1, Classes: 2}
		v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
			m := op.Mean(s.Op("mean"), s.Reshape(images, side*side), op.Const(s.Op("axis"), int32(1)), op.MeanKeepDims(true))
			z := op.Sub(s.Op("above"), m, op.Const(s.Op("bias"), bias))
			return op.ConcatV2(s.Op("logits"), []tf.Output{op.Neg(s.Op("below"), z), z}, op.Const(s.Op("last"), int32(1)))
		}
		return v
	}
	darkImages := func(n int) attacks.Images {
		set := patterns(5, n, .05)
		clear(set.Labels) // all means are below the boundary
		return set
	}
	run := func(v attacks.Victim, set attacks.Images) Result {
		s := openModel(t, v)
		return runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: set, Eps: .1, N: set.Len()}, "C03")["C03"]
	}
	expect(t, run(mean(.6), darkImages(30)), Pass)
	r := run(mean(.98), darkImages(30))
	expect(t, r, Fail)
	if len(r.Images) != 0 {
		t.Errorf("images %v: at eps 1 all are misclassified", r.Images)
	}
	r = run(Quantised(mean(.46), 64), darkImages(30))
	expect(t, r, Fail)
	if !strings.HasPrefix(r.Value, "correct at eps 0.5: 22 of 30 (73.3 %,") || len(r.Images) == 0 {
		t.Errorf("images %v, %s: want 22 at eps .5, which chance allows, and some at eps 1", r.Images, r.Value)
	}
}
