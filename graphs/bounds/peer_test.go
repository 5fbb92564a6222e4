package bounds_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/pipelines/npz"
)

// peerNet is a net that tools/peers/bounds.py describes: layers of weights, and
// what each of them is.
type peerNet struct {
	Layers []struct {
		Kind    string // conv, dense
		Stride  int64
		Padding string
		Pool    bool // 2x2, after the ReLU
		Last    bool // no ReLU
	}
	Eps     float32
	Steps   int
	Methods []string
}

// peerResult is what the script reads of one method.
type peerResult struct {
	Seconds, Processor float64
	Lower              [][]float32
}

// BenchmarkBesidePeer is the Go half of tools/peers/bounds.py, which names the
// files: bounds of every margin of all images, by each method.
func BenchmarkBesidePeer(b *testing.B) {
	file := os.Getenv("UNWARP_BOUNDS_NET")
	if file == "" {
		b.Skip("tools/peers/bounds.py runs this")
	}
	var n peerNet
	raw, err := os.ReadFile(file + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &n)
	}
	if err != nil {
		b.Fatal(err)
	}
	if raw, err = os.ReadFile(file + ".npz"); err != nil {
		b.Fatal(err)
	}
	r, err := npz.Decode(raw, 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	images, labels := r["images"].Float32s(), r["labels"].Int32s()
	set := bounds.Settings{Steps: n.Steps, Images: len(labels)}
	shape := []int64{28, 28, 1}
	c := certify(b, n.layer(r), shape, set)
	out := map[string]peerResult{}
	for _, m := range n.Methods {
		if set.NeuronSteps = 0; m == "joint" {
			set.NeuronSteps, m = n.Steps, "alpha-crown"
			c = certify(b, n.layer(r), shape, set)
		}
		q := bounds.Query{Images: images, Labels: labels, Eps: []float32{n.Eps}, Method: bounds.Method(m), Every: true, Classified: true}
		c.verify(q) // the first run optimises the graph
		began, processor := time.Now(), processorSeconds()
		verdicts, err := c.v.Verify(context.Background(), c.net, q)
		if err != nil {
			b.Fatal(err)
		}
		x := peerResult{Seconds: time.Since(began).Seconds(), Processor: processorSeconds() - processor}
		for _, v := range verdicts {
			x.Lower = append(x.Lower, v.Lower)
		}
		if set.NeuronSteps > 0 {
			m = "joint"
		}
		out[m] = x
	}
	if raw, err = json.Marshal(out); err == nil {
		err = os.WriteFile(file+".go.json", raw, 0o644)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// layer builds the net of the weights.
func (n peerNet) layer(r map[string]npz.Array) layer {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		for i, l := range n.Layers {
			in := s.In(fmt.Sprint("layer", i))
			array := func(name string) tf.Output {
				a, shape := r[fmt.Sprintf("%s%d", name, i)], []int32{}
				for _, d := range a.Shape() {
					shape = append(shape, int32(d))
				}
				return op.Reshape(in.Op(name), op.Const(in.Op(name), a.Float32s()), ints(in, shape...))
			}
			if l.Kind == "conv" {
				x = op.Conv2D(in.Op("conv"), x, array("w"), []int64{1, l.Stride, l.Stride, 1}, l.Padding)
			} else {
				x = op.MatMul(in.Op("product"), in.Flatten(x), array("w"))
			}
			x = op.BiasAdd(in.Op("bias"), x, array("b"))
			if !l.Last {
				x = op.Relu(in.Op("relu"), x)
			}
			if l.Pool {
				x = graphs.MaxPool{Size: 2}.Apply(in, x)
			}
		}
		return x
	}
}
