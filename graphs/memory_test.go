package graphs_test

import (
	"errors"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// TensorFlow ends the process where it cannot have what a buffer asks for.
func TestNewBufferBeyondMemory(t *testing.T) {
	for _, shape := range [][]int64{{1 << 40}, {125_000_000, 28, 28, 100}, {1 << 31, 1 << 31}, {1 << 62, 4}} {
		if _, err := graphs.NewBuffer(tf.Float, shape...); err == nil || !strings.Contains(err.Error(), "want at most ") {
			t.Errorf("%v: got %v", shape, err)
		}
	}
}

// A net that would not fit into memory is refused before it is made, with the key
// that says how many images it computes at once and with how many would fit.
func TestBuildBeyondMemory(t *testing.T) {
	build := func(m graphs.Model, rows int) error {
		d, err := m.Build(10)
		if err != nil {
			t.Fatal(err)
		}
		net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Rows: rows, RowsKey: "some.batch"}, func(b *graphs.Builder) error {
			d.Apply(b.Pass("one", graphs.Inference), b.Input("images", tf.Float, -1, 28, 28, 1).Value)
			return b.Err()
		})
		if err == nil {
			net.Close()
		}
		return err
	}
	wide := graphs.DefaultModel()
	wide.Appearance, wide.Geometry, wide.Width = 65536, 65536, 4096
	var large *graphs.MemoryError
	if err := build(wide, 1); !errors.As(err, &large) || !strings.Contains(err.Error(), "lower model.appearance") {
		t.Errorf("large layers: got %v", err)
	}
	if err := build(graphs.DefaultModel(), 1<<30); !errors.As(err, &large) || !strings.HasPrefix(err.Error(), "some.batch: want at most") || !strings.Contains(err.Error(), "images would fit") {
		t.Errorf("many rows: got %v", err)
	}
	small := graphs.DefaultModel()
	small.Appearance, small.Geometry, small.Width = 2, 2, 2
	if err := build(small, 10); err != nil {
		t.Error(err)
	}
}
