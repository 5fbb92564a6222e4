package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/importedtest"
	"unwarp/graphs/imported/onnx"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// fakes are networks for images of 6x6x1 in 4 classes, by the text of their file.
// The first operation of each but bytes tells nothing of the range of pixels.
var fakes = map[string]importedtest.Fake{
	"plain": {First: aroundHalf(.5)},
	"wide":  {First: aroundHalf(128)},
	"round": {First: aroundHalf(.5), Inside: func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Mul(s.Op("coarse"), op.Round(s.Op("round"), op.Mul(s.Op("fine"), x, number(s, "hundred", 100))), number(s, "hundredth", .01))
	}},
	"numbers": {Sign: func(i *imported.Signature) { i.End, i.Classes = imported.Number, 0 }, First: aroundHalf(.5), Last: func(s *graphs.Scope, x tf.Output) tf.Output {
		class := op.ArgMax(s.Op("class"), x, op.Const(s.Op("axis"), int32(1)))
		return op.Cast(s.Op("number"), op.ExpandDims(s.Op("column"), class, op.Const(s.Op("at"), int32(1))), tf.Float)
	}},
	"bytes": {Sign: func(i *imported.Signature) { i.Input.Type = "uint8" }, First: aroundHalf(128)},
}

func number(s *graphs.Scope, name string, v float32) tf.Output { return op.Const(s.Op(name), v) }

// aroundHalf is 10 (x-half)²/half², which no other range of pixels has alike.
func aroundHalf(half float32) func(s *graphs.Scope, x tf.Output) tf.Output {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		d := op.SquaredDifference(s.Op("difference"), x, number(s, "half", half))
		return op.RealDiv(s.Op("relative"), d, number(s, "square", half*half/10))
	}
}

// openFake reads the files of fakes, and hands others to the reader.
func openFake(read imported.Opener) imported.Opener {
	return func(path string, o imported.Options) (imported.Network, error) {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name, ok := strings.CutPrefix(string(raw), "fake ")
		if !ok {
			return read(path, o)
		}
		f := fakes[name]
		f.H, f.W, f.C, f.K, f.Seed = 6, 6, 1, 4, 14 // of images of all classes
		return fakeFile{f, path}, nil
	}
}

type fakeFile struct {
	importedtest.Fake
	path string
}

func (f fakeFile) Files() []string { return []string{f.path} }

// foreign writes the file of a fake, and images that it classifies correctly where
// their pixels come in its own range.
func foreign(t *testing.T, name string, scale float32) (model, data string) {
	t.Helper()
	imported.Register(imported.ONNX, openFake(func(path string, o imported.Options) (imported.Network, error) { return onnx.Open(path, o) }))
	dir := t.TempDir()
	model, data = filepath.Join(dir, "net.onnx"), filepath.Join(dir, "images.npz")
	if err := os.WriteFile(model, []byte("fake "+name), 0o666); err != nil {
		t.Fatal(err)
	}
	const n = 60
	pixels := graphtest.Uniform(1, 0, 1, n, 6, 6, 1)
	bytes := make([]uint8, len(pixels.Data))
	for i, v := range pixels.Data {
		bytes[i] = uint8(v*255 + .5)
		pixels.Data[i] = float32(bytes[i]) / 255 * scale
	}
	raw, err := npz.Encode(npz.Uint8("images", bytes, n, 6, 6, 1), npz.Int32("labels", classesOf(t, model, pixels), n))
	if err == nil {
		err = os.WriteFile(data, raw, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return model, data
}

// classesOf are the classes that a network gives images.
func classesOf(t *testing.T, model string, pixels graphtest.Array) []int32 {
	t.Helper()
	f, err := imported.Open(imported.ONNX, model, imported.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var in graphs.Input
	var class tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("images", tf.Float, -1, 6, 6, 1)
		s := b.Pass("p", graphs.Inference)
		scores := f.Declare(s.In("net"), in.Value, imported.Scores)[0]
		class = op.ArgMax(s.Op("class"), scores, op.Const(s.Op("axis"), int32(1)), op.ArgMaxOutputType(tf.Int32))
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if err := imported.Restore(f, net, "net"); err != nil {
		t.Fatal(err)
	}
	out, err := net.Run(graphs.Feeds{in.Feed: pixels.Tensor(t)}, []tf.Output{class})
	if err != nil {
		t.Fatal(err)
	}
	return graphs.Ints(nil, out[0])
}

// wantText wants each text among what a command printed for a person.
func wantText(t *testing.T, r result, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.err, text) && !strings.Contains(r.out, text) {
			t.Errorf("want %q, got %s\n%s", text, r.err, r.out)
		}
	}
}

// A network from elsewhere is attacked, evaluated and certified as a run is; its range of
// pixels is found.
func TestForeign(t *testing.T) {
	model, data := foreign(t, "wide", 255)
	out := filepath.Join(t.TempDir(), "out")
	var r report.Record
	done := must(t, "attack", model, "--data", data, "--eps", ".02 .2", "--attack", "fgsm", "--attack", "square(queries=200)", "--images", "40", "--checks", "0", "--json", "--out", out)
	wantText(t, done, "input range: 0..255, by accuracy and cross-entropy", "100.0 % of the first 60 images", "agrees with central differences")
	done.decode(t, &r)
	if r.Evaluation.CleanCorrect != 40 || r.Evaluation.RobustCount(.2) >= 40 || r.Classes != 4 {
		t.Errorf("%d correct, %d of them under attack", r.Evaluation.CleanCorrect, r.Evaluation.RobustCount(.2))
	}
	wantText(t, must(t, "report", out), "report.html")
	var e report.Evaluated
	must(t, "evaluate", model, "--data", data, "--json").decode(t, &e)
	if e.Accuracy != 1 || e.Images != 60 {
		t.Errorf("evaluate: %+v", e)
	}
	wantText(t, must(t, "evaluate", model, "--data", data, "--input-range", "-1..1"), "no better than chance: is the input range right?")
	wantText(t, must(t, "evaluate", model, "--data", data, "--mean", "0", "--std", "0.00392157"), "100.0 %")
	bytes, images := foreign(t, "bytes", 255)
	wantText(t, must(t, "evaluate", bytes, "--data", images), "0..255, as the file takes bytes", "100.0 %")
}

// A network whose gradient is wrong is attacked by what needs none; what follows it is
// refused by name and left out of ensembles.
func TestForeignWithoutGradient(t *testing.T) {
	model, data := foreign(t, "round", 1)
	out := filepath.Join(t.TempDir(), "out")
	with := func(more ...string) []string {
		return append([]string{"attack", model, "--data", data, "--eps", ".3", "--images", "20", "--checks", "0", "--out", out}, more...)
	}
	refused := unwarp(t, with("--attack", "pgd")...)
	if refused.code != exitUsage {
		t.Errorf("exit code %d", refused.code)
	}
	wantText(t, refused, "want attacks that need no gradient", "Round")
	done := must(t, with("--attack", "standard")...)
	wantText(t, done, "operations without a gradient: Round", "left out: attacks that follow a gradient which is not the model's", "square")
	must(t, with("--attack", "pgd(steps=5,gradient=straight-through)", "--restart")...)
}

// What does not fit is refused, with what to do.
func TestForeignRefuses(t *testing.T) {
	model, data := foreign(t, "plain", 1)
	dir := t.TempDir()
	write := func(name string, arrays ...npz.Array) string {
		raw, err := npz.Encode(arrays...)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), raw, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	large := write("large.npz", npz.Uint8("images", make([]uint8, 2*64), 2, 8, 8), npz.Int32("labels", []int32{0, 1}, 2))
	many := write("many.npz", npz.Uint8("images", make([]uint8, 2*36), 2, 6, 6), npz.Int32("labels", []int32{0, 9}, 2))
	weights := filepath.Join(dir, "net.pt")
	if err := os.WriteFile(weights, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"--data PATH":                       {"evaluate", model},
		"want images of 6x6x1, got 8x8x1":   {"evaluate", model, "--data", large},
		"at most the 4 classes":             {"evaluate", model, "--data", many},
		"torch.onnx.export":                 {"evaluate", weights, "--data", data},
		"a name for each of the 4 outputs":  {"evaluate", model, "--data", data, "--classes", "a,b,c,d,e"},
		"model.range":                       {"evaluate", model, "--data", data, "--input-range", "1"},
		"numbers":                           {"evaluate", model, "--data", data, "--mean", " "},
		"channels-first":                    {"evaluate", model, "--data", data, "--layout", "chw"},
		"for a SavedModel or an .onnx file": {"evaluate", trained(t), "--checkpoint", "last", "--signature", "serve"},
	} {
		r := unwarp(t, args...)
		r.fails(t, 2, want)
		if len(r.last()) > 400 {
			t.Errorf("%d characters: %s", len(r.last()), r.last())
		}
	}
}

// A model is trained on a network from elsewhere: its weights begin with the file's,
// frozen ones stay, and the run needs the file no more.
func TestForeignEncoder(t *testing.T) {
	model, data := foreign(t, "plain", 1)
	home := t.TempDir()
	run := filepath.Join(home, "run")
	args := []string{"train", "--run", run, "--data", data, "--set", "model.encoder=onnx(path=" + model + ",output=conv,freeze=all)", "--set", "model.kind=disentangled",
		"--set", "model.appearance=4", "--set", "model.geometry=4", "--set", "model.width=4", "--set", "train.batch=8", "--set", "train.duration=2st", "--set", "attack.images=4", "--set", "attack.attacks=[fgsm]", "--set", "attack.eps=.1"}
	wantText(t, must(t, args...), "up to conv; dropout and batch norm of the file compute as in inference; its weights stay as they are")
	if err := os.Remove(model); err != nil {
		t.Fatal(err)
	}
	var e report.Evaluated
	must(t, "evaluate", run, "--json").decode(t, &e)
	if e.Images != 12 { // a fifth of the images
		t.Errorf("%+v", e)
	}
	must(t, "attack", filepath.Join(run, "export"), "--out", filepath.Join(home, "out"), "--images", "4", "--checks", "0", "--attack", "fgsm", "--eps", ".1")
	must(t, "train", "--resume", run)
	net, err := imported.Open(imported.ONNX, filepath.Join(run, "encoder", "net.onnx"), imported.Options{})
	if err != nil {
		t.Fatal(err)
	}
	src, err := experiment.OpenSource(run, "")
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := experiment.Open(t.Context(), src, src.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	read := x.Net.Vars.Find("encoder/net/conv/kernel").Read
	got, err := x.Net.Run(nil, []tf.Output{read})
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := net.ReadWeight("conv/kernel"); !slices.Equal(graphs.Floats(nil, got[0]), want) {
		t.Error("frozen weights are no longer the file's")
	}
	unwarp(t, append(args[:2:2], append([]string{filepath.Join(home, "other")}, args[3:]...)...)...).fails(t, 2, "model.encoder: path")
}

// A bundle of a model from elsewhere says what its pixels were, and holds; a pipe in the
// place of a model is refused at once.
func TestForeignBundle(t *testing.T) {
	model, data := foreign(t, "plain", 255)
	home := t.TempDir()
	bundle := filepath.Join(home, "evidence.zip")
	must(t, "attack", model, "--data", data, "--input-range", "0..255", "--out", home, "--attack", "fgsm", "--eps", ".2", "--images", "20", "--checks", "0", "--bundle", bundle)
	if r := unwarp(t, "verify", bundle, "--prove", "none"); r.code != exitDone {
		t.Errorf("exit code %d, %s%s", r.code, r.out, r.err)
	}
	raw, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	renamed := filepath.Join(home, "renamed.onnx")
	if err := os.WriteFile(renamed, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	if r := unwarp(t, "verify", bundle, renamed, "--prove", "none"); r.code != exitDone {
		t.Errorf("the same file under another name: exit code %d, %s%s", r.code, r.out, r.err)
	}
	hashes := filepath.Join(home, "hashes.zip")
	must(t, "attack", model, "--data", data, "--input-range", "0..255", "--out", filepath.Join(home, "second"), "--attack", "fgsm", "--eps", ".2", "--images", "20", "--checks", "0", "--bundle", hashes, "--without-originals")
	unwarp(t, "verify", hashes, "--prove", "none").fails(t, exitUsage, "--data PATH")
	must(t, "verify", hashes, "--prove", "none", "--data", data)
	pipe := filepath.Join(home, "pipe.onnx")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "evaluate", pipe, "--data", data).fails(t, exitUsage, "pipe.onnx", "another file")
}
