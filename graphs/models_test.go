package graphs_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
	"unwarp/graphs/spec"
)

var kinds = []string{"base", "reconstruction", "disentangled"}

func modelOf(t *testing.T, kind string, classes int, change func(m *graphs.Model)) graphs.Disentangled {
	t.Helper()
	m := graphs.DefaultModel()
	m.Kind = kind
	if change != nil {
		change(&m)
	}
	d, err := m.Build(classes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// manifest declares m for images of the given size and lists its variables.
func manifest(t *testing.T, m graphs.Disentangled, h, w, channels int64) (text string, parameters int64) {
	t.Helper()
	declared := errors.New("declared") // saves the session
	_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
		m.Apply(b.Pass("train", graphs.Training), b.Input("images", tf.Float, -1, h, w, channels).Value)
		for _, v := range b.Variables().All(graphs.Trainable) {
			parameters += v.Size()
		}
		text = b.Variables().Manifest()
		return cmp.Or(b.Err(), declared)
	})
	if err != declared {
		t.Fatal(err)
	}
	return text, parameters
}

// A line that changes here is a checkpoint that no longer fits.
func TestManifests(t *testing.T) {
	for _, kind := range kinds {
		text, _ := manifest(t, modelOf(t, kind, 10, nil), 28, 28, 1)
		Golden(t, kind+"-28x28x1-10.vars", text)
	}
	text, n := manifest(t, modelOf(t, "base", 5, nil), 32, 32, 2)
	Golden(t, "hinton-32x32x2-5.vars", text)
	// Hinton, Sabour and Frosst 2018 state 4.2 M for smallNORB. The sum is
	// 4,253,349, of which 4,195,328 lie in the fully connected layer.
	conv1, conv2 := (5*5*2+1)*32, (5*5*32+1)*64
	fc, classifier := (32/4*32/4*64+1)*1024, (1024+1)*5
	if want := int64(conv1 + conv2 + fc + classifier); n != want || want != 4253349 || n/100000 != 42 {
		t.Errorf("want %d parameters, 4.2 M, got %d", want, n)
	}
}

func encoded(e graphs.Encoder) Func {
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return e.Encode(s.In("e"), x) })
}

func TestHinton(t *testing.T) {
	x := Uniform(1, 0, 1, 2, 6, 9, 2)
	h := graphs.Hinton{Embedding: 8}
	c := Build(t, encoded(h), []Array{x}, AnyBatch())
	v := func(layer, name string) Array { return c.Value(t, "e/"+layer+"/"+name) }
	y := Round(relu(referenceConv(x, v("conv1", "kernel"), v("conv1", "bias"), 1, false)), 2, 6, 9, 32)
	y = Round(referencePool(y, 2, maximum), 2, 3, 5, 32)
	y = Round(relu(referenceConv(y, v("conv2", "kernel"), v("conv2", "bias"), 1, false)), 2, 3, 5, 64)
	y = Round(referencePool(y, 2, maximum), 2, 2*3*64)
	want := relu(referenceDense(y, v("fc", "kernel"), v("fc", "bias")))
	Near(t, "embedding", c.Run(t, x)[0].Data, want, 1e-5)
	for _, mode := range modes {
		Near(t, "in every mode", Run(t, encoded(h), []Array{x}, In(mode))[0].Data, want, 1e-5)
		Gradient(t, encoded(h), []Array{x}, In(mode), AnyBatch(), Step(2e-4), Within(4e-2))
	}
}

// tiny is a smooth encoder of our own: Disentangled takes any.
type tiny struct{ embedding int }

func (e tiny) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	x := graphs.Dense{Out: e.embedding}.Apply(s.In("fc"), s.Flatten(images))
	return op.Tanh(s.Op("tanh"), x)
}

func small(kind string, border graphs.Border, field graphs.Field) graphs.Disentangled {
	return graphs.Disentangled{
		Encoder: tiny{6}, Classes: 3, Appearance: 4, Geometry: 2, Head: graphs.LinearHead{Dropout: .5},
		Decode: kind != "base", Warp: kind == "disentangled", Width: 3, Border: border, Field: field, Reach: 0,
	}
}

// ends are the values of a Forward by name; those that it lacks are left out.
func ends(f graphs.Forward) (names []string, outs []tf.Output) {
	for _, e := range []struct {
		name string
		out  tf.Output
	}{
		{"embedding", f.Embedding}, {"logits", f.Logits}, {"appearance", f.Appearance}, {"geometry", f.Geometry},
		{"canonical", f.Canonical}, {"field", f.Field}, {"reconstruction", f.Reconstruction},
	} {
		if e.out.Op != nil {
			names, outs = append(names, e.name), append(outs, e.out)
		}
	}
	return names, outs
}

// all returns every end of m as the outputs of a Func and, once built, their
// names.
func all(m graphs.Disentangled, names *[]string) Func {
	return func(s *graphs.Scope, in []tf.Output) []tf.Output {
		n, outs := ends(m.Apply(s, in[0]))
		if names != nil {
			*names = n
		}
		return outs
	}
}

func TestDisentangled(t *testing.T) {
	wants := map[string][]string{
		"base":           {"embedding", "logits"},
		"reconstruction": {"embedding", "logits", "appearance", "canonical", "reconstruction"},
		"disentangled":   {"embedding", "logits", "appearance", "geometry", "canonical", "field", "reconstruction"},
	}
	for _, kind := range kinds {
		for _, border := range []graphs.Border{graphs.Clamp, graphs.Zero} {
			for modeName, mode := range modes {
				t.Run(fmt.Sprint(kind, "/", border, "/", modeName), func(t *testing.T) {
					x := Uniform(1, 0, 1, 3, 5, 8, 2)
					var names []string
					c := Build(t, all(small(kind, border, graphs.Smooth), &names), []Array{x}, In(mode), AnyBatch())
					if fmt.Sprint(names) != fmt.Sprint(wants[kind]) {
						t.Fatalf("want ends %v, got %v", wants[kind], names)
					}
					feeds := c.Feeds(t, 0, x)
					if v := c.Net.Vars.Find("decoder_g/up1/kernel"); v != nil {
						feeds[v.Read] = Normal(3, .5, v.Shape...).Tensor(t) // bend: the initial field is nearly zero
					}
					out, err := c.Net.Run(feeds, c.Out)
					if err != nil {
						t.Fatal(err)
					}
					got := map[string]Array{}
					for i, n := range names {
						got[n] = FromTensor(t, out[i])
					}
					eq1to4(t, c, kind, border, mode, got)
				})
			}
		}
	}
}

// eq1to4 checks the equations of the paper between the ends of one pass.
func eq1to4(t *testing.T, c *Circuit, kind string, border graphs.Border, mode graphs.Mode, got map[string]Array) {
	t.Helper()
	e := got["embedding"]
	columns := func(from, to int) (out []float32) {
		for i := range int(e.Shape[0]) {
			out = append(out, e.Data[i*6+from:i*6+to]...)
		}
		return out
	}
	switch kind { // eq. 1
	case "reconstruction":
		Equal(t, "appearance", got["appearance"].Data, e.Data)
		Equal(t, "reconstruction", got["reconstruction"].Data, got["canonical"].Data)
	case "disentangled":
		Equal(t, "appearance", got["appearance"].Data, columns(0, 4))
		Equal(t, "geometry", got["geometry"].Data, columns(4, 6))
		moved := 0.
		for _, v := range got["field"].Data {
			moved = max(moved, math.Abs(float64(v)))
		}
		if moved < .1 {
			t.Errorf("the field moves nothing: at most %g pixels", moved)
		}
		Near(t, "reconstruction", got["reconstruction"].Data, borders[border](got["canonical"], got["field"]), 1e-5) // eq. 3
	}
	// Eq. 4: in training through dropout, which the reconstruction does not see.
	logits := referenceDense(e, c.Value(t, "classifier/kernel"), c.Value(t, "classifier/bias"))
	if mode == graphs.Inference {
		Near(t, "logits", got["logits"].Data, logits, 1e-5)
		return
	}
	for i, v := range got["logits"].Data {
		if math.Abs(float64(v)-logits[i]) > 1e-3 {
			return
		}
	}
	t.Error("training drops nothing from the classifier's input")
}

func TestDisentangledGradients(t *testing.T) {
	for _, kind := range kinds {
		for _, field := range []graphs.Field{graphs.Smooth, graphs.Pixel} {
			if field == graphs.Pixel && kind != "disentangled" {
				continue
			}
			for modeName, mode := range modes {
				t.Run(fmt.Sprint(kind, "/", field, "/", modeName), func(t *testing.T) {
					x := Uniform(1, 0, 1, 3, 5, 8, 1)
					Gradient(t, all(small(kind, graphs.Clamp, field), nil), []Array{x}, In(mode), AnyBatch(), Values(decided), Within(1e-2))
				})
			}
		}
	}
}

// A model without its decoders is the same classifier: export leaves them out.
func TestClassifyAlone(t *testing.T) {
	x := Uniform(1, 0, 1, 2, 5, 8, 1)
	whole := Run(t, all(small("disentangled", graphs.Clamp, graphs.Smooth), nil), []Array{x})
	alone := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
		_, outs := ends(small("disentangled", graphs.Clamp, graphs.Smooth).Classify(s, in[0]))
		return outs
	}, []Array{x})
	if len(alone) != 4 {
		t.Fatalf("want embedding, logits and two codes, got %d ends", len(alone))
	}
	for i := range alone {
		Equal(t, fmt.Sprint("end ", i), alone[i].Data, whole[i].Data)
	}
}

func TestModelConfig(t *testing.T) {
	nan := float32(math.NaN())
	for says, change := range map[string]func(m *graphs.Model){
		`model.kind: want base, reconstruction or disentangled, got "capsules"`:        func(m *graphs.Model) { m.Kind = "capsules" },
		`model.encoder: want one of hinton, `:                                          func(m *graphs.Model) { m.Encoder = "vgg" },
		`got "hinton4"`:                                                                func(m *graphs.Model) { m.Encoder = "hinton4" },
		`model.encoder: depth: want a value, got none: write it like resnet(depth=20)`: func(m *graphs.Model) { m.Encoder = "resnet" },
		`got ""`: func(m *graphs.Model) { m.Encoder = "" },
		`model.encoder: unknown key "depth", want one of embedding`:          func(m *graphs.Model) { m.Encoder = "hinton(depth=3)" },
		`model.encoder: key "depth" is given twice`:                          func(m *graphs.Model) { m.Encoder = "resnet20(depth=20)" },
		`model.encoder: want a depth of 6n+2 from 8 to 1202, got resnet21`:   func(m *graphs.Model) { m.Encoder = "resnet(depth=21)" },
		`model.head: want one of linear, capsules, none, got "vectors"`:      func(m *graphs.Model) { m.Head = "vectors" },
		`model.head: unknown key "dropout": linear has no keys`:              func(m *graphs.Model) { m.Head = "linear(dropout=.5)" },
		`6n+2 from 8 to 1202, got resnet22: take resnet20 or resnet26`:       func(m *graphs.Model) { m.Encoder = "resnet22" },
		`got resnet2: take resnet8 or resnet14`:                              func(m *graphs.Model) { m.Encoder = "resnet2" },
		`got resnet1208: take resnet1196 or resnet1202`:                      func(m *graphs.Model) { m.Encoder = "resnet1208" },
		`depth: want a whole number in 0..10000, got "99999999999999999999"`: func(m *graphs.Model) { m.Encoder = "resnet99999999999999999999" },
		`model.normalise: want none, image, channel or set, got "batch"`:     func(m *graphs.Model) { m.Normalise = "batch" },
		`want none unless model.normalise is set, got [0.5] and []`:          func(m *graphs.Model) { m.Mean = []float32{.5} },
		`want a number for each channel in both, or none in both, got [0.5] and []`: func(m *graphs.Model) {
			m.Normalise, m.Mean = graphs.BySet, []float32{.5}
		},
		`model.std: want positive, finite numbers, got [0]`: func(m *graphs.Model) {
			m.Normalise, m.Mean, m.Std = graphs.BySet, []float32{.5}, []float32{0}
		},
		`model.std: want positive, finite numbers, got [1e-45]`: func(m *graphs.Model) {
			m.Normalise, m.Mean, m.Std = graphs.BySet, []float32{.5}, []float32{1e-45}
		},
		`model.mean: want finite numbers, got [NaN]`: func(m *graphs.Model) {
			m.Normalise, m.Mean, m.Std = graphs.BySet, []float32{nan}, []float32{1}
		},
		`model.appearance: want a whole number in 1..65536, got 0`: func(m *graphs.Model) { m.Appearance = 0 },
		`model.geometry: want a whole number in 1..65536, got -1`:  func(m *graphs.Model) { m.Geometry = -1 },
		`model.dropout: want a number in [-1,1), got 1`:            func(m *graphs.Model) { m.Dropout = 1 },
		`model.dropout: want a number in [-1,1), got N`:            func(m *graphs.Model) { m.Dropout = nan },
		`model.width: want a whole number in 1..4096, got 0`:       func(m *graphs.Model) { m.Width = 0 },
		`model.reach: want a number in (0,1], got 0`:               func(m *graphs.Model) { m.Reach = 0 },
		`model.reach: want a number in (0,1], got N`:               func(m *graphs.Model) { m.Reach = nan },
		`model.reach: want a number in (0,1], got 2`:               func(m *graphs.Model) { m.Reach = 2 },
		`model.field: want smooth or pixel, got ""`:                func(m *graphs.Model) { m.Field = "" },
		`model.border: want clamp or zero, got "x"`:                func(m *graphs.Model) { m.Border = "x" },
	} {
		m := graphs.DefaultModel()
		change(&m)
		_, err := m.Build(10)
		Says(t, err, says)
	}
	_, err := graphs.DefaultModel().Build(1)
	Says(t, err, "model: want at least 2 classes, got 1")
	d, err := graphs.DefaultModel().Build(10)
	if err != nil || !d.Decode || !d.Warp || d.Encoder != (graphs.Hinton{Layer: graphs.ReluEmbedding, Embedding: 1024}) {
		t.Errorf("want the disentangled classifier around Hinton's CNN, got %+v, %v", d, err)
	}
}

// oneOfEach keeps the first of names that differ in the digits at their end.
func oneOfEach(names []string) []string {
	family := func(name string) string { return strings.TrimRight(name, "0123456789") }
	return slices.CompactFunc(names, func(a, b string) bool { return family(a) == family(b) })
}

// Every encoder fits every kind and normalisation at the sizes of smallNORB and
// CIFAR-10.
func TestModelShapes(t *testing.T) {
	declared := errors.New("declared") // saves the session
	for _, channels := range []int64{2, 3} {
		for _, encoder := range oneOfEach(graphs.Encoders()) {
			for by, n := range normalisations {
				m := modelOf(t, "disentangled", 5, func(m *graphs.Model) { m.Encoder, m.Normalise, m.Geometry = encoder, by, 128 })
				if by == graphs.BySet {
					m.Normalise.Mean, m.Normalise.Std = append(n.Mean, .5)[:channels], append(n.Std, .2)[:channels]
				}
				_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
					f := m.Apply(b.Pass("train", graphs.Training), b.Input("images", tf.Float, -1, 32, 32, channels).Value)
					if err := b.Err(); err != nil {
						return err
					}
					for what, c := range map[string]struct {
						got  tf.Output
						want []int64
					}{
						"embedding": {f.Embedding, []int64{-1, 640}}, "logits": {f.Logits, []int64{-1, 5}},
						"appearance": {f.Appearance, []int64{-1, 512}}, "geometry": {f.Geometry, []int64{-1, 128}},
						"canonical": {f.Canonical, []int64{-1, 32, 32, channels}}, "field": {f.Field, []int64{-1, 32, 32, 2}},
						"reconstruction": {f.Reconstruction, []int64{-1, 32, 32, channels}},
					} {
						if got, err := c.got.Shape().ToSlice(); err != nil || !slices.Equal(got, c.want) {
							t.Errorf("%s, %s, %d channels: %s: want shape %v, got %v, %v", encoder, by, channels, what, c.want, got, err)
						}
					}
					return declared
				})
				if err != declared {
					t.Fatal(err)
				}
			}
		}
	}
}

// Each encoder has its rate of dropout, and a base ResNet is the published
// network; an error about the encoder's name can be told from others.
func TestEncoders(t *testing.T) {
	build := func(encoder, kind string, dropout float32) graphs.Disentangled {
		return modelOf(t, kind, 10, func(m *graphs.Model) { m.Encoder, m.Kind, m.Dropout = encoder, kind, dropout })
	}
	for _, c := range []struct {
		d       graphs.Disentangled
		encoder graphs.Encoder
		dropout float32
	}{
		{build("hinton", "base", graphs.OwnDropout), graphs.Hinton{Layer: graphs.ReluEmbedding, Embedding: 1024}, .5},
		{build("resnet8", "base", graphs.OwnDropout), graphs.ResNet{Depth: 8, Layer: graphs.Features}, 0},
		{build("resnet1202", "disentangled", graphs.OwnDropout), graphs.ResNet{Depth: 1202, Layer: graphs.Features, Embedding: 1024}, 0},
		{build("resnet(depth=26)", "base", .5), graphs.ResNet{Depth: 26, Layer: graphs.Features}, .5},
		{build(" hinton() ", "base", .5), graphs.Hinton{Layer: graphs.ReluEmbedding, Embedding: 1024}, .5},
		{build("resnet110", "reconstruction", .25), graphs.ResNet{Depth: 110, Layer: graphs.Features, Embedding: 1024}, .25},
		{build("hinton(embedding=linear)", "base", 0), graphs.Hinton{Layer: graphs.LinearEmbedding, Embedding: 1024}, 0},
		{build("resnet(depth=20,embedding=linear)", "base", 0), graphs.ResNet{Depth: 20, Layer: graphs.LinearEmbedding, Embedding: 1024}, 0},
		{build("hinton(embedding=features)", "base", 0), graphs.Hinton{Layer: graphs.Features}, 0},
		{build("hinton", "disentangled", 0), graphs.Hinton{Layer: graphs.ReluEmbedding, Embedding: 1024}, 0},
	} {
		if head := (graphs.LinearHead{Dropout: c.dropout}); c.d.Encoder != c.encoder || c.d.Head != head {
			t.Errorf("want %+v with %+v, got %+v with %+v", c.encoder, head, c.d.Encoder, c.d.Head)
		}
	}
	for _, name := range graphs.Encoders() {
		build(name, "disentangled", graphs.OwnDropout)
	}
	for name, unknown := range map[string]bool{"resnt20": true, "resnet21": false} {
		m := graphs.DefaultModel()
		m.Encoder = name
		var e *spec.UnknownError
		if _, err := m.Build(10); (errors.As(err, &e) && e.What == "") != unknown || unknown && !slices.Equal(e.Known, graphs.Encoders()) {
			t.Errorf("%s: want it to be an unknown name: %t, got %v", name, unknown, err)
		}
	}
}

// half is a head of our own: each logit is half the sum of the embedding.
type half struct{}

func (half) Classify(s *graphs.Scope, embedding tf.Output, classes int) tf.Output {
	return graphs.Dense{Out: classes, Init: graphs.Constant(.5)}.Apply(s.In("own"), embedding)
}

// A model classifies through its head, and through a linear one without dropout
// where it has none.
func TestHeads(t *testing.T) {
	x := Uniform(1, 0, 1, 2, 5, 8, 1)
	logits := func(head graphs.Head) Array {
		m := small("base", graphs.Clamp, graphs.Smooth)
		m.Head = head
		return Run(t, Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			f := m.Classify(s, x)
			own, linear := s.Builder().Variables().Find("own/kernel"), s.Builder().Variables().Find("classifier/kernel")
			if (own != nil) != (head == half{}) || (linear != nil) != (head != half{}) {
				t.Errorf("%T: variables\n%s", head, s.Builder().Variables().Manifest())
			}
			return op.ConcatV2(s.Op("both"), []tf.Output{f.Embedding, f.Logits}, op.Const(s.Op("axis"), int32(1)))
		}), []Array{x}, In(graphs.Training))[0]
	}
	for i, got := range []Array{logits(half{}), logits(nil)} {
		for n := range 2 {
			sum := 0.
			for k := range 6 {
				sum += got.At(n, k) / 2
			}
			if same := math.Abs(got.At(n, 6)-sum) < 1e-5; same != (i == 0) {
				t.Errorf("image %d, head %d: embedding halved %g, logit %g", n, i, sum, got.At(n, 6))
			}
		}
	}
	Equal(t, "without a head", logits(nil).Data, logits(graphs.LinearHead{}).Data)
	if dropped := logits(graphs.LinearHead{Dropout: .5}); slices.Equal(dropped.Data, logits(nil).Data) {
		t.Error("dropout changes nothing in training")
	}
}

// Identity keeps the text that hashes in older run folders were made of; a head
// counts only where it is set.
func TestModelIdentity(t *testing.T) {
	m := graphs.DefaultModel()
	m.Mean = []float32{.5, .25}
	const want = "{Kind:disentangled Encoder:hinton Appearance:512 Geometry:512 Dropout:-1 Normalise:none Mean:[0.5 0.25] Std:[] Width:32 Field:smooth Border:clamp Reach:0.3125}"
	if got := m.Identity(); got != want {
		t.Errorf("want %s, got %s", want, got)
	}
	m.Head = "linear"
	if got := m.Identity(); got != strings.TrimSuffix(want, "}")+" Head:linear}" {
		t.Errorf("with a head: got %s", got)
	}
	// Every field counts: a new one is not forgotten.
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		before, f := m.Identity(), v.Field(i)
		old := reflect.ValueOf(f.Interface())
		switch f.Kind() {
		case reflect.String:
			f.SetString("other")
		case reflect.Int:
			f.SetInt(77)
		case reflect.Float32:
			f.SetFloat(.77)
		default:
			f.Set(reflect.ValueOf([]float32{.77}))
		}
		if m.Identity() == before {
			t.Errorf("%s does not count", v.Type().Field(i).Name)
		}
		f.Set(old)
	}
}

// The default head leaves no trace in files: older ones stay equal byte by byte.
func TestModelJSON(t *testing.T) {
	raw, err := json.Marshal(graphs.DefaultModel())
	if want := `{"kind":"disentangled","encoder":"hinton","appearance":512,"geometry":512,"dropout":-1,"normalise":"none","target":"image","width":32,"field":"smooth","border":"clamp","reach":0.3125}`; err != nil || string(raw) != want {
		t.Errorf("want %s, got %s, %v", want, raw, err)
	}
}

// Whatever model.encoder says, it is refused or names an encoder of that depth.
func FuzzEncoder(f *testing.F) {
	for _, name := range append(graphs.Encoders(), "", "resnet", "resnet22", "hinton3", "20", "resnet-4", "resnet99999999999999999999", "resnet(depth=20)", "hinton()") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		m := graphs.DefaultModel()
		m.Encoder = name
		d, err := m.Build(10)
		if err != nil {
			return
		}
		if r, ok := d.Encoder.(graphs.ResNet); ok {
			short := fmt.Sprint("resnet", r.Depth)
			if n := (r.Depth - 2) / 6; n < 1 || r.Depth != 6*n+2 || r.Depth > 1202 || !strings.HasPrefix(strings.TrimSpace(name), "resnet") {
				t.Errorf("%q: built %+v", name, r)
			}
			m.Encoder = short
			if again, err := m.Build(10); err != nil || again.Encoder != d.Encoder {
				t.Errorf("%q: want what %s is, got %+v", name, short, r)
			}
		} else if strings.HasPrefix(strings.TrimSpace(name), "resnet") {
			t.Errorf("%q: built %+v", name, d.Encoder)
		}
	})
}
