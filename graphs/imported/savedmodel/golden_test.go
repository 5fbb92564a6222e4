package savedmodel_test

import (
	"archive/tar"
	"compress/bzip2"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bpda"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
	"unwarp/pipelines/npz"
)

// unpacked is the folder of the models that tools/golden/savedmodels.py wrote.
var unpacked = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "savedmodels")
	if err != nil {
		return "", err
	}
	f, err := os.Open("testdata/models.tar.bz2")
	if err != nil {
		return "", err
	}
	defer f.Close()
	for r := tar.NewReader(bzip2.NewReader(f)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := unpacked(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func folder(t testing.TB, name string) string {
	t.Helper()
	dir, err := unpacked()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func record(t testing.TB) map[string]npz.Array {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.npz")
	if err != nil {
		t.Fatal(err)
	}
	all, err := npz.Decode(raw, 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func open(t testing.TB, dir string, o imported.Options) *savedmodel.Network {
	t.Helper()
	n, err := savedmodel.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// lastOf are images of the file, with its shape, as [B,H,W,C].
func lastOf(im imported.Image, x []float32, shape []int) ([]float32, []int64) {
	s := []int64{int64(shape[0])}
	switch {
	case im.ChannelsFirst:
		c, h, w := shape[1], shape[2], shape[3]
		out := make([]float32, len(x))
		for b := range shape[0] {
			for k := range c {
				for p := range h * w {
					out[(b*h*w+p)*c+k] = x[(b*c+k)*h*w+p]
				}
			}
		}
		return out, append(s, int64(h), int64(w), int64(c))
	case len(shape) == 2:
		return x, append(s, 1, int64(shape[1]), 1)
	case len(shape) == 3:
		return x, append(s, int64(shape[1]), int64(shape[2]), 1)
	}
	return x, append(s, int64(shape[1]), int64(shape[2]), int64(shape[3]))
}

// forwardOnly are the models without a gradient.
var forwardOnly = []string{"forward_only", "loop"}

// measured are scores and the gradient of their sum, weighted as in the script.
func measured(t testing.TB, n imported.Network, x []float32, shape []int64) (scores, gradient []float32) {
	t.Helper()
	out := run(t, n, x, shape, func(s *graphs.Scope, y, x tf.Output) tf.Output {
		weights := make([][]float32, shape[0])
		for i := range weights {
			weights[i] = make([]float32, n.Signature().Classes)
			for k := range weights[i] {
				weights[i][k] = float32(math.Cos(float64(1 + 3*i + k)))
			}
		}
		return graphs.Gradients(s, op.Mul(s.Op("weighted"), y, op.Const(s.Op("weights"), weights)), x)[0]
	})
	return out[0], out[1]
}

// run returns the scores of images and, if it is given, more of them.
func run(t testing.TB, n imported.Network, x []float32, shape []int64, more func(s *graphs.Scope, y, x tf.Output) tf.Output) (values [][]float32) {
	t.Helper()
	var in graphs.Input
	var fetches []tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("images", tf.Float, -1, shape[1], shape[2], shape[3])
		s := b.Pass("net", graphs.Inference)
		fetches = n.Declare(s.In("file"), in.Value, imported.Scores)
		if s.OK() && more != nil {
			fetches = append(fetches, more(s, fetches[0], in.Value))
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if err := imported.Restore(n, net, "file"); err != nil {
		t.Fatal(err)
	}
	out, err := net.Run(graphs.Feeds{in.Feed: graphtest.Of(x, shape...).Tensor(t)}, fetches)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range out {
		values = append(values, graphs.Floats(nil, v))
	}
	return values
}

// difference is that of two lists, relative to the second, in L2.
func difference(a, b []float32) float64 {
	d, n := 0., 0.
	for i := range b {
		d += math.Pow(float64(a[i])-float64(b[i]), 2)
		n += math.Pow(float64(b[i]), 2)
	}
	return math.Sqrt(d / n)
}

// Scores and input gradients of each kind of model are those of Python's TensorFlow.
func TestAgainstPython(t *testing.T) {
	all := record(t)
	for key := range all {
		name, what, _ := strings.Cut(key, "/")
		if what != "images" || slices.Contains(forwardOnly, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			n := open(t, folder(t, name), imported.Options{})
			x, shape := lastOf(n.Signature().Input, all[key].Float32s(), all[key].Shape())
			y, g := measured(t, n, x, shape)
			want, _ := lastOf(n.Signature().Input, all[name+"/gradient"].Float32s(), all[key].Shape())
			if logits := all[name+"/logits"].Float32s(); len(y) != len(logits) || !(difference(y, logits) < 1e-5) {
				t.Errorf("scores %v, want %v", y, logits)
			}
			if d := difference(g, want); len(g) != len(want) || !(d < 1e-5) {
				t.Errorf("the gradient differs by %.2g", d)
			}
		})
	}
}

// Networks with loops, or ops without a gradient, can be run.
func TestForwardOnly(t *testing.T) {
	all := record(t)
	for _, name := range forwardOnly {
		n := open(t, folder(t, name), imported.Options{})
		x, shape := lastOf(n.Signature().Input, all[name+"/images"].Float32s(), all[name+"/images"].Shape())
		blocked := false
		y := run(t, n, x, shape, func(s *graphs.Scope, y, x tf.Output) tf.Output {
			blocked = bpda.CheckPath(y, x) != nil
			return y
		})[0]
		if want := all[name+"/logits"].Float32s(); len(y) != len(want) || !(difference(y, want) < 1e-5) {
			t.Errorf("%s: scores %v, want %v", name, y, want)
		}
		if blocked != (name == "loop") || blocked && !strings.Contains(strings.Join(n.Signature().Remarks, " "), "Loops are kept") {
			t.Errorf("%s: the path is blocked: %v; remarks %q", name, blocked, n.Signature().Remarks)
		}
	}
}
