package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Decoded is what the decoders make of images, row-major; parts that the model
// does not have are nil.
type Decoded struct {
	Canonical      []float32 // [N,H,W,C] in (0,1)
	Field          []float32 // [N,H,W,2] in pixels
	Reconstruction []float32 // [N,H,W,C]
}

// Decode encodes and decodes images [N,H,W,C] in [0,1].
func (p *Plan) Decode(net *graphs.Net, images []float32) (Decoded, error) {
	var d Decoded
	n := len(images) / p.Shape.Len()
	if n == 0 || len(images)%p.Shape.Len() != 0 {
		return d, fmt.Errorf("trainer: decode: want whole images of %v, got %d values", p.Shape, len(images))
	}
	b, err := p.imageBuffer(tf.Float, n)
	if err != nil {
		return d, err
	}
	copy(b.Float32(), images)
	for _, part := range []struct {
		from tf.Output
		to   *[]float32
	}{{p.Eval.Canonical, &d.Canonical}, {p.Eval.Field, &d.Field}, {p.Eval.Reconstruction, &d.Reconstruction}} {
		if part.from.Op == nil {
			continue
		}
		out, err := net.Run(graphs.Feeds{p.Images.Feed: b.Tensor}, []tf.Output{part.from})
		if err != nil {
			return d, err
		}
		*part.to = graphs.Floats(nil, out[0])
	}
	return d, nil
}
