package trainer

import (
	"context"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Decoded are the outputs of the decoders for N images, row-major; parts that
// the model does not have are nil.
type Decoded struct {
	Canonical      []float32 // canonical images [N,H,W,C] in (0,1)
	Field          []float32 // [N,H,W,2] in pixels
	Reconstruction []float32 // [N,H,W,C]
}

// Decode encodes and decodes images [N,H,W,C] in [0,1].
func (g *TrainGraph) Decode(net *graphs.Net, images []float32) (Decoded, error) {
	var d Decoded
	if err := g.checkImages("decode", images); err != nil {
		return d, err
	}
	b, err := g.imageBuffer(tf.Float, len(images)/g.Shape.Len())
	if err != nil {
		return d, err
	}
	copy(b.Float32(), images)
	for _, part := range []struct {
		from tf.Output
		to   *[]float32
	}{{g.Inference.Canonical, &d.Canonical}, {g.Inference.Field, &d.Field}, {g.Inference.Reconstruction, &d.Reconstruction}} {
		if part.from.Op == nil {
			continue
		}
		out, err := net.Run(graphs.Feeds{g.Images.Feed: b.Tensor}, []tf.Output{part.from})
		if err != nil {
			return d, err
		}
		*part.to = graphs.Floats(nil, out[0])
	}
	return d, nil
}

// Codes are the outputs of the encoder for N images, row-major; parts that the
// model does not have are nil.
type Codes struct {
	N          int
	Embedding  []float32 // [N,D], all that the classifier reads
	Appearance []float32 // [N,Da]; of the reconstruction ablation all of the embedding
	Geometry   []float32 // [N,Dg]
}

// Encode computes the codes of images [N,H,W,C] in [0,1] and the predicted class
// of each, in float32.
func (g *TrainGraph) Encode(ctx context.Context, net *graphs.Net, images []float32) (Codes, []int32, error) {
	var c Codes
	var classes []int32
	if err := g.checkImages("encode", images); err != nil {
		return c, nil, err
	}
	net, done, err := inFloat32(net)
	if err != nil {
		return c, nil, err
	}
	defer done()
	if g.Inference.Embedding.Op == nil {
		return c, nil, fmt.Errorf("trainer: encode: want a model with an embedding, got an export without the signature %s", signEmbed)
	}
	fetches, to := []tf.Output{g.predicted, g.Inference.Embedding}, []*[]float32{nil, &c.Embedding}
	if g.Inference.Appearance.Op != nil {
		fetches, to = append(fetches, g.Inference.Appearance), append(to, &c.Appearance)
	}
	if g.Inference.Geometry.Op != nil {
		fetches, to = append(fetches, g.Inference.Geometry), append(to, &c.Geometry)
	}
	size := g.Shape.Len()
	for len(images) > 0 {
		if err := ctx.Err(); err != nil {
			return c, nil, err
		}
		n := min(evalBatch, len(images)/size)
		b, err := g.imageBuffer(tf.Float, n)
		if err != nil {
			return c, nil, err
		}
		copy(b.Float32(), images)
		out, err := net.Run(graphs.Feeds{g.Images.Feed: b.Tensor}, fetches)
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
func (g *TrainGraph) Synthesise(ctx context.Context, net *graphs.Net, appearance, geometry []float32) (Decoded, error) {
	var d Decoded
	if err := g.CheckSynthesis(); err != nil {
		return d, fmt.Errorf("trainer: synthesise: %w", err)
	}
	da, dg := g.Model.Appearance, g.Model.Geometry
	total := len(appearance) / da
	if total == 0 || len(appearance) != total*da || len(geometry) != total*dg {
		return d, fmt.Errorf("trainer: synthesise: want as many appearance codes of %d as geometric codes of %d, got %d and %d values", da, dg, len(appearance), len(geometry))
	}
	fetches := []tf.Output{g.Inference.Canonical, g.Inference.Field, g.Inference.Reconstruction}
	for from := 0; from < total; from += evalBatch {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		n := min(evalBatch, total-from)
		appearanceBuffer, err := graphs.NewBuffer(tf.Float, int64(n), int64(da))
		if err != nil {
			return d, err
		}
		geometryBuffer, err := graphs.NewBuffer(tf.Float, int64(n), int64(dg))
		if err != nil {
			return d, err
		}
		copy(appearanceBuffer.Float32(), appearance[from*da:])
		copy(geometryBuffer.Float32(), geometry[from*dg:])
		// The codes are fed in place of those of the encoder.
		feeds := graphs.Feeds{g.Inference.Appearance: appearanceBuffer.Tensor, g.Inference.Geometry: geometryBuffer.Tensor}
		if err := g.feedMoments(feeds, n); err != nil {
			return d, err
		}
		out, err := net.Run(feeds, fetches)
		if err != nil {
			return d, err
		}
		d.Canonical = append(d.Canonical, graphs.Floats(nil, out[0])...)
		d.Field = append(d.Field, graphs.Floats(nil, out[1])...)
		d.Reconstruction = append(d.Reconstruction, graphs.Floats(nil, out[2])...)
	}
	return d, nil
}

// What stands for the mean and the deviation of an image that there is not, so
// that two deviations to either side lie in [0,1].
const (
	meanOfNoImage      = .5
	deviationOfNoImage = .25
)

// feedMoments feeds the mean and deviation of n images that were made of codes
// alone, where the decoders make normalised images.
func (g *TrainGraph) feedMoments(feeds graphs.Feeds, n int) error {
	for output, value := range map[tf.Output]float32{g.Inference.Mean: meanOfNoImage, g.Inference.Deviation: deviationOfNoImage} {
		if output.Op == nil {
			continue
		}
		channels := output.Shape().Size(3)
		b, err := graphs.NewBuffer(tf.Float, int64(n), 1, 1, channels)
		if err != nil {
			return err
		}
		x := b.Float32()
		for i := range x {
			x[i] = value
		}
		feeds[output] = b.Tensor
	}
	return nil
}

// checkImages refuses a list of values that is not one of images.
func (g *TrainGraph) checkImages(what string, images []float32) error {
	if n := len(images) / g.Shape.Len(); n == 0 || len(images)%g.Shape.Len() != 0 {
		return fmt.Errorf("trainer: %s: want whole images of %v, got %d values", what, g.Shape, len(images))
	}
	return nil
}
