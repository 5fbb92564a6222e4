package graphtest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// verdict is a testing.TB that only counts failures.
type verdict struct {
	testing.TB
	failed bool
}

func (v *verdict) Helper()               {}
func (v *verdict) Errorf(string, ...any) { v.failed = true }

func TestChecksCanFail(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		check func(t testing.TB)
		fails bool
	}{
		"near":                {func(t testing.TB) { Near(t, "", []float32{1, 100}, []float64{1.01, 101}, .011) }, false},
		"not near":            {func(t testing.TB) { Near(t, "", []float32{1}, []float64{1.02}, .011) }, true},
		"near, NaN":           {func(t testing.TB) { Near(t, "", []float32{nan}, []float64{math.NaN()}, 1) }, true},
		"near, lengths":       {func(t testing.TB) { Near(t, "", []float32{1}, nil, 1) }, true},
		"equal":               {func(t testing.TB) { Equal(t, "", []float32{1, nan}, []float32{1, nan}) }, false},
		"not equal":           {func(t testing.TB) { Equal(t, "", []float32{1}, []float32{1.0000001}) }, true},
		"equal, lengths":      {func(t testing.TB) { Equal(t, "", []float32{1}, nil) }, true},
		"says":                {func(t testing.TB) { Says(t, errors.New("a b"), "a", "b") }, false},
		"says less":           {func(t testing.TB) { Says(t, errors.New("a b"), "a", "c") }, true},
		"says nothing":        {func(t testing.TB) { Says(t, nil) }, true},
		"says two lines":      {func(t testing.TB) { Says(t, errors.New("a\nb"), "a") }, true},
		"not refused":         {func(t testing.TB) { Refused(t, func(*graphs.Builder) {}) }, true},
		"golden":              {func(t testing.TB) { Golden(t, "lines.txt", "one\ntwo\n") }, false},
		"golden, other line":  {func(t testing.TB) { Golden(t, "lines.txt", "one\n2\n") }, true},
		"golden, line absent": {func(t testing.TB) { Golden(t, "lines.txt", "one\n") }, true},
	} {
		if *update && strings.HasPrefix(name, "golden") {
			continue // would write the wrong text down
		}
		v := &verdict{TB: t}
		if c.check(v); v.failed != c.fails {
			t.Errorf("%s: want failed %v, got %v", name, c.fails, v.failed)
		}
	}
}

// Between must name the ops on the way and no others: a detour that does not
// depend on x needs no gradient.
func TestBetween(t *testing.T) {
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		x, s := b.Input("x", tf.Float, -1).Value, b.Pass("p", graphs.Inference)
		before := op.Exp(s.Op("before"), x)
		y := op.Tanh(s.Op("y"), op.Sub(s.Op("sub"), before, op.Abs(s.Op("detour"), op.Const(s.Op("c"), float32(1)))))
		if got, want := fmt.Sprint(Between(y, x)), "[Exp Sub Tanh]"; got != want {
			t.Errorf("want %s, got %s", want, got)
		}
		if got, want := fmt.Sprint(Between(y, before)), "[Sub Tanh]"; got != want {
			t.Errorf("want %s, got %s", want, got)
		}
		v := &verdict{TB: t}
		if Covered(v, op.Lgamma(s.Op("unchecked"), x), x); !v.failed {
			t.Error("an op type without a row passes as covered")
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	net.Close()
}
