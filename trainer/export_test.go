package trainer

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	varpb "github.com/wamuir/graft/tensorflow/core/framework/variable_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// TestExport writes every kind of model in every form and judges the files.
func TestExport(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		p, net := trainedExport(t, kind, 0)
		for _, e := range []Export{{false, "float"}, {false, "uint8"}, {true, "float"}, {true, "uint8"}} {
			name := kind + "-" + e.Input
			if e.InferenceOnly {
				name += "-inference"
			}
			t.Run(name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "export")
				r := mustExport(t, p, net, dir, e)
				want := wantSignatures(kind, e.InferenceOnly)
				checkReport(t, r, dir, e, want)
				m := metaGraph(t, dir)
				checkSignatures(t, m, e, want)
				checkVariables(t, dir, m, net, kind, e)
				checkValues(t, dir, p, net, e, want)
			})
		}
	}
}

// wantSignatures is the contract with those who read an export.
func wantSignatures(kind string, inferenceOnly bool) map[string]map[string][]int64 {
	images := []int64{-1, 8, 6, 3}
	want := map[string]map[string][]int64{
		"serving_default": {"logits": {-1, 3}, "probabilities": {-1, 3}},
		"embed":           {"embedding": {-1, 12}},
	}
	if kind == "disentangled" {
		want["embed"]["appearance"], want["embed"]["geometry"] = []int64{-1, 7}, []int64{-1, 5}
	}
	if kind == "base" || inferenceOnly {
		return want
	}
	want["reconstruct"] = map[string][]int64{"reconstruction": images}
	if kind == "disentangled" {
		want["reconstruct"]["canonical"], want["reconstruct"]["field"] = images, []int64{-1, 8, 6, 2}
	}
	return want
}

func checkReport(t *testing.T, r ExportReport, dir string, e Export, want map[string]map[string][]int64) {
	t.Helper()
	outputs := 0
	for sign, outs := range want {
		got := slices.Sorted(slices.Values(r.Signatures[sign]))
		if !slices.Equal(got, slices.Sorted(maps.Keys(outs))) {
			t.Errorf("report: %s: want %v, got %v", sign, outs, got)
		}
		for o := range outs {
			outputs++
			if d, ok := r.Differences[o]; !ok || !(d <= 1e-5) {
				t.Errorf("report: difference of %s: want one up to 1e-5, got %g (there: %t)", o, d, ok)
			}
		}
	}
	if len(r.Signatures) != len(want) || len(r.Differences) != outputs {
		t.Errorf("report: want %d signatures and %d differences, got %+v", len(want), outputs, r)
	}
	var bytes int64
	for _, f := range []string{"saved_model.pb", "unwarp.json", "variables/variables.index", "variables/variables.data-00000-of-00001"} {
		info, err := os.Stat(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		bytes += info.Size()
	}
	if r.Path != dir || r.Bytes != bytes || r.Input != e.Input || r.Classes != exportClasses {
		t.Errorf("report: want %s, %d bytes, %s, %d classes, got %+v", dir, bytes, e.Input, exportClasses, r)
	}
}

func checkSignatures(t *testing.T, m *pb.MetaGraphDef, e Export, want map[string]map[string][]int64) {
	t.Helper()
	if !slices.Equal(m.MetaInfoDef.Tags, []string{"serve"}) {
		t.Errorf("tags: %v", m.MetaInfoDef.Tags)
	}
	dtype := typespb.DataType_DT_FLOAT
	if e.Input == "uint8" {
		dtype = typespb.DataType_DT_UINT8
	}
	if len(m.SignatureDef) != len(want) {
		t.Errorf("want %d signatures, got %d", len(want), len(m.SignatureDef))
	}
	for name, outputs := range want {
		s := m.SignatureDef[name]
		if s == nil {
			t.Fatalf("no signature %s", name)
		}
		//lint:ignore SA1019 deprecated in the proto, but what TensorFlow Serving reads
		if s.MethodName != "tensorflow/serving/predict" || len(s.Inputs) != 1 || len(s.Outputs) != len(outputs) {
			t.Errorf("%s: %v", name, s)
		}
		in := s.Inputs["image"]
		if in.GetName() != "image:0" || in.Dtype != dtype || !slices.Equal(dimsOf(in.TensorShape), []int64{-1, 8, 6, 3}) {
			t.Errorf("%s: input %v", name, in)
		}
		for o, shape := range outputs {
			out := s.Outputs[o]
			if out.GetName() != o+":0" || out.Dtype != typespb.DataType_DT_FLOAT || !slices.Equal(dimsOf(out.TensorShape), shape) {
				t.Errorf("%s: output %s: want float32 %v, got %v", name, o, shape, out)
			}
		}
	}
}

// checkVariables compares the variables of the net, size and whether they are
// trainable, with those of the graph, of its collections and of the files.
func checkVariables(t *testing.T, dir string, m *pb.MetaGraphDef, net *graphs.Net, kind string, e Export) {
	t.Helper()
	all, trainable := map[string]int64{}, map[string]bool{}
	decoders := 0
	for _, v := range net.Vars.All(graphs.Trainable, graphs.Statistic) {
		if strings.HasPrefix(v.Path, "decoder") {
			if decoders++; e.InferenceOnly {
				continue
			}
		}
		all[v.Path] = v.Size()
		trainable[v.Path] = v.Kind == graphs.Trainable
	}
	if (decoders == 0) != (kind == "base") {
		t.Fatalf("%d decoder variables: this test would check nothing", decoders)
	}
	checkGraph(t, m, e, all)
	checkCollections(t, m, trainable)
	checkFiles(t, dir, all)
}

func checkGraph(t *testing.T, m *pb.MetaGraphDef, e Export, all map[string]int64) {
	t.Helper()
	handles := map[string]bool{}
	for _, n := range m.GraphDef.Node {
		switch n.Op {
		case "VarHandleOp":
			handles[n.Name] = true
			if shared := string(n.Attr["shared_name"].GetS()); shared != n.Name {
				t.Errorf("TensorFlow Lite wants node name and shared_name to be the same, got %s and %s", n.Name, shared)
			}
		case "ClipByValue":
			t.Errorf("TensorFlow Lite lacks %s (%s)", n.Op, n.Name)
		}
		if n.Device != "" {
			t.Errorf("%s: bound to the device %s", n.Name, n.Device)
		}
		if low := strings.ToLower(n.Name); e.InferenceOnly && (strings.Contains(low, "decoder") || strings.Contains(low, "warp")) {
			t.Errorf("%s (%s): a part of the decoders in an inference-only graph", n.Name, n.Op)
		}
	}
	if !maps.EqualFunc(handles, all, func(bool, int64) bool { return true }) {
		t.Errorf("graph: want the variables %v, got %v", all, handles)
	}
}

func checkCollections(t *testing.T, m *pb.MetaGraphDef, trainable map[string]bool) {
	t.Helper()
	statistics := 0
	for _, is := range trainable {
		if !is {
			statistics++
		}
	}
	if statistics == 0 {
		t.Fatal("no statistics: this test would check nothing")
	}
	for name, count := range map[string]int{"variables": len(trainable), "trainable_variables": len(trainable) - statistics} {
		list := m.CollectionDef[name].GetBytesList().GetValue()
		if len(list) != count {
			t.Errorf("collection %s: want %d variables, got %d", name, count, len(list))
		}
		for _, raw := range list {
			v := &varpb.VariableDef{}
			if err := proto.Unmarshal(raw, v); err != nil {
				t.Fatal(err)
			}
			path := strings.TrimSuffix(v.VariableName, ":0")
			if _, ok := trainable[path]; !ok || v.Trainable != trainable[path] || !v.IsResource {
				t.Errorf("collection %s: %v", name, v)
			}
		}
	}
}

func checkFiles(t *testing.T, dir string, all map[string]int64) {
	t.Helper()
	files := bundleEntries(t, filepath.Join(dir, "variables", "variables"))
	var bytes int64
	for key, entry := range files {
		n, ok := all[key]
		if !ok || entry.Size != 4*n {
			t.Errorf("files: %s of %d bytes: want %d (in the model: %t)", key, entry.Size, 4*n, ok)
		}
		bytes += entry.Size
	}
	data, err := os.Stat(filepath.Join(dir, "variables", "variables.data-00000-of-00001"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(all) || data.Size() != bytes {
		t.Errorf("files: want %d variables of %d bytes, got %d in a file of %d", len(all), bytes, len(files), data.Size())
	}
}

// checkValues compares the loaded files with the live net, output by output,
// at two batch sizes.
func checkValues(t *testing.T, dir string, p *TrainGraph, net *graphs.Net, e Export, want map[string]map[string][]int64) {
	t.Helper()
	sm := loadExport(t, dir)
	f := p.Inference
	ends := map[string]tf.Output{
		"logits": f.Logits, "embedding": f.Embedding, "appearance": f.Appearance, "geometry": f.Geometry,
		"canonical": f.Canonical, "field": f.Field, "reconstruction": f.Reconstruction,
	}
	for _, n := range []int{1, 5} {
		images := noiseImages(n, 77)
		fed := inForm(e, images)
		for _, outputs := range want {
			for o := range outputs {
				if o == "probabilities" {
					checkProbabilities(t, callExport(t, sm, "logits", fed), callExport(t, sm, o, fed))
					continue
				}
				live, err := net.Run(graphs.Feeds{p.Images.Feed: newTensor(t, images)}, []tf.Output{ends[o]})
				if err != nil {
					t.Fatal(err)
				}
				nearly(t, o, live[0], callExport(t, sm, o, fed))
			}
		}
	}
	if want["reconstruct"]["field"] != nil {
		fed := inForm(e, noiseImages(5, 77))
		moved, warped := callExport(t, sm, "canonical", fed), callExport(t, sm, "reconstruction", fed)
		if d, _ := largestDifference(graphs.Floats(nil, moved), graphs.Floats(nil, warped)); d < .01 {
			t.Errorf("the warp changes nothing (%g): this test would not see canonical and reconstruction swapped", d)
		}
	}
	// A wrong shape is an error, not an abort.
	_, err := sm.Session.Run(map[tf.Output]*tf.Tensor{sm.Graph.Operation("image").Output(0): newTensor(t, []float32{1})},
		[]tf.Output{sm.Graph.Operation("logits").Output(0)}, nil)
	if err == nil {
		t.Error("a vector was accepted as images")
	}
}

func checkProbabilities(t *testing.T, logits, got *tf.Tensor) {
	t.Helper()
	probs := got.Value().([][]float32)
	for i, row := range logits.Value().([][]float32) {
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v))
		}
		for k, v := range row {
			if want := math.Exp(float64(v)) / sum; math.Abs(want-float64(probs[i][k])) > 1e-6 {
				t.Fatalf("probability %d of image %d: want %g, got %g", k, i, want, probs[i][k])
			}
		}
	}
}

// TestExportInputs checks that bytes and floats of the same images agree.
func TestExportInputs(t *testing.T) {
	p, net := trainedExport(t, "disentangled", 0)
	dir := t.TempDir()
	mustExport(t, p, net, filepath.Join(dir, "f"), Export{Input: "float"})
	mustExport(t, p, net, filepath.Join(dir, "u"), Export{Input: "uint8"})
	f, u := loadExport(t, filepath.Join(dir, "f")), loadExport(t, filepath.Join(dir, "u"))
	images := noiseImages(9, 5)
	for _, o := range []string{"logits", "appearance", "geometry", "field", "reconstruction"} {
		nearly(t, o, callExport(t, f, o, images), callExport(t, u, o, asBytes(images)))
	}
}

// TestExportAverages checks that the moving averages are what is exported,
// from the training net and from an inference net that restored them.
func TestExportAverages(t *testing.T) {
	p, net := trainedExport(t, "disentangled", .9)
	dir := t.TempDir()
	ckpt := filepath.Join(dir, "ckpt")
	if err := p.Saver.write(net, ckpt); err != nil {
		t.Fatal(err)
	}
	var q *TrainGraph
	infer, err := graphs.Build(graphs.Options{Seed: 4}, func(b *graphs.Builder) (err error) {
		q, err = DeclareInference(b, p.Config, p.Model, p.Shape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer infer.Close()
	if err := q.Saver.read(infer, ckpt, net.Vars.Manifest()); err != nil {
		t.Fatal(err)
	}
	mustExport(t, p, net, filepath.Join(dir, "a"), Export{Input: "float"})
	mustExport(t, q, infer, filepath.Join(dir, "b"), Export{Input: "float"})

	value := func(x tf.Output) []float32 {
		out, err := net.Run(nil, []tf.Output{x})
		if err != nil {
			t.Fatal(err)
		}
		return graphs.Floats(nil, out[0])
	}
	for _, v := range net.Vars.All(graphs.Trainable) {
		average := value(net.Vars.Find("average/" + v.Path).Read)
		if slices.Equal(average, value(v.Read)) {
			t.Fatalf("%s: average and last value are equal: this test would check nothing", v.Path)
		}
		for _, from := range []string{"a", "b"} {
			if got := restoredVariable(t, filepath.Join(dir, from, "variables", "variables"), v.Path); !slices.Equal(got, average) {
				t.Errorf("export %s: %s is not the average", from, v.Path)
			}
		}
	}
	for _, v := range net.Vars.All(graphs.Statistic) {
		if got := restoredVariable(t, filepath.Join(dir, "a", "variables", "variables"), v.Path); !slices.Equal(got, value(v.Read)) {
			t.Errorf("%s: %v", v.Path, got)
		}
	}
}

// TestExportResNet exports a ResNet with each normalisation: the files hold it,
// since they agree on images far from the mean, and what unwarp.json says of
// the model builds it again.
func TestExportResNet(t *testing.T) {
	for by, moments := range map[graphs.Normalise][]float32{
		graphs.NoNormalise: nil, graphs.ByImage: nil, graphs.ByChannel: nil, graphs.BySet: {.1, .7, .333333343},
	} {
		t.Run(string(by), func(t *testing.T) {
			c := graphs.DefaultModel()
			c.Encoder, c.Appearance, c.Geometry, c.Width = "resnet8", 7, 5, 4
			c.Normalise, c.Mean, c.Std = by, moments, moments
			m, err := c.Build(exportClasses)
			if err != nil {
				t.Fatal(err)
			}
			p, net := declared(t, 3, DefaultConfig(), m, exportShape)
			for step := range 4 {
				exportStep(t, p, net, step, .02)
			}
			dir := filepath.Join(t.TempDir(), "x")
			e := Export{Input: FloatInput}
			mustExport(t, p, net, dir, e)
			checkVariables(t, dir, metaGraph(t, dir), net, "disentangled", e)
			checkValues(t, dir, p, net, e, wantSignatures("disentangled", false))
			info, err := ReadExport(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(info.Model, c) {
				t.Errorf("want the model %+v, got %+v", c, info.Model)
			}
		})
	}
}

func TestExportInfo(t *testing.T) {
	p, net := trainedExport(t, "reconstruction", 0)
	var err error
	if p.Config.Augment, err = pipelines.ParseAugment("shift(1)|crop(8)|flip"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "x")
	mustExport(t, p, net, dir, Export{InferenceOnly: true, Input: "uint8"})
	raw, err := os.ReadFile(filepath.Join(dir, "unwarp.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got ExportInfo
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := ExportInfo{Kind: "reconstruction", Classes: 3, Image: [3]int{8, 6, 3}, Input: "uint8", High: 255, Prepare: "centre(8)", InferenceOnly: true, Objective: p.Config.Objective}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

// TestExportNames checks that a taken node name is an error of the build, also
// where a variable's path takes it.
func TestExportNames(t *testing.T) {
	for _, taken := range []string{"image", "encoder/kernel"} {
		_, err := graphs.Build(graphs.Options{Portable: true}, func(b *graphs.Builder) error {
			spec := tf.OpSpec{Type: "Placeholder", Attrs: map[string]any{"dtype": tf.Float}}
			b.AddNamedOp("image", spec)
			b.AddNamedOp(taken, spec)
			b.Declare("encoder/kernel", graphs.Trainable, graphs.Zeros, 2)
			if b.AddNamedOp("later", spec) != nil {
				t.Error("an op was added after an error")
			}
			return nil
		})
		wantRefusal(t, err, "graphs: "+taken, "uplicate")
	}
}

// Capsules are exported and built again, of the codes and of the encoder of
// capsules.
func TestExportCapsules(t *testing.T) {
	for _, row := range []struct{ kind, encoder, head string }{
		{"disentangled", "hinton", "capsules(types=3,codes=split)"}, {"base", "capsules(channels=4,primary=3,layers=0)", "capsules(routing=self)"},
	} {
		t.Run(row.encoder, func(t *testing.T) {
			c := graphs.DefaultModel()
			c.Kind, c.Encoder, c.Head, c.Appearance, c.Geometry, c.Width = row.kind, row.encoder, row.head, 7, 5, 4
			m, err := c.Build(exportClasses)
			if err != nil {
				t.Fatal(err)
			}
			p, net := declared(t, 3, DefaultConfig(), m, exportShape)
			for step := range 12 {
				exportStep(t, p, net, step, .02)
			}
			dir := filepath.Join(t.TempDir(), "x")
			e := Export{Input: FloatInput}
			mustExport(t, p, net, dir, e)
			checkValues(t, dir, p, net, e, wantSignatures(row.kind, false))
			if info, err := ReadExport(dir); err != nil || !reflect.DeepEqual(info.Model, c) {
				t.Errorf("want the model %+v, got %+v, %v", c, info, err)
			}
		})
	}
}
