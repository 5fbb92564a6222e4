package trainer

import (
	"context"
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
	if err := p.whole("decode", images); err != nil {
		return d, err
	}
	b, err := p.imageBuffer(tf.Float, len(images)/p.Shape.Len())
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

// Codes are what the encoder makes of N images, row-major; parts that the model
// does not have are nil.
type Codes struct {
	N          int
	Embedding  []float32 // [N,D], all that the classifier reads
	Appearance []float32 // [N,Da]; of the reconstruction ablation all of the embedding
	Geometry   []float32 // [N,Dg]
}

// Encode computes the codes of images [N,H,W,C] in [0,1] and the class that the
// classifier sees in each, in float32.
func (p *Plan) Encode(ctx context.Context, net *graphs.Net, images []float32) (Codes, []int32, error) {
	var c Codes
	var classes []int32
	if err := p.whole("encode", images); err != nil {
		return c, nil, err
	}
	net, done, err := exactly(net)
	if err != nil {
		return c, nil, err
	}
	defer done()
	fetches, to := []tf.Output{p.best, p.Eval.Embedding}, []*[]float32{nil, &c.Embedding}
	if p.Eval.Appearance.Op != nil {
		fetches, to = append(fetches, p.Eval.Appearance), append(to, &c.Appearance)
	}
	if p.Eval.Geometry.Op != nil {
		fetches, to = append(fetches, p.Eval.Geometry), append(to, &c.Geometry)
	}
	size := p.Shape.Len()
	for len(images) > 0 {
		if err := ctx.Err(); err != nil {
			return c, nil, err
		}
		n := min(evalBatch, len(images)/size)
		b, err := p.imageBuffer(tf.Float, n)
		if err != nil {
			return c, nil, err
		}
		copy(b.Float32(), images)
		out, err := net.Run(graphs.Feeds{p.Images.Feed: b.Tensor}, fetches)
		if err != nil {
			return c, nil, err
		}
		classes = append(classes, graphs.Ints(nil, out[0])...)
		for i, t := range out[1:] {
			*to[i+1] = append(*to[i+1], graphs.Floats(nil, t)...)
		}
		images, c.N = images[n*size:], c.N+n
	}
	return c, classes, nil
}

// Synthesise decodes codes that need not belong together, appearance [N,Da] and
// geometry [N,Dg]: X_new of section 3.3 of Duan et al. It wants a model with
// both.
func (p *Plan) Synthesise(ctx context.Context, net *graphs.Net, appearance, geometry []float32) (Decoded, error) {
	var d Decoded
	if p.Eval.Geometry.Op == nil {
		return d, fmt.Errorf("trainer: synthesise: want a disentangled model, got one without a geometric code")
	}
	da, dg := p.Model.Appearance, p.Model.Geometry
	total := len(appearance) / da
	if total == 0 || len(appearance) != total*da || len(geometry) != total*dg {
		return d, fmt.Errorf("trainer: synthesise: want as many appearance codes of %d as geometric codes of %d, got %d and %d values", da, dg, len(appearance), len(geometry))
	}
	fetches := []tf.Output{p.Eval.Canonical, p.Eval.Field, p.Eval.Reconstruction}
	for from := 0; from < total; from += evalBatch {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		n := min(evalBatch, total-from)
		a, err := graphs.NewBuffer(tf.Float, int64(n), int64(da))
		if err != nil {
			return d, err
		}
		g, err := graphs.NewBuffer(tf.Float, int64(n), int64(dg))
		if err != nil {
			return d, err
		}
		copy(a.Float32(), appearance[from*da:])
		copy(g.Float32(), geometry[from*dg:])
		// The codes are fed in the place where the encoder's would be.
		out, err := net.Run(graphs.Feeds{p.Eval.Appearance: a.Tensor, p.Eval.Geometry: g.Tensor}, fetches)
		if err != nil {
			return d, err
		}
		d.Canonical = append(d.Canonical, graphs.Floats(nil, out[0])...)
		d.Field = append(d.Field, graphs.Floats(nil, out[1])...)
		d.Reconstruction = append(d.Reconstruction, graphs.Floats(nil, out[2])...)
	}
	return d, nil
}

// whole refuses a list of values that is not one of images.
func (p *Plan) whole(what string, images []float32) error {
	if n := len(images) / p.Shape.Len(); n == 0 || len(images)%p.Shape.Len() != 0 {
		return fmt.Errorf("trainer: %s: want whole images of %v, got %d values", what, p.Shape, len(images))
	}
	return nil
}
