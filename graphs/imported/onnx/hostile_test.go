package onnx_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
	"unwarp/graphs/onnx/format"
)

// model is a file of nodes from an input x [1,3,8,8] to y.
func model(nodes []*format.Node, constants ...*format.Tensor) *format.Model {
	sizes := func(d ...int64) (dims []format.Dim) {
		for _, n := range d {
			dims = append(dims, format.Dim{Size: n})
		}
		return dims
	}
	return &format.Model{IR: 8, Sets: map[string]int64{"": 17}, Graph: &format.Graph{Name: "g", Nodes: nodes, Constants: constants,
		In:  []format.Value{{Name: "x", Type: format.Float, Dims: sizes(1, 3, 8, 8), Shaped: true}},
		Out: []format.Value{{Name: "y", Type: format.Float, Dims: sizes(1, 192), Shaped: true}}}}
}

func plain(op, out string, in ...string) *format.Node {
	return &format.Node{Op: op, Name: "n_" + out, In: in, Out: []string{out}}
}

// What cannot be read is refused, and the error says what and where.
func TestRefused(t *testing.T) {
	flat := plain("Flatten", "y", "a")
	loop := plain("Loop", "a", "x")
	for name, c := range map[string]struct {
		model *format.Model
		want  string
	}{
		"a cycle":              {model([]*format.Node{plain("Add", "a", "x", "y"), flat}), "without cycles"},
		"a value twice":        {model([]*format.Node{plain("Relu", "a", "x"), plain("Neg", "a", "x"), flat}), `"a" is computed twice`},
		"a missing value":      {model([]*format.Node{plain("Add", "a", "x", "z"), flat}), `"n_a" (Add): want a value "z", which nothing computes`},
		"a loop":               {model([]*format.Node{loop, flat}), `Loop (1, first "n_a")`},
		"two missing ops":      {model([]*format.Node{plain("Det", "b", "x"), plain("NonZero", "a", "b"), flat}), `Det (1, first "n_b"), NonZero (1, first "n_a")`},
		"no dependence":        {model([]*format.Node{plain("Relu", "a", "w"), flat}, format.Floats("w", []int64{1, 2}, []float32{1, 2})), "depend on an input"},
		"an old operator set":  {old(), "operator set 9 to"},
		"a negative size":      {model([]*format.Node{plain("Reshape", "y", "x", "s")}, format.Int64s("s", []int64{2}, []int64{1, -7})), "sizes of at least 0"},
		"a huge pad":           {model([]*format.Node{plain("Pad", "a", "x", "s"), flat}, format.Int64s("s", []int64{8}, []int64{0, 0, 0, 0, 0, 0, 1 << 40, 0})), "paddings"},
		"a huge expansion":     {model([]*format.Node{plain("Expand", "b", "w", "s"), plain("Add", "a", "x", "b"), flat}, format.Floats("w", []int64{1, 1, 1, 1}, []float32{1}), format.Int64s("s", []int64{4}, []int64{1 << 30, 3, 1 << 30, 8})), "want at most"},
		"a wrong kernel":       {model([]*format.Node{plain("Conv", "a", "x", "w"), flat}, format.Floats("w", []int64{2, 5, 1, 1}, make([]float32, 10))), "a kernel [2 5 1 1] fits"},
		"an axis out of range": {model([]*format.Node{{Op: "Concat", Name: "n", In: []string{"x", "x"}, Out: []string{"a"}, Attributes: []format.Attribute{format.Int("axis", 9)}}, flat}), "axis"},
		"trees":                {model([]*format.Node{{Domain: "ai.onnx.ml", Op: "TreeEnsembleClassifier", Name: "n", In: []string{"x"}, Out: []string{"y"}}}), "TreeEnsembleClassifier (1, first"},
		"no graph":             {nil, "not an ONNX file"},
	} {
		data := []byte{8, 8}
		if c.model != nil {
			data = c.model.Encode()
		}
		_, err := onnx.Decode(data, "a.onnx", imported.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: an error of %d characters: %v", name, len(err.Error()), err)
		}
	}
}

func old() *format.Model {
	m := model([]*format.Node{plain("Flatten", "y", "x")})
	m.Sets[""] = 6
	return m
}

// Tensors whose sizes and values do not fit, or are none, are refused before memory is
// taken.
func TestRefusedTensors(t *testing.T) {
	for name, c := range map[string]struct {
		dims []uint64
		raw  int
		want string
	}{
		"too few values":  {[]uint64{2, 3}, 20, "want 24 bytes"},
		"a negative size": {[]uint64{1<<64 - 1}, 4, "sizes of at least 0"},
		"an endless one":  {[]uint64{1 << 40, 1 << 40}, 4, "whose product can be counted"},
		"a huge one":      {[]uint64{1 << 50}, 4, "want 4503599627370496 bytes"},
	} {
		var raw []byte
		for _, d := range c.dims {
			raw = protowire.AppendVarint(protowire.AppendTag(raw, 1, protowire.VarintType), d)
		}
		raw = protowire.AppendVarint(protowire.AppendTag(raw, 2, protowire.VarintType), 1)
		raw = protowire.AppendBytes(protowire.AppendTag(raw, 9, protowire.BytesType), make([]byte, c.raw))
		if _, err := format.ParseTensor(raw); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
	}
}

// Values in a file beside the network are read below its folder alone.
func TestExternalFiles(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "net")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, size := range map[string]int{filepath.Join(dir, "secret"): 4 * 192, filepath.Join(inside, "short"): 8, filepath.Join(inside, "good"): 4*192 + 16} {
		if err := os.WriteFile(path, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"good": "", "../secret": "beside the network or below", filepath.Join(dir, "secret"): "beside the network or below",
		"link": "escapes", "short": "cut off", "missing": "is missing", ".": "plain file",
	} {
		m := model([]*format.Node{plain("Add", "a", "x", "w"), plain("Flatten", "y", "a")}).Encode()
		m = withExternal(m, place)
		_, err := onnx.Decode(m, filepath.Join(inside, "net.onnx"), imported.Options{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: want %q, got %v", place, want, err)
		}
	}
}

// withExternal adds an initialiser w [3,8,8] whose values lie at 16 in a file.
func withExternal(m []byte, place string) []byte {
	text := func(raw []byte, number protowire.Number, v string) []byte {
		return protowire.AppendString(protowire.AppendTag(raw, number, protowire.BytesType), v)
	}
	number := func(raw []byte, field protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(raw, field, protowire.VarintType), v)
	}
	tensor := number(number(number(number(nil, 1, 3), 1, 8), 1, 8), 2, 1)
	tensor = number(text(tensor, 8, "w"), 14, 1)
	for _, e := range [][2]string{{"location", place}, {"offset", "16"}, {"length", "768"}} {
		tensor = text(tensor, 13, string(text(text(nil, 1, e[0]), 2, e[1])))
	}
	graph := text(nil, 5, string(tensor))
	parsed := []byte{}
	for raw := m; len(raw) > 0; {
		num, kind, n := protowire.ConsumeTag(raw)
		size := protowire.ConsumeFieldValue(num, kind, raw[n:])
		field := raw[:n+size]
		if num == 7 {
			inner, _ := protowire.ConsumeBytes(raw[n:])
			field = text(nil, 7, string(inner)+string(graph))
		}
		parsed, raw = append(parsed, field...), raw[n+size:]
	}
	return parsed
}
