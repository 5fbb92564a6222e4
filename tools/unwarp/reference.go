package main

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/tools/internal/npz"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// saveReference writes images and what the trained model makes of them as an
// .npz that tools/peers/check_export.py compares an export with: "images" as
// the export takes them, and an array for each output of the export, under its
// name.
func saveReference(path string, x *experiment.Experiment, e trainer.ExportReport, pixels []float32) error {
	sh := x.Plan.Shape
	n := len(pixels) / sh.Len()
	images := npz.Float32("images", pixels, n, sh.H, sh.W, sh.C)
	if e.Input == trainer.Uint8Input {
		bytes := make([]uint8, len(pixels))
		seen := make([]float32, len(pixels))
		for i, v := range pixels {
			bytes[i] = uint8(min(max(v, 0), 1)*255 + .5)
			seen[i] = float32(bytes[i]) / 255
		}
		pixels, images = seen, npz.Uint8("images", bytes, n, sh.H, sh.W, sh.C)
	}
	arrays := []npz.Array{images}
	outputs, err := outputs(x, pixels, n)
	if err != nil {
		return fmt.Errorf("--reference %s: %w", path, err)
	}
	for _, sign := range []string{"serving_default", "embed", "reconstruct"} {
		for _, name := range e.Signatures[sign] {
			o, ok := outputs[name]
			if !ok {
				return fmt.Errorf("--reference %s: the export has an output %q that the trained model lacks", path, name)
			}
			arrays = append(arrays, npz.Float32(name, o.values, o.shape...))
		}
	}
	raw, err := npz.Encode(arrays...)
	if err == nil {
		err = trainer.WriteFile(path, raw)
	}
	if err != nil {
		return notWritten("--reference", path, err)
	}
	return nil
}

type output struct {
	values []float32
	shape  []int
}

// outputs runs the trained model's evaluation pass.
func outputs(x *experiment.Experiment, pixels []float32, n int) (map[string]output, error) {
	p := x.Plan
	b, err := graphs.NewBuffer(tf.Float, int64(n), int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
	if err != nil {
		return nil, err
	}
	copy(b.Float32(), pixels)
	f := p.Eval
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

// softmax of rows of logits.
func softmax(logits output) output {
	k := logits.shape[1]
	p := output{make([]float32, len(logits.values)), logits.shape}
	for at := 0; at < len(p.values); at += k {
		row := logits.values[at : at+k]
		top := row[0]
		for _, v := range row {
			top = max(top, v)
		}
		total := 0.0
		for _, v := range row {
			total += math.Exp(float64(v - top))
		}
		for i, v := range row {
			p.values[at+i] = float32(math.Exp(float64(v-top)) / total)
		}
	}
	return p
}
