package smoothing

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Graph is the part of a graph that samples a victim's decisions. The noise is
// made there: only one image is fed for a whole batch.
type Graph struct {
	victim  attacks.Victim
	sigma   float64
	image   graphs.Input // [1,H,W,C]
	key     graphs.Input // uint64 [1], of the noise
	counter graphs.Input // uint64 [2], where in the stream it begins
	count   graphs.Input // int32 [1], samples
	classes tf.Output    // int32 [count], -1 for none
}

// philox is the number of the generator in TensorFlow; a step of its counter
// makes group numbers.
const (
	philox = 1
	group  = 4
)

// NewGraph writes the decisions of v under noise of deviation sigma into b, as a
// pass of the given name.
func NewGraph(b *graphs.Builder, name string, v attacks.Victim, sigma float64) (*Graph, error) {
	if v.Classes < 2 || v.Size() < 1 {
		return nil, fmt.Errorf("smoothing: want images with values and at least 2 classes, got %dx%dx%d and %d", v.H, v.W, v.C, v.Classes)
	}
	g := &Graph{
		victim: v, sigma: sigma,
		image:   b.Input(name+"_image", tf.Float, 1, int64(v.H), int64(v.W), int64(v.C)),
		key:     b.Input(name+"_key", tf.Uint64, 1),
		counter: b.Input(name+"_counter", tf.Uint64, 2),
		count:   b.Input(name+"_count", tf.Int32, 1),
	}
	s := b.Pass(name, graphs.Inference, v.Pass...)
	noisy := g.addNoise(s)
	logits := v.Logits(s, noisy)
	if err := b.Err(); err != nil {
		return nil, err
	}
	g.classes = decide(s.In("decided"), logits, v.Classes)
	return g, b.Err()
}

// steps is by how much the counter grows with each sample: samples begin with
// a group of their own, so that they do not depend on how many come together.
func (g *Graph) steps() int { return (g.victim.Size() + group - 1) / group }

// addNoise is the image with count draws of noise, [count,H,W,C].
func (g *Graph) addNoise(s *graphs.Scope) tf.Output {
	v, n := g.victim, g.steps()*group
	axis := op.Const(s.Op("axis"), int32(0))
	shape := op.ConcatV2(s.Op("shape"), []tf.Output{g.count.Value, op.Const(s.Op("numbers"), []int32{int32(n)})}, axis)
	noise := op.StatelessRandomNormalV2(s.Op("noise"), shape, g.key.Value, g.counter.Value, op.Const(s.Op("philox"), int32(philox)))
	if n > v.Size() {
		noise = op.Slice(s.Op("cut"), noise, op.Const(s.Op("from"), []int32{0, 0}), op.Const(s.Op("size"), []int32{-1, int32(v.Size())}))
	}
	noise = op.Mul(s.Op("scaled"), noise, op.Const(s.Op("sigma"), float32(g.sigma)))
	return op.AddV2(s.Op("noisy"), s.Reshape(noise, int64(v.H), int64(v.W), int64(v.C)), g.image.Value)
}

// decide is the class whose logit is strictly the largest, -1 where there is none:
// then another is not below the largest, as NaN never is.
func decide(s *graphs.Scope, logits tf.Output, classes int) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	axis := op.Const(s.Op("axis"), int32(1))
	largest := op.Max(s.Op("largest"), logits, axis, op.MaxKeepDims(true))
	below := op.Cast(s.Op("below"), op.Less(s.Op("less"), logits, largest), tf.Int32)
	others := op.Sum(s.Op("others"), below, axis)
	alone := op.Cast(s.Op("alone"), op.Equal(s.Op("all"), others, op.Const(s.Op("rivals"), int32(classes-1))), tf.Int32)
	one := op.Const(s.Op("one"), int32(1))
	class := op.ArgMax(s.Op("class"), logits, axis, op.ArgMaxOutputType(tf.Int32))
	return op.Sub(s.Op("answer"), op.Mul(s.Op("or_none"), op.AddV2(s.Op("number"), class, one), alone), one)
}
