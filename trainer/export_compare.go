package trainer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// How far an export may be from the trained model, relative to the largest
// value of an output, or absolute where that is below 1. Both round alike on a
// CPU; a GPU chooses its algorithms anew in each session, some of them with
// 10-bit mantissas.
const (
	exportTolerance    = 1e-5
	exportToleranceGPU = 2e-3
)

// randomImages is the number of images compared when none are given.
const randomImages = 16

// comparison is a batch of images on which an export is compared with the live
// net, in the form that each of the two takes.
type comparison struct{ live, exported *tf.Tensor }

func (g *TrainGraph) newComparison(e Export, images []float32) (comparison, error) {
	each := g.Shape.Len()
	if len(images)%each != 0 {
		return comparison{}, fmt.Errorf("images to compare on: want whole images of %v = %d values each, got %d values", g.Shape, each, len(images))
	}
	if len(images) == 0 {
		r := rand.New(rand.NewPCG(1, 2))
		images = make([]float32, randomImages*each)
		for i := range images {
			images[i] = r.Float32()
		}
	}
	n := len(images) / each
	live, err := g.imageBuffer(tf.Float, n)
	if err != nil {
		return comparison{}, err
	}
	copy(live.Float32(), images)
	if e.Input == FloatInput {
		return comparison{live.Tensor, live.Tensor}, nil
	}
	bytes, err := g.imageBuffer(tf.Uint8, n)
	if err != nil {
		return comparison{}, err
	}
	for i, v := range images {
		b := uint8(min(max(v, 0), 1)*255 + .5)
		bytes.Uint8()[i] = b
		live.Float32()[i] = float32(b) / 255
	}
	return comparison{live.Tensor, bytes.Tensor}, nil
}

// compareExport loads the SavedModel in dir and compares every output of every
// signature with what net computes. It returns the largest absolute
// differences, or an error where one is too large.
func (g *TrainGraph) compareExport(net *graphs.Net, dir string, x *exported, pr comparison) (map[string]float64, error) {
	net, done, err := inFloat32(net) // as readers of the export compute
	if err != nil {
		return nil, err
	}
	defer done()
	want, err := g.liveOutputs(net, pr.live)
	if err != nil {
		return nil, err
	}
	spread, err := g.spreadOfDraws(net, pr.live, want)
	if err != nil {
		return nil, err
	}
	got, err := loadedOutputs(net, dir, x.ends, pr.exported)
	if err != nil {
		return nil, fmt.Errorf("the files do not load back: %w: nothing was exported", graphs.FirstLine(err))
	}
	tolerance := exportTolerance
	if onGPU(net) {
		tolerance = exportToleranceGPU
	}
	differences := map[string]float64{}
	for _, end := range x.ends {
		d, scale := largestDifference(want[end.name], got[end.name])
		if math.IsNaN(scale) || math.IsInf(scale, 0) {
			return nil, fmt.Errorf("the trained model's %s are not finite numbers: nothing was exported: take a checkpoint from before the loss diverged", end.name)
		}
		if most := tolerance*max(1, scale) + beyondDraws*spread[end.name]; !(d <= most) {
			return nil, fmt.Errorf("the files do not compute what the trained model computes: %s: want a difference of at most %.3g, got %.3g: nothing was exported: please report this with the run's configuration", end.name, most, d)
		}
		differences[end.name] = d
	}
	if len(x.photoEnds) > 0 {
		return differences, g.comparePhoto(net, dir, tolerance)
	}
	return differences, nil
}

// A model that draws at random in inference too, such as tv(drop=.5), differs from
// itself: its export may differ by a few times as much as so many draws do.
const (
	comparedDraws = 8
	beyondDraws   = 3
)

// spreadOfDraws is by how much each output of the model differs between passes over
// the same images, 0 where nothing is drawn at random. first is one of them.
func (g *TrainGraph) spreadOfDraws(net *graphs.Net, images *tf.Tensor, first map[string][]float32) (map[string]float64, error) {
	spread := map[string]float64{}
	for draw := range comparedDraws {
		again, err := g.liveOutputs(net, images)
		if err != nil {
			return nil, err
		}
		for name, values := range again {
			d, _ := largestDifference(first[name], values)
			spread[name] = max(spread[name], d)
		}
		if draw == 0 && spread["logits"] == 0 {
			break
		}
	}
	return spread, nil
}

// liveOutputs are the outputs of the inference pass for images, by endpoint. The
// probabilities are computed here, in float64.
func (g *TrainGraph) liveOutputs(net *graphs.Net, images *tf.Tensor) (map[string][]float32, error) {
	ends := endpoints(g.Model, g.Inference)
	fetches := make([]tf.Output, len(ends))
	for i, e := range ends {
		fetches[i] = e.value
	}
	values, err := net.Run(graphs.Feeds{g.Images.Feed: images}, fetches)
	if err != nil {
		return nil, err
	}
	out := map[string][]float32{}
	for i, e := range ends {
		out[e.name] = graphs.Floats(nil, values[i])
	}
	out["probabilities"] = softmax(out["logits"], g.Model.Classes)
	return out, nil
}

// loadedOutputs loads dir as any reader would and runs each signature.
func loadedOutputs(net *graphs.Net, dir string, ends []endpoint, images *tf.Tensor) (map[string][]float32, error) {
	options, err := graphs.SessionOptions(graphs.Options{Device: deviceOf(net)})
	if err != nil {
		return nil, err
	}
	sm, err := tf.LoadSavedModel(dir, []string{serveTag}, options)
	if err != nil {
		return nil, err
	}
	defer sm.Session.Close()
	out := map[string][]float32{}
	for _, e := range ends {
		sign := sm.Signatures[e.signature]
		in, err := findTensor(sm.Graph, sign.Inputs["image"].Name)
		if err != nil {
			return nil, err
		}
		fetch, err := findTensor(sm.Graph, sign.Outputs[e.name].Name)
		if err != nil {
			return nil, err
		}
		v, err := sm.Session.Run(map[tf.Output]*tf.Tensor{in: images}, []tf.Output{fetch}, nil)
		if err != nil {
			return nil, err
		}
		out[e.name] = graphs.Floats(nil, v[0])
	}
	return out, nil
}

// findTensor finds a tensor by a name such as logits:0.
func findTensor(g *tf.Graph, tensor string) (tf.Output, error) {
	name, index, _ := strings.Cut(tensor, ":")
	o := g.Operation(name)
	if o == nil || index != "0" {
		return tf.Output{}, fmt.Errorf("want a tensor %q in the graph, found none", tensor)
	}
	return o.Output(0), nil
}

// largestDifference is the largest absolute difference between want and got, infinite
// where they differ in number, and the largest absolute value of want.
func largestDifference(want, got []float32) (difference, scale float64) {
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	if len(want) != len(got) || len(want) == 0 {
		return math.Inf(1), scale
	}
	for i, w := range want {
		difference = max(difference, math.Abs(float64(w)-float64(got[i]))) // NaN if either is
	}
	return difference, scale
}

// softmax of rows of n logits.
func softmax(logits []float32, n int) []float32 {
	var out []float32
	for row := range slices.Chunk(logits, n) {
		top, total := float64(slices.Max(row)), 0.0
		for _, v := range row {
			total += math.Exp(float64(v) - top)
		}
		for _, v := range row {
			out = append(out, float32(math.Exp(float64(v)-top)/total))
		}
	}
	return out
}
