package experiment

import (
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines/npz"
	"unwarp/trainer"
)

// Reference is an .npz of images and what the trained model computes from them,
// with which tools/peers/check_export.py compares the export e: "images" as the
// export takes them, and an array for each output of the export, under its
// name. pixels are row-major [N,H,W,C] in [0,1].
func (x *Experiment) Reference(e trainer.ExportReport, pixels []float32) ([]byte, error) {
	sh := x.Graph.Shape
	n := len(pixels) / sh.Len()
	images := npz.Float32("images", pixels, n, sh.H, sh.W, sh.C)
	if e.Input == trainer.Uint8Input {
		var bytes []uint8
		bytes, pixels = quantise(pixels)
		images = npz.Uint8("images", bytes, n, sh.H, sh.W, sh.C)
	}
	outputs, err := x.outputs(pixels, n)
	if err != nil {
		return nil, err
	}
	arrays := []npz.Array{images}
	for _, sign := range []string{"serving_default", "embed", "reconstruct"} {
		for _, name := range e.Signatures[sign] {
			o, ok := outputs[name]
			if !ok {
				return nil, fmt.Errorf("the export has an output %q that the trained model lacks", name)
			}
			arrays = append(arrays, npz.Float32(name, o.values, o.shape...))
		}
	}
	return npz.Encode(arrays...)
}

// quantise rounds pixels in [0,1] to bytes, and returns those and the pixels
// that they stand for.
func quantise(pixels []float32) (bytes []uint8, seen []float32) {
	bytes, seen = make([]uint8, len(pixels)), make([]float32, len(pixels))
	for i, v := range pixels {
		bytes[i] = uint8(min(max(v, 0), 1)*255 + .5)
		seen[i] = float32(bytes[i]) / 255
	}
	return bytes, seen
}

type output struct {
	values []float32
	shape  []int
}

// outputs runs the trained model's evaluation pass on n images.
func (x *Experiment) outputs(pixels []float32, n int) (map[string]output, error) {
	p := x.Graph
	b, err := graphs.NewBuffer(tf.Float, int64(n), int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
	if err != nil {
		return nil, err
	}
	copy(b.Float32(), pixels)
	f := p.Inference
	all := map[string]output{}
	for name, from := range map[string]tf.Output{
		"logits": f.Logits, "embedding": f.Embedding, "appearance": f.Appearance, "geometry": f.Geometry,
		"canonical": f.Canonical, "field": f.Field, "reconstruction": f.Reconstruction,
	} {
		if from.Op == nil {
			continue
		}
		out, err := x.Net.Run(graphs.Feeds{p.Images.Feed: b.Tensor}, []tf.Output{from})
		if err != nil {
			return nil, err
		}
		o := output{values: graphs.Floats(nil, out[0])}
		for _, d := range out[0].Shape() {
			o.shape = append(o.shape, int(d))
		}
		all[name] = o
	}
	all["probabilities"] = softmax(all["logits"])
	return all, nil
}

// softmax of each row of logits [N,K].
func softmax(logits output) output {
	p := output{shape: logits.shape}
	for row := range slices.Chunk(logits.values, logits.shape[1]) {
		top, total := slices.Max(row), 0.0
		for _, v := range row {
			total += math.Exp(float64(v - top))
		}
		for _, v := range row {
			p.values = append(p.values, float32(math.Exp(float64(v-top))/total))
		}
	}
	return p
}
