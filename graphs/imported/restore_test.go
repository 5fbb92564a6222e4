package imported_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/importedtest"
)

// notANumber is a network with a weight that is NaN.
type notANumber struct{ importedtest.Fake }

func (n notANumber) ReadWeight(name string) ([]float32, error) {
	values, err := n.Fake.ReadWeight(name)
	values = slices.Clone(values)
	values[1] = float32(math.NaN())
	return values, err
}

// A network in two passes has one set of variables, which get the file's values.
func TestRestore(t *testing.T) {
	f := importedtest.Fake{H: 4, W: 4, C: 1, K: 3, Seed: 7}
	var ends [2][]tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in := b.Input("images", tf.Float, -1, 4, 4, 1)
		for i, pass := range []string{"a", "b"} {
			ends[i] = f.Declare(b.Pass(pass, graphs.Inference).In("net"), in.Value, imported.Scores)
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if err := imported.Restore(f, net, "net"); err != nil {
		t.Fatal(err)
	}
	if n := len(net.Vars.All()); n != 3 {
		t.Fatalf("%d variables, want 3", n)
	}
	for _, w := range f.Weights() {
		want, _ := f.ReadWeight(w.Name)
		got, err := net.Run(nil, []tf.Output{net.Vars.Find("net/" + w.Name).Read})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(graphs.Floats(nil, got[0]), want) {
			t.Errorf("%s: not the values of the file", w.Name)
		}
	}
	if err := net.AssignAll(map[string][]float32{"net/dense/bias": make([]float32, 2)}); err == nil {
		t.Error("a variable took too few values")
	}
	if err := imported.Restore(notANumber{f}, net, "net"); err == nil || !strings.Contains(err.Error(), "got NaN at place 1 of") {
		t.Errorf("a weight that is NaN: got %v", err)
	}
}

func TestNames(t *testing.T) {
	var n imported.Names
	for _, c := range [][2]string{
		{"conv1/kernel:0", "conv1/kernel_0"}, {"Conv1/kernel_0", "Conv1/kernel_0_2"}, {"onnx::Conv_12", "onnx__Conv_12"},
		{"", "w"}, {"/a/", "a"}, {"_x", "w_x"}, {"größe", "gr__e"},
	} {
		if got := n.Unique(c[0]); got != c[1] {
			t.Errorf("%q became %q, want %q", c[0], got, c[1])
		}
	}
}
