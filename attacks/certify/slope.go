package certify

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Slope is a pass with the gradient of the lead of another class over the label,
// which leads to errors.
type Slope struct {
	images, labels graphs.Input
	gradient       tf.Output // [B,H,W,C]
	fed            graphs.FedBuffers
}

// NewSlope adds the pass to b; names of its inputs begin with name.
func NewSlope(b *graphs.Builder, v attacks.Victim, name string) (*Slope, error) {
	p := &Slope{
		images: b.Input(name+"_slope_images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C)),
		labels: b.Input(name+"_slope_labels", tf.Int32, -1),
	}
	s := b.Pass(name+"_slope", graphs.Inference, v.Pass...)
	z := v.Logits(s, p.images.Value)
	if !s.OK() {
		return nil, b.Err()
	}
	scalar := func(x float32) tf.Output { return op.Const(s.Op("scalar"), x) }
	own := op.OneHot(s.Op("label"), p.labels.Value, op.Const(s.Op("classes"), int32(v.Classes)), scalar(1), scalar(0))
	axis := op.Const(s.Op("axis"), int32(1))
	others := op.Sub(s.Op("others"), z, op.Mul(s.Op("far"), own, scalar(1e9)))
	lead := op.Sub(s.Op("lead"), op.Max(s.Op("best"), others, axis), op.Sum(s.Op("logit"), op.Mul(s.Op("own"), z, own), axis))
	if g := graphs.Gradients(s, lead, p.images.Value); s.OK() {
		p.gradient = g[0]
	}
	return p, b.Err()
}

// Of are the gradients at images, [n,H,W,C]. It is not safe for concurrent use.
func (p *Slope) Of(net *graphs.Net, images []float32, labels []int32) ([]float32, error) {
	x, err := p.fed.Of(p.images, len(labels))
	if err != nil {
		return nil, err
	}
	y, err := p.fed.Of(p.labels, len(labels))
	if err != nil {
		return nil, err
	}
	copy(x.Float32(), images)
	copy(y.Int32(), labels)
	out, err := net.Run(graphs.Feeds{p.images.Feed: x.Tensor, p.labels.Feed: y.Tensor}, []tf.Output{p.gradient})
	if err != nil {
		return nil, err
	}
	return graphs.Floats(nil, out[0]), nil
}
