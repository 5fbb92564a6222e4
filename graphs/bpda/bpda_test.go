package bpda

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// function is a part of a graph under test.
type function = func(s *graphs.Scope, x tf.Output) tf.Output

func constant(s *graphs.Scope, v any) tf.Output { return op.Const(s.Op("c"), v) }

func floats(s *graphs.Scope, x tf.Output) tf.Output { return op.Cast(s.Op("floats"), x, tf.Float) }

// form is one of the forms under test.
type form = func(s *graphs.Scope, y, x tf.Output) (tf.Output, []Replacement)

// measured are the values of a function of x [1,n] before and after a rewrite, the
// gradient of the sum of the rewritten one, and what was replaced.
type measured struct {
	before, after, gradient []float32
	replaced                []Replacement
}

// measure computes them at each of some points, in one net.
func measure(t *testing.T, f function, form form, points ...[]float32) []measured {
	t.Helper()
	var in graphs.Input
	var y, z, g tf.Output
	var replaced []Replacement
	width := int64(len(points[0]))
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("x", tf.Float, -1, width)
		y = f(b.Pass("plain", graphs.Inference), in.Value)
		s := b.Pass("form", graphs.Inference)
		if z, replaced = form(s, y, in.Value); s.OK() {
			g = graphs.Gradients(s, z, in.Value)[0]
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	buffer, err := graphs.NewBuffer(tf.Float, 1, width)
	if err != nil {
		t.Fatal(err)
	}
	var all []measured
	for _, x := range points {
		copy(buffer.Float32(), x)
		out, err := net.Run(graphs.Feeds{in.Feed: buffer.Tensor}, []tf.Output{y, z, g})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, measured{graphs.Floats(nil, out[0]), graphs.Floats(nil, out[1]), graphs.Floats(nil, out[2]), replaced})
	}
	return all
}

func plain(s *graphs.Scope, y, x tf.Output) (tf.Output, []Replacement) {
	return Differentiable(s, y, x), nil
}

// rows are functions without a plain gradient. Their straight-through gradient is
// want, or where that is nil it has the signs of signs.
var rows = []struct {
	name        string
	f           function
	x           []float32
	want, signs []float32
}{
	{"floor", func(s *graphs.Scope, x tf.Output) tf.Output { return op.Floor(s.Op("o"), x) }, []float32{.2, 1.7}, []float32{1, 1}, nil},
	{"ceil", func(s *graphs.Scope, x tf.Output) tf.Output { return op.Ceil(s.Op("o"), x) }, []float32{.2, 1.7}, []float32{1, 1}, nil},
	{"round", func(s *graphs.Scope, x tf.Output) tf.Output { return op.Round(s.Op("o"), x) }, []float32{.2, 1.7}, []float32{1, 1}, nil},
	{"rint of three times", func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Rint(s.Op("o"), op.Mul(s.Op("m"), x, constant(s, float32(3))))
	}, []float32{.2, 1.7}, []float32{3, 3}, nil},
	{"square of round", func(s *graphs.Scope, x tf.Output) tf.Output { return op.Square(s.Op("o"), op.Round(s.Op("r"), x)) }, []float32{.2, 1.7}, []float32{0, 4}, nil},
	{"stop", func(s *graphs.Scope, x tf.Output) tf.Output { return op.StopGradient(s.Op("o"), x) }, []float32{.2, 1.7}, []float32{1, 1}, nil},
	{"floor by remainder", func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sub(s.Op("o"), x, op.FloorMod(s.Op("m"), x, constant(s, float32(1))))
	}, []float32{.2, 1.7}, []float32{1, 1}, nil},
	{"floor by division", func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.FloorDiv(s.Op("o"), x, constant(s, float32(.5)))
	}, []float32{.2, 1.7}, []float32{2, 2}, nil},
	{"integers", func(s *graphs.Scope, x tf.Output) tf.Output {
		i := op.Cast(s.Op("i"), x, tf.Int32)
		i = op.Mul(s.Op("m"), op.AddV2(s.Op("a"), i, constant(s, int32(1))), constant(s, int32(5)))
		return floats(s, op.Reshape(s.Op("flat"), i, constant(s, []int32{-1})))
	}, []float32{2.2, 1.7}, []float32{5, 5}, nil},
	{"shifted integers", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.RightShift(s.Op("o"), op.Cast(s.Op("i"), x, tf.Int32), constant(s, int32(2))))
	}, []float32{9, 30}, []float32{.25, .25}, nil},
	{"masked integers", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.BitwiseAnd(s.Op("o"), op.Cast(s.Op("i"), x, tf.Int32), constant(s, int32(0xf8))))
	}, []float32{9, 30}, []float32{1, 1}, nil},
	{"bits of a float", func(s *graphs.Scope, x tf.Output) tf.Output {
		bits := op.BitwiseAnd(s.Op("o"), op.Bitcast(s.Op("i"), x, tf.Int32), constant(s, int32(-1<<20)))
		return op.Bitcast(s.Op("f"), bits, tf.Float)
	}, []float32{9, 30}, []float32{1, 1}, nil},
	{"a quantised type", func(s *graphs.Scope, x tf.Output) tf.Output {
		q, lo, hi := op.QuantizeV2(s.Op("q"), x, constant(s, float32(0)), constant(s, float32(1)), tf.Quint8)
		return op.Dequantize(s.Op("d"), q, lo, hi)
	}, []float32{.2, .7}, []float32{1, 1}, nil},
	{"text", func(s *graphs.Scope, x tf.Output) tf.Output {
		text := op.AsString(s.Op("t"), x, op.AsStringPrecision(1))
		return op.StringToNumber(s.Op("n"), text)
	}, []float32{.22, .77}, []float32{1, 1}, nil},
	{"a lossy picture", func(s *graphs.Scope, x tf.Output) tf.Output {
		bytes := op.Cast(s.Op("b"), op.Reshape(s.Op("r"), x, constant(s, []int32{2, 2, 1})), tf.Uint8)
		picture := op.DecodeJpeg(s.Op("d"), op.EncodeJpeg(s.Op("e"), bytes, op.EncodeJpegQuality(50)), op.DecodeJpegChannels(1))
		return op.Reshape(s.Op("flat"), floats(s, picture), constant(s, []int32{1, 4}))
	}, []float32{20, 70, 120, 200}, []float32{1, 1, 1, 1}, nil},
	{"sign", func(s *graphs.Scope, x tf.Output) tf.Output { return op.Sign(s.Op("o"), x) }, []float32{.2, -1.7}, nil, []float32{1, 1}},
	{"greater", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.Greater(s.Op("o"), x, constant(s, float32(.5))))
	}, []float32{.2, .7}, nil, []float32{1, 1}},
	{"less", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.Less(s.Op("o"), x, constant(s, float32(.5))))
	}, []float32{.2, .7}, nil, []float32{-1, -1}},
	{"not", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.LogicalNot(s.Op("n"), op.Less(s.Op("o"), x, constant(s, float32(.5)))))
	}, []float32{.2, .7}, nil, []float32{1, 1}},
	{"all between", func(s *graphs.Scope, x tf.Output) tf.Output {
		both := op.LogicalAnd(s.Op("b"), op.Less(s.Op("o"), x, constant(s, float32(5))), op.Greater(s.Op("g"), x, constant(s, float32(4))))
		return floats(s, op.All(s.Op("n"), both, constant(s, int32(1))))
	}, []float32{3.9, 5.2}, nil, []float32{1, -1}},
	{"selected", func(s *graphs.Scope, x tf.Output) tf.Output {
		low, high := constant(s, [][]float32{{1, 1}}), constant(s, [][]float32{{3, 3}})
		return op.Select(s.Op("o"), op.Less(s.Op("l"), x, constant(s, [][]float32{{.5, .5}})), low, high)
	}, []float32{.2, .7}, nil, []float32{1, 1}},
	{"selected by broadcasting, with infinities", func(s *graphs.Scope, x tf.Output) tf.Output {
		masked := op.Log(s.Op("log"), constant(s, float32(0)))
		y := hidden(s, "SelectV2", op.Less(s.Op("l"), x, constant(s, float32(.5))), masked, op.Square(s.Op("sq"), x))
		return op.Maximum(s.Op("m"), y, constant(s, float32(-1)))
	}, []float32{.2, .7}, nil, []float32{0, 1}},
	{"argmax", func(s *graphs.Scope, x tf.Output) tf.Output {
		return floats(s, op.ArgMax(s.Op("o"), x, constant(s, int32(1))))
	}, []float32{.2, .1, .7}, nil, []float32{-1, -1, 1}},
	{"weighted one-hot argmax", func(s *graphs.Scope, x tf.Output) tf.Output {
		hot := op.OneHot(s.Op("h"), op.ArgMax(s.Op("o"), x, constant(s, int32(1))), constant(s, int32(3)), constant(s, float32(1)), constant(s, float32(0)))
		return op.Mul(s.Op("m"), hot, constant(s, []float32{7, 0, 0}))
	}, []float32{.7, .1, .2}, nil, []float32{1, -1, -1}},
	{"lookup by argmin", func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.GatherV2(s.Op("g"), constant(s, [][]float32{{1, 2}, {0, 0}, {0, 0}}), op.ArgMin(s.Op("o"), x, constant(s, int32(1))), constant(s, int32(0)))
	}, []float32{.2, .1, .7}, nil, []float32{-1, 1, 1}},
	{"one-hot of a sort", func(s *graphs.Scope, x tf.Output) tf.Output {
		_, places := op.TopKV2(s.Op("t"), x, constant(s, int32(1)))
		first := op.Cast(s.Op("c"), op.Squeeze(s.Op("q"), places, op.SqueezeAxis([]int64{1})), tf.Int64)
		hot := op.OneHot(s.Op("h"), first, constant(s, int32(3)), constant(s, float32(1)), constant(s, float32(0)))
		return op.Mul(s.Op("m"), hot, constant(s, []float32{7, 0, 0}))
	}, []float32{.7, .1, .2}, nil, []float32{1, -1, -1}},
	{"table of buckets", func(s *graphs.Scope, x tf.Output) tf.Output {
		bucket := op.Bucketize(s.Op("b"), x, []float32{.25, .5, .75})
		return op.GatherV2(s.Op("g"), constant(s, []float32{9, 6, 3, 0}), bucket, constant(s, int32(0)))
	}, []float32{.3, .6}, nil, []float32{-1, -1}},
	{"one-hot of buckets", func(s *graphs.Scope, x tf.Output) tf.Output {
		hot := op.OneHot(s.Op("h"), op.Bucketize(s.Op("b"), x, []float32{.25, .5, .75}), constant(s, int32(4)), constant(s, float32(1)), constant(s, float32(0)))
		return op.Mul(s.Op("m"), hot, constant(s, []float32{0, 1, 2, 3}))
	}, []float32{.3, .6}, nil, []float32{1, 1}},
	{"resampled", func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.ResizeArea(s.Op("o"), op.Reshape(s.Op("r"), x, constant(s, []int32{1, 2, 2, 1})), constant(s, []int32{1, 1}))
	}, []float32{.3, .6, .1, .2}, nil, []float32{1, 0, 0, 0}},
}

// hidden adds an operation that the wrappers leave out.
func hidden(s *graphs.Scope, kind string, inputs ...tf.Output) tf.Output {
	spec := tf.OpSpec{Type: kind}
	for _, in := range inputs {
		spec.Input = append(spec.Input, in)
	}
	if o := s.Op("hidden").AddOperation(spec); o != nil {
		return o.Output(0)
	}
	return tf.Output{}
}

// Straight-through forms have exactly the value of the function and the gradient
// of what stands in for it. The plain gradient is computable, and zero.
func TestStraightThrough(t *testing.T) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			m := measure(t, r.f, StraightThrough, r.x)[0]
			if !slices.Equal(m.before, m.after) {
				t.Errorf("values %v, want %v", m.after, m.before)
			}
			if len(Approximated(m.replaced)) == 0 {
				t.Error("nothing was replaced")
			}
			for k, g := range m.gradient {
				switch {
				case r.want != nil && math.Abs(float64(g-r.want[k])) > 1e-5:
					t.Errorf("gradient %v, want %v (%s)", m.gradient, r.want, Text(m.replaced))
				case r.signs != nil && (g*r.signs[k] < 0 || r.signs[k] != 0 && g*r.signs[k] <= 0 || g-g != 0):
					t.Errorf("gradient %v, want the signs %v (%s)", m.gradient, r.signs, Text(m.replaced))
				}
			}
			p := measure(t, r.f, plain, r.x)[0]
			if !slices.Equal(p.before, p.after) {
				t.Errorf("plain: values %v, want %v", p.after, p.before)
			}
			if r.name != "selected by broadcasting, with infinities" && slices.ContainsFunc(p.gradient, func(g float32) bool { return g != 0 }) {
				t.Errorf("plain gradient %v, want zeros", p.gradient)
			}
		})
	}
}

// Beside a branch without a gradient that of the rest remains, also where
// TensorFlow would refuse all of it.
func TestPlainBesideABranch(t *testing.T) {
	for name, branch := range map[string]function{
		"refused":  func(s *graphs.Scope, x tf.Output) tf.Output { return op.Round(s.Op("r"), x) },
		"none":     func(s *graphs.Scope, x tf.Output) tf.Output { return op.Floor(s.Op("r"), x) },
		"integers": func(s *graphs.Scope, x tf.Output) tf.Output { return floats(s, op.Cast(s.Op("r"), x, tf.Int32)) },
	} {
		both := func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.AddV2(s.Op("sum"), op.Square(s.Op("square"), x), branch(s, op.Mul(s.Op("five"), x, constant(s, float32(5)))))
		}
		for _, c := range []struct {
			form form
			want []float32
		}{{plain, []float32{1, 3}}, {StraightThrough, []float32{6, 8}}} {
			if m := measure(t, both, c.form, []float32{.5, 1.5})[0]; !slices.Equal(m.gradient, c.want) || !slices.Equal(m.before, m.after) {
				t.Errorf("%s: gradient %v, want %v; values %v, want %v", name, m.gradient, c.want, m.after, m.before)
			}
		}
	}
}

// Operations whose gradient only TensorFlow's C++ library lacks have their true
// gradient in either form, which differences confirm.
func TestTrueGradients(t *testing.T) {
	for name, f := range map[string]function{
		"sorted": func(s *graphs.Scope, x tf.Output) tf.Output {
			v, _ := op.TopKV2(s.Op("t"), x, constant(s, int32(3)))
			return op.Mul(s.Op("m"), v, constant(s, []float32{1, 10, 100}))
		},
		"patches": func(s *graphs.Scope, x tf.Output) tf.Output {
			image := op.Reshape(s.Op("r"), x, constant(s, []int32{1, 2, 2, 1}))
			p := op.ExtractImagePatches(s.Op("p"), image, []int64{1, 2, 2, 1}, []int64{1, 1, 1, 1}, []int64{1, 1, 1, 1}, "SAME")
			return op.Square(s.Op("o"), op.Sum(s.Op("sum"), p, constant(s, int32(3))))
		},
		"pooled": func(s *graphs.Scope, x tf.Output) tf.Output {
			v, _ := op.MaxPoolWithArgmax(s.Op("p"), op.Reshape(s.Op("r"), x, constant(s, []int32{1, 2, 2, 1})), []int64{1, 2, 2, 1}, []int64{1, 2, 2, 1}, "VALID")
			return op.Square(s.Op("o"), v)
		},
		"gathered": func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Square(s.Op("o"), op.Gather(s.Op("g"), op.Reshape(s.Op("r"), x, constant(s, []int32{4})), constant(s, []int32{3, 0})))
		},
		"erfc": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Erfc(s.Op("o"), x) },
		"checked": func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Square(s.Op("o"), op.EnsureShape(s.Op("e"), x, tf.MakeShape(-1, 4)))
		},
		"ones like": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Mul(s.Op("o"), x, op.OnesLike(s.Op("e"), x)) },
		"nothing":   func(s *graphs.Scope, x tf.Output) tf.Output { return op.Tanh(s.Op("o"), x) },
	} {
		t.Run(name, func(t *testing.T) {
			const h = 1e-3
			points := [][]float32{{.3, .9, .1, .6}}
			for k := range points[0] {
				for _, d := range []float32{-h, h} {
					y := slices.Clone(points[0])
					y[k] += d
					points = append(points, y)
				}
			}
			for _, form := range []form{plain, StraightThrough} {
				all := measure(t, f, form, points...)
				m := all[0]
				if len(Approximated(m.replaced)) > 0 || !slices.EqualFunc(m.before, m.after, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }) {
					t.Errorf("replaced %s, values %v, want %v", Text(m.replaced), m.after, m.before)
				}
				for k, g := range m.gradient {
					if want := (sum(all[2+2*k].before) - sum(all[1+2*k].before)) / (2 * h); math.Abs(float64(g)-want) > 1e-2*(1+math.Abs(want)) {
						t.Errorf("gradient %v at %d, differences say %g", m.gradient, k, want)
					}
				}
			}
		})
	}
}

func sum(x []float32) float64 {
	total := 0.
	for _, v := range x {
		total += float64(v)
	}
	return total
}

// A net without such operations is left as it is.
func TestUnchanged(t *testing.T) {
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		x := b.Input("x", tf.Float, -1, 8, 8, 3)
		s := b.Pass("net", graphs.Inference)
		y := graphs.Dense{Out: 4}.Apply(s.In("out"), s.Flatten(op.Relu(s.Op("relu"), graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("conv"), x.Value))))
		f := b.Pass("form", graphs.Inference)
		z, replaced := StraightThrough(f, y, x.Value)
		if z != y || len(replaced) > 0 || Differentiable(f, y, x.Value) != y {
			t.Errorf("replaced %v", replaced)
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A graph that was imported, with control inputs, devices and names of its own, is
// rewritten like one that was built.
func TestImportedGraph(t *testing.T) {
	foreign := op.NewScope()
	x := op.Placeholder(foreign, tf.Float, op.PlaceholderShape(tf.MakeShape(-1, 2)))
	noop := op.NoOp(foreign)
	tripled := op.Mul(foreign.SubScope("block_1").WithControlDependencies(noop).WithDevice("/cpu:0"), op.Round(foreign.SubScope("block_0"), x), op.Const(foreign.SubScope("three"), float32(3)))
	y := op.Square(foreign.SubScope("head"), tripled)
	graph, err := foreign.Finalize()
	if err != nil {
		t.Fatal(err)
	}
	var def bytes.Buffer
	if _, err := graph.WriteTo(&def); err != nil {
		t.Fatal(err)
	}
	m := measure(t, func(s *graphs.Scope, in tf.Output) tf.Output {
		var o tf.GraphImportOptions
		o.Prefix = "foreign"
		o.AddInputMapping(x.Op.Name(), 0, in)
		g := s.Builder().Graph()
		if err := g.ImportWithOptions(def.Bytes(), o); err != nil {
			t.Fatal(err)
		}
		return g.Operation("foreign/" + y.Op.Name()).Output(0)
	}, StraightThrough, []float32{.2, 1.7})[0]
	if !slices.Equal(m.after, m.before) || !slices.Equal(m.gradient, []float32{0, 36}) {
		t.Errorf("values %v, want %v; gradient %v, want [0 36]", m.after, m.before, m.gradient)
	}
}

// Functions and loops are refused by name.
func TestFlowIsRefused(t *testing.T) {
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		x := b.Input("x", tf.Float, -1, 2)
		s := b.Pass("loop", graphs.Inference)
		entered := s.Op("enter").AddOperation(tf.OpSpec{Type: "Enter", Input: []tf.Input{x.Value}, Attrs: map[string]any{"frame_name": "loop"}})
		left := s.Op("exit").AddOperation(tf.OpSpec{Type: "Exit", Input: []tf.Input{entered.Output(0)}})
		if CheckPath(left.Output(0), x.Value) == nil {
			t.Error("the check of the path finds nothing")
		}
		StraightThrough(b.Pass("form", graphs.Inference), left.Output(0), x.Value)
		return b.Err()
	})
	if err == nil || !strings.Contains(err.Error(), "Enter") || len(err.Error()) > 300 {
		t.Errorf("error %v: want one that names Enter", err)
	}
}
