package imported_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/importedtest"
)

var fake = importedtest.Fake{H: 4, W: 4, C: 1, K: 3, Seed: 7}

func init() {
	imported.Register(imported.ONNX, func(path string, o imported.Options) (imported.Network, error) {
		switch path {
		case "net.onnx":
			return fake, nil
		case "mean.onnx": // its convolution gives the mean [1,H,W,C] over the images
			mean := fake
			mean.Inside = func(s *graphs.Scope, x tf.Output) tf.Output {
				return op.Mean(s.Op("mean"), x, op.Const(s.Op("axis"), int32(0)), op.MeanKeepDims(true))
			}
			return mean, nil
		}
		return nil, fmt.Errorf("no file %s", path)
	})
}

// declareModel builds the model for images of 4x4x1 in 3 classes, with the file's weights.
func declareModel(m graphs.Model) (*graphs.Net, graphs.Forward, graphs.Input, error) {
	var f graphs.Forward
	var in graphs.Input
	d, err := m.Build(3)
	if err != nil {
		return nil, f, in, err
	}
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("images", tf.Float, -1, 4, 4, 1)
		f = d.Apply(b.Pass("p", graphs.Inference), in.Value)
		b.DeclareAverages()
		return b.Err()
	})
	if err != nil {
		return nil, f, in, err
	}
	e, _ := m.FileEncoder()
	return net, f, in, imported.RestoreEncoder(e, net)
}

func modelOf(encoder string) graphs.Model {
	m := graphs.DefaultModel()
	m.Kind, m.Encoder, m.Appearance, m.Geometry, m.Width = "base", encoder, 4, 4, 4
	return m
}

// The network up to a layer is the encoder, its size that of the layer; frozen
// layers are no longer trainable.
func TestFileEncoder(t *testing.T) {
	for _, c := range []struct {
		options string
		size    int64
		train   []string // trainable variables of the encoder
	}{
		{"", 64, []string{"encoder/net/conv/kernel"}},
		{",output=hidden", 64, []string{"encoder/net/conv/kernel"}},
		{",output=conv", 4, []string{"encoder/net/conv/kernel"}},
		{",output=conv,pool=none", 64, []string{"encoder/net/conv/kernel"}},
		{",output=conv,freeze=all", 4, nil},
		{",output=dense,freeze=first:1", 3, []string{"encoder/net/dense/kernel", "encoder/net/dense/bias"}},
		{",output=conv,embedding=relu", 8, []string{"encoder/net/conv/kernel", "encoder/fc/kernel", "encoder/fc/bias"}},
	} {
		net, f, _, err := declareModel(modelOf("onnx(path=net.onnx" + c.options + ")"))
		if err != nil {
			t.Fatalf("%s: %v", c.options, err)
		}
		if got := f.Embedding.Shape().Size(1); got != c.size {
			t.Errorf("%s: embedding of %d, want %d", c.options, got, c.size)
		}
		var train []string
		for _, v := range net.Vars.All(graphs.Trainable) {
			if strings.HasPrefix(v.Path, "encoder/") {
				train = append(train, v.Path)
			}
		}
		if !slices.Equal(train, c.train) {
			t.Errorf("%s: trainable %v, want %v", c.options, train, c.train)
		}
		net.Close()
	}
}

// A disentangled model around a network has its decoders, and its weights and
// their averages begin with the file's.
func TestFileEncoderBelowDecoders(t *testing.T) {
	m := modelOf("onnx(path=net.onnx,output=conv)")
	m.Kind = "disentangled"
	net, f, _, err := declareModel(m)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if f.Reconstruction.Op == nil || f.Embedding.Shape().Size(1) != 8 {
		t.Error("no decoders, or not the codes' size")
	}
	want, _ := fake.ReadWeight("conv/kernel")
	for _, path := range []string{"encoder/net/conv/kernel", "average/encoder/net/conv/kernel"} {
		got, err := net.Run(nil, []tf.Output{net.Vars.Find(path).Read})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(graphs.Floats(nil, got[0]), want) {
			t.Errorf("%s does not begin with the file's values", path)
		}
	}
}

// Up to its scores and without a head, the network is the model; its input has
// the range that it is given.
func TestWholeNetwork(t *testing.T) {
	m := modelOf("onnx(path=net.onnx,output=scores)")
	m.Head = "none"
	var logits [2][]float32
	for i, r := range []graphs.Range{"", "-1..1"} {
		m.Range = r
		net, f, in, err := declareModel(m)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := graphs.NewBuffer(tf.Float, 1, 4, 4, 1)
		for k := range b.Float32() {
			b.Float32()[k] = .25
			if i == 1 {
				b.Float32()[k] = .625 // .25 in -1..1
			}
		}
		out, err := net.Run(graphs.Feeds{in.Feed: b.Tensor}, []tf.Output{f.Logits})
		if err != nil {
			t.Fatal(err)
		}
		logits[i] = graphs.Floats(nil, out[0])
		net.Close()
	}
	if !slices.Equal(logits[0], logits[1]) || len(logits[0]) != 3 {
		t.Errorf("logits %v, in another range %v", logits[0], logits[1])
	}
}

func TestFileEncoderRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"onnx":                                    "want a value",
		"onnx(path=other.onnx)":                   "no file",
		"onnx(path=net.onnx,output=nowhere)":      "conv, flatten, dense",
		"onnx(path=mean.onnx,output=conv)":        "want a layer with a value for each image",
		"onnx(path=net.onnx,freeze=first:9)":      "layers that have weights",
		"onnx(path=net.onnx,freeze=first:0)":      "first:N",
		"onnx(path=net.onnx,freeze=some)":         "first:N",
		"savedmodel(path=net)":                    "onnx",
		"onnx(path=net.onnx,pool=max)":            "mean, none",
		"onnx(path=net.onnx,layout=sideways)":     "channels-first",
		"onnx(path=net.onnx,output=conv,depth=1)": "unknown key",
	} {
		_, _, _, err := declareModel(modelOf(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
	for _, r := range []graphs.Range{"1..0", "0-1", "a..b", "0..1e9", "..", "0.."} {
		m := modelOf("onnx(path=net.onnx)")
		m.Range = r
		if _, err := m.Build(3); err == nil {
			t.Errorf("range %q was accepted", r)
		}
	}
}
