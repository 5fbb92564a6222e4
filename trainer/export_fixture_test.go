package trainer

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	shapepb "github.com/wamuir/graft/tensorflow/core/framework/tensor_shape_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"github.com/wamuir/graft/tensorflow/op"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// normed is a small encoder with statistics, which an export must carry.
// Scale multiplies the embedding; 0 means 1.
type normed struct{ scale float32 }

func (e normed) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	x := graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("conv"), images)
	x = graphs.BatchNorm{Decay: .8}.Apply(s.In("norm"), x)
	x = graphs.MaxPool{Size: 2}.Apply(s, op.Relu(s.Op("relu"), x))
	x = graphs.Dense{Out: 12}.Apply(s.In("fc"), s.Flatten(x))
	if e.scale != 0 {
		x = op.Mul(s.Op("scaled"), x, op.Const(s.Op("scale"), e.scale))
	}
	return x
}

const exportClasses = 3

// exportShape differs in every dimension and from the field's two channels.
var exportShape = pipelines.Shape{H: 8, W: 6, C: 3}

func exportModel(kind string) graphs.Disentangled {
	return graphs.Disentangled{
		Encoder: normed{}, Classes: exportClasses, Appearance: 7, Geometry: 5, Head: graphs.LinearHead{Dropout: .3},
		Decode: kind != "base", Warp: kind == "disentangled",
		Width: 4, Field: graphs.Smooth, Border: graphs.Zero, Reach: .3,
	}
}

// trainedExport is a model after a few steps on noise: no weight, statistic or
// average has its initial value any more, and the field moves pixels.
func trainedExport(t *testing.T, kind string, average float32) (*TrainGraph, *graphs.Net) {
	t.Helper()
	c := DefaultConfig()
	c.Average = average
	var p *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 3}, func(b *graphs.Builder) (err error) {
		p, err = Declare(b, c, exportModel(kind), exportShape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	for step := range 12 {
		exportStep(t, p, net, step, .02)
	}
	return p, net
}

func exportStep(t *testing.T, p *TrainGraph, net *graphs.Net, step int, rate float32) {
	t.Helper()
	feeds := graphs.Feeds{
		p.Images.Feed: newTensor(t, noiseImages(6, uint64(step))),
		p.Labels.Feed: newTensor(t, []int32{0, 1, 2, 0, 1, 2}),
		p.step.Feed:   newTensor(t, int64(step)),
		p.rate.Feed:   newTensor(t, rate),
	}
	if _, err := net.Run(feeds, nil, p.update); err != nil {
		t.Fatal(err)
	}
}

// noiseImages is n images of multiples of 1/255.
func noiseImages(n int, seed uint64) [][][][]float32 {
	r := pipelines.Seed(seed).Split("noise").Rand()
	out := make([][][][]float32, n)
	for i := range out {
		out[i] = make([][][]float32, exportShape.H)
		for y := range out[i] {
			out[i][y] = make([][]float32, exportShape.W)
			for x := range out[i][y] {
				for range exportShape.C {
					out[i][y][x] = append(out[i][y][x], float32(r.IntN(256))/255)
				}
			}
		}
	}
	return out
}

func asBytes(images [][][][]float32) [][][][]uint8 {
	out := make([][][][]uint8, len(images))
	for i := range images {
		out[i] = make([][][]uint8, len(images[i]))
		for y := range images[i] {
			out[i][y] = make([][]uint8, len(images[i][y]))
			for x, pixel := range images[i][y] {
				for _, v := range pixel {
					out[i][y][x] = append(out[i][y][x], uint8(math.Round(float64(v)*255)))
				}
			}
		}
	}
	return out
}

// inForm is images as the export e takes them.
func inForm(e Export, images [][][][]float32) any {
	if e.Input == "uint8" {
		return asBytes(images)
	}
	return images
}

func newTensor(t *testing.T, v any) *tf.Tensor {
	t.Helper()
	x, err := tf.NewTensor(v)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func mustExport(t *testing.T, p *TrainGraph, net *graphs.Net, dir string, e Export) ExportReport {
	t.Helper()
	r, err := p.WriteSavedModel(net, dir, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// loadExport opens an export as any Go program would.
func loadExport(t *testing.T, dir string) *tf.SavedModel {
	t.Helper()
	sm, err := tf.LoadSavedModel(dir, []string{"serve"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sm.Session.Close() })
	return sm
}

// callExport runs one output, by the name of its node.
func callExport(t *testing.T, sm *tf.SavedModel, output string, images any) *tf.Tensor {
	t.Helper()
	feeds := map[tf.Output]*tf.Tensor{sm.Graph.Operation("image").Output(0): newTensor(t, images)}
	out, err := sm.Session.Run(feeds, []tf.Output{sm.Graph.Operation(output).Output(0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// nearly compares two tensors value by value, to 1e-5 of values above 1.
func nearly(t *testing.T, what string, want, got *tf.Tensor) {
	t.Helper()
	if !slices.Equal(want.Shape(), got.Shape()) {
		t.Fatalf("%s: want shape %v, got %v", what, want.Shape(), got.Shape())
	}
	w, g := graphs.Floats(nil, want), graphs.Floats(nil, got)
	for i := range w {
		if !(math.Abs(float64(w[i]-g[i])) <= 1e-5*max(1, math.Abs(float64(w[i])))) {
			t.Fatalf("%s: value %d: want %g, got %g", what, i, w[i], g[i])
		}
	}
}

// metaGraph parses saved_model.pb.
func metaGraph(t *testing.T, dir string) *pb.MetaGraphDef {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "saved_model.pb"))
	if err != nil {
		t.Fatal(err)
	}
	var m pb.SavedModel
	if err := proto.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.SavedModelSchemaVersion != 1 || len(m.MetaGraphs) != 1 {
		t.Fatalf("want one graph of schema 1, got %d of schema %d", len(m.MetaGraphs), m.SavedModelSchemaVersion)
	}
	return m.MetaGraphs[0]
}

// bundleEntries lists what the files of a checkpoint hold, reading the index as the
// sorted string table that it is.
func bundleEntries(t *testing.T, prefix string) map[string]*pb.BundleEntryProto {
	t.Helper()
	raw, err := os.ReadFile(prefix + ".index")
	if err != nil {
		t.Fatal(err)
	}
	foot := raw[len(raw)-48:]
	if binary.LittleEndian.Uint64(foot[40:]) != 0xdb4775248b80fb57 {
		t.Fatal("not a sorted string table")
	}
	handle := func(b []byte) []byte {
		at, n := binary.Uvarint(b)
		size, _ := binary.Uvarint(b[n:])
		if raw[at+size] != 0 {
			t.Fatal("a compressed block")
		}
		return raw[at : at+size]
	}
	each := func(block []byte, f func(key string, value []byte)) {
		restarts := binary.LittleEndian.Uint32(block[len(block)-4:])
		block = block[:len(block)-4*int(restarts+1)]
		key := ""
		for len(block) > 0 {
			var n [3]uint64 // shared, unshared, value
			for i := range n {
				v, k := binary.Uvarint(block)
				n[i], block = v, block[k:]
			}
			key = key[:n[0]] + string(block[:n[1]])
			f(key, block[n[1]:n[1]+n[2]])
			block = block[n[1]+n[2]:]
		}
	}
	out := map[string]*pb.BundleEntryProto{}
	_, a := binary.Uvarint(foot)
	_, b := binary.Uvarint(foot[a:])
	each(handle(foot[a+b:]), func(_ string, value []byte) {
		each(handle(value), func(key string, value []byte) {
			if key == "" {
				return // the header
			}
			e := &pb.BundleEntryProto{}
			if err := proto.Unmarshal(value, e); err != nil {
				t.Fatal(err)
			}
			out[key] = e
		})
	})
	return out
}

func dimsOf(s *shapepb.TensorShapeProto) []int64 {
	var out []int64
	for _, d := range s.Dim {
		out = append(out, d.Size)
	}
	return out
}

// restoredVariable reads one variable from checkpoint files in a graph of its own.
func restoredVariable(t *testing.T, prefix, key string) []float32 {
	t.Helper()
	s := op.NewScope()
	out := op.RestoreV2(s.SubScope("restore"), op.Const(s.SubScope("prefix"), prefix), op.Const(s.SubScope("names"), []string{key}), op.Const(s.SubScope("slices"), []string{""}), []tf.DataType{tf.Float})
	g, err := s.Finalize()
	if err != nil {
		t.Fatal(err)
	}
	session, err := tf.NewSession(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	v, err := session.Run(nil, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return graphs.Floats(nil, v[0])
}
