// Package importedtest holds a network for tests of what is done with imported
// ones.
package importedtest

import (
	"fmt"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// Fake is a small CNN as a file might hold it: conv (3x3, 4 channels, ReLU),
// flatten, dense. Its weights follow from Seed.
type Fake struct {
	H, W, C, K int
	Seed       uint64
	// Sign replaces the fields of the signature that tests vary, where it is set.
	Sign func(*imported.Signature)
	// First, if set, is applied to the images.
	First func(s *graphs.Scope, x tf.Output) tf.Output
	// Inside, if set, is applied to the value after the ReLU.
	Inside func(s *graphs.Scope, x tf.Output) tf.Output
	// Last, if set, is applied to the scores.
	Last func(s *graphs.Scope, x tf.Output) tf.Output
}

// Signature has the input "image" and the output "scores".
func (f Fake) Signature() imported.Signature {
	sign := imported.Signature{
		Format: "a network for tests",
		Input:  imported.Image{Name: "image", H: f.H, W: f.W, C: f.C, Type: "float32"},
		Output: "scores", End: imported.Linear, Classes: f.K, Hidden: "flatten",
	}
	if f.Sign != nil {
		f.Sign(&sign)
	}
	return sign
}

const channels = 4

// Layers are conv, flatten and dense.
func (f Fake) Layers() []imported.Layer {
	h, w := int64(f.H), int64(f.W)
	return []imported.Layer{
		{Name: "conv", Op: "Conv", Shape: []int64{-1, h, w, channels}, Weights: []string{"conv/kernel"}},
		{Name: "flatten", Op: "Flatten", Shape: []int64{-1, h * w * channels}},
		{Name: "dense", Op: "MatMul", Shape: []int64{-1, int64(f.K)}, Weights: []string{"dense/kernel", "dense/bias"}},
	}
}

// Weights are a kernel of the convolution and kernel and bias of the dense layer.
func (f Fake) Weights() []imported.Weight {
	return []imported.Weight{
		{Name: "conv/kernel", Shape: []int64{3, 3, int64(f.C), channels}},
		{Name: "dense/kernel", Shape: []int64{int64(f.H*f.W) * channels, int64(f.K)}},
		{Name: "dense/bias", Shape: []int64{int64(f.K)}},
	}
}

// ReadWeight draws the values.
func (f Fake) ReadWeight(name string) ([]float32, error) {
	for i, w := range f.Weights() {
		if w.Name == name {
			r := rand.New(rand.NewPCG(f.Seed, uint64(i)))
			values := make([]float32, w.Size())
			for k := range values {
				values[k] = float32(.2 * r.NormFloat64())
			}
			return values, nil
		}
	}
	return nil, fmt.Errorf("no weight %q", name)
}

// Files are none.
func (f Fake) Files() []string { return nil }

// Declare writes the network.
func (f Fake) Declare(s *graphs.Scope, images tf.Output, ends ...string) []tf.Output {
	w := f.Weights()
	variable := func(i int) tf.Output {
		return s.Variable(w[i].Name, graphs.Trainable, graphs.Zeros, w[i].Shape...)
	}
	if f.First != nil {
		images = f.First(s.In("first"), images)
	}
	at := map[string]tf.Output{}
	x := op.Relu(s.Op("relu"), op.Conv2D(s.Op("conv"), images, variable(0), []int64{1, 1, 1, 1}, "SAME"))
	if f.Inside != nil {
		x = f.Inside(s.In("inside"), x)
	}
	at["conv"] = x
	at["flatten"] = s.Flatten(x)
	var out []tf.Output
	for _, end := range ends {
		if end == imported.Scores || end == "dense" {
			if at["dense"].Op == nil && s.OK() {
				at["dense"] = op.BiasAdd(s.Op("bias"), op.MatMul(s.Op("dense"), at["flatten"], variable(1)), variable(2))
			}
			end = "dense"
		}
		if s.OK() && at[end].Op == nil {
			s.Errorf("want a layer of the network, got %q", end)
		}
		value := at[end]
		if ends[len(out)] == imported.Scores && f.Last != nil && s.OK() {
			value = f.Last(s.In("last"), value)
		}
		out = append(out, value)
	}
	return out
}
