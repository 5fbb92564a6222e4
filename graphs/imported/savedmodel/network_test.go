package savedmodel_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
)

// Each layer of each model can be declared, and has the shape that it says; names of
// layers and weights are used once; passes share the weights.
func TestLayers(t *testing.T) {
	for _, name := range []string{"keras3_export", "keras3_saved", "keras2", "module", "channels_first", "tf1_reference", "bytes_in"} {
		n := open(t, folder(t, name), imported.Options{})
		ends, weights := []string{}, []string{}
		for _, l := range n.Layers() {
			ends = append(ends, l.Name)
			weights = append(weights, l.Weights...)
		}
		var declared []string
		for _, w := range n.Weights() {
			declared = append(declared, w.Name)
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(ends))); len(unique) != len(ends) || len(ends) == 0 {
			t.Errorf("%s: layers %v", name, ends)
		}
		if a, b := slices.Sorted(slices.Values(weights)), slices.Sorted(slices.Values(declared)); !slices.Equal(a, b) {
			t.Errorf("%s: weights of the layers %v, of the network %v", name, a, b)
		}
		if s := n.Signature(); s.Hidden != "" && !slices.Contains(ends, s.Hidden) {
			t.Errorf("%s: hidden layer %q is none of %v", name, s.Hidden, ends)
		}
		im := n.Signature().Input
		net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			in := b.Input("images", tf.Float, -1, int64(im.H), int64(im.W), int64(im.C))
			for _, pass := range []string{"a", "b"} {
				for i, y := range n.Declare(b.Pass(pass, graphs.Inference).In("file"), in.Value, ends...) {
					if y.Op == nil {
						break // an error, which Build returns
					}
					if got, _ := y.Shape().ToSlice(); !slices.Equal(got, n.Layers()[i].Shape) {
						t.Errorf("%s: %s has shape %v, got %v", name, ends[i], n.Layers()[i].Shape, got)
					}
				}
			}
			return b.Err()
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(net.Vars.All()) != len(declared) {
			t.Errorf("%s: %d variables, want %d", name, len(net.Vars.All()), len(declared))
		}
		net.Close()
	}
}

// The hidden layer times the last kernel, with the last bias, is the scores.
func TestHidden(t *testing.T) {
	all := record(t)
	n := open(t, folder(t, "keras3_export"), imported.Options{})
	x, shape := lastOf(n.Signature().Input, all["keras3_export/images"].Float32s(), all["keras3_export/images"].Shape())
	got := run(t, n, x, shape, func(s *graphs.Scope, y, images tf.Output) tf.Output {
		pass := s.Builder().Pass("hidden", graphs.Inference)
		h := n.Declare(pass.In("file"), images, n.Signature().Hidden)[0]
		w := func(name string) tf.Output { return s.Builder().Variables().Find("file/sequential/dense/" + name).Read }
		return op.AddV2(s.Op("sum"), op.MatMul(s.Op("product"), h, w("kernel")), w("bias"))
	})
	if d := difference(got[1], got[0]); !(d < 1e-6) {
		t.Errorf("differs by %.2g", d)
	}
}

// Control inputs are dropped: what would write a file is neither imported nor run.
func TestUnreachedOps(t *testing.T) {
	dir := written(t, []*nodepb.NodeDef{image(), node("w", "WriteFile", "x", "x"), node("y", "Neg", "x", "^w")})
	n := open(t, dir, imported.Options{})
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in := b.Input("images", tf.Float, -1, 1, 4, 1)
		n.Declare(b.Pass("net", graphs.Inference).In("file"), in.Value, imported.Scores)
		for _, o := range b.Graph().Operations() {
			if o.Type() == "WriteFile" {
				t.Errorf("%s was imported", o.Name())
			}
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The format says what wrote the file.
func TestFormat(t *testing.T) {
	for name, want := range map[string]string{"keras3_export": "Keras 3", "keras3_saved": "Keras 3", "keras2": "Keras 2", "tf1_resource": "TensorFlow 1", "module": "SavedModel, by TensorFlow 2.18.1"} {
		if got := open(t, folder(t, name), imported.Options{}).Signature().Format; !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", name, got, want)
		}
	}
}

// What a user may say of a file: signature, output, layout.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		model string
		o     imported.Options
		want  string // in the error, "" for none
	}{
		{"keras2", imported.Options{Signature: "train"}, `want one of its signatures (serving_default), got "train"`},
		{"tf1_resource", imported.Options{Output: "scores"}, `want one of its outputs (classes, p), got "scores"`},
		{"tf1_resource", imported.Options{Output: "p"}, ""},
		{"channels_first", imported.Options{Layout: imported.ChannelsFirst}, ""},
		{"nowhere", imported.Options{}, "saved_model.pb: no such file"},
	} {
		_, err := savedmodel.Open(folder(t, c.model), c.o)
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: want an error with %q, got %v", c.model, c.o, c.want, err)
		}
	}
	n := open(t, folder(t, "keras2"), imported.Options{})
	if files := n.Files(); len(files) != 3 || filepath.Base(files[0]) != savedmodel.GraphFile {
		t.Errorf("files %v", files)
	}
}

// Images that the file does not take are refused when the network is declared.
func TestWrongImages(t *testing.T) {
	for _, c := range []struct {
		model, want string
		shape       [3]int64
	}{
		{"keras2", "12, 12, 3", [3]int64{12, 12, 1}},
		{"frozen", "196 values", [3]int64{12, 12, 1}},
		{"frozen", "", [3]int64{14, 14, 1}},
		{"fixed", "16 values", [3]int64{4, 5, 1}},
	} {
		n := open(t, folder(t, c.model), imported.Options{})
		_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			in := b.Input("images", tf.Float, -1, c.shape[0], c.shape[1], c.shape[2])
			n.Declare(b.Pass("net", graphs.Inference).In("file"), in.Value, imported.Scores)
			return b.Err()
		})
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %v: want an error with %q, got %v", c.model, c.shape, c.want, err)
		}
	}
}

// A gradient passes bytes that are cast to floats, also by way of other integers.
func TestBytes(t *testing.T) {
	bytes, ints := typeAttr(typespb.DataType_DT_UINT8), typeAttr(typespb.DataType_DT_INT32)
	x, a, b := image(), node("a", "Cast", "x"), node("b", "Cast", "a")
	x.Attr["dtype"] = bytes
	a.Attr = map[string]*attrpb.AttrValue{"SrcT": bytes, "DstT": ints}
	b.Attr = map[string]*attrpb.AttrValue{"SrcT": ints, "DstT": float}
	n := open(t, written(t, []*nodepb.NodeDef{x, a, b, node("y", "Neg", "b")}), imported.Options{})
	got := run(t, n, []float32{1, 2, 3, 255}, []int64{1, 1, 4, 1}, func(s *graphs.Scope, y, x tf.Output) tf.Output {
		return graphs.Gradients(s, y, x)[0]
	})
	graphtest.Equal(t, "scores", got[0], []float32{-1, -2, -3, -255})
	graphtest.Equal(t, "gradient", got[1], []float32{-1, -1, -1, -1})
}

// EnsureShape, through which no gradient passes in C++, is passed over.
func TestPassedOver(t *testing.T) {
	e := node("e", "EnsureShape", "x")
	e.Attr["shape"] = &attrpb.AttrValue{Value: &attrpb.AttrValue_Shape{Shape: shape(-1, 4)}}
	n := open(t, written(t, []*nodepb.NodeDef{image(), e, node("i", "Identity", "e"), node("y", "Neg", "i")}), imported.Options{})
	got := run(t, n, []float32{1, 2, 3, 4}, []int64{1, 2, 2, 1}, func(s *graphs.Scope, y, x tf.Output) tf.Output {
		return graphs.Gradients(s, y, x)[0]
	})
	graphtest.Equal(t, "gradient", got[1], []float32{-1, -1, -1, -1})
}

// Channels are told from sides by their number where the ops do not say.
func TestLayoutBySizes(t *testing.T) {
	for _, c := range []struct {
		sides []int64
		first bool
	}{{[]int64{-1, 3, 8, 8}, true}, {[]int64{-1, 8, 8, 3}, false}, {[]int64{-1, 1, 28, 28}, true}, {[]int64{-1, 64, -1, 4}, false}} {
		dir := writtenOf(t, c.sides, []*nodepb.NodeDef{image(), node("y", "Max", "x", "axes"), {Name: "axes", Op: "Const", Attr: map[string]*attrpb.AttrValue{
			"dtype": typeAttr(typespb.DataType_DT_INT32), "value": {Value: &attrpb.AttrValue_Tensor{Tensor: &tensorpb.TensorProto{
				Dtype: typespb.DataType_DT_INT32, TensorShape: shape(2), IntVal: []int32{1, 2}}}}}}})
		if im := open(t, dir, imported.Options{}).Signature().Input; im.ChannelsFirst != c.first {
			t.Errorf("%v: channels first %v, want %v", c.sides, im.ChannelsFirst, c.first)
		}
	}
}

// The value of a layer is channels last, where the file has channels first.
func TestChannelsLast(t *testing.T) {
	n := open(t, folder(t, "channels_first"), imported.Options{})
	for i, want := range [][]int64{{-1, 8, 8, 4}, {-1, 8, 8, 4}, {-1, 8, 8, 4}, {-1, 4, 4, 4}, {-1, 4, 4, 4}} {
		if l := n.Layers()[i]; !slices.Equal(l.Shape, want) {
			t.Errorf("%s: shape %v, want %v", l.Name, l.Shape, want)
		}
	}
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in := b.Input("images", tf.Float, -1, 8, 8, 3)
		n.Declare(b.Pass("net", graphs.Inference).In("file"), in.Value, imported.Scores)
		transposes := 0
		for _, o := range b.Graph().Operations() {
			if f, _ := o.Attr("data_format"); f == "NCHW" {
				t.Errorf("%s works on channels first", o.Name())
			}
			if o.Type() == "Transpose" {
				transposes++
			}
		}
		if transposes != 1 {
			t.Errorf("%d transposes, want one, before the scores", transposes)
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Any number of images will do where the file fixes one.
func TestFreeBatch(t *testing.T) {
	n := open(t, folder(t, "fixed"), imported.Options{})
	if b := n.Signature().Input.Batch; b != 0 {
		t.Errorf("%d images at once, want any number", b)
	}
	x := graphtest.Normal(1, 1, 5, 4, 4, 1)
	five := run(t, n, x.Data, x.Shape, nil)[0]
	for i := range 5 {
		one := run(t, n, x.Data[16*i:16*i+16], []int64{1, 4, 4, 1}, nil)[0]
		graphtest.Equal(t, "scores of one image", one, five[3*i:3*i+3])
	}
	if b := open(t, folder(t, "module_pool"), imported.Options{}).Signature().Input.Batch; b != 2 {
		t.Errorf("%d images at once, want 2: an op of the graph takes the first two", b)
	}
}
