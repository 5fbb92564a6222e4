package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs/spec"
)

// SpatialTransformer warps each image, by a map that a localisation network
// predicts from it, before the encoder sees it (Jaderberg et al. 2015, section 3;
// the sampler is [Warp]). The network has two 5x5 convolutions, each with ReLU and
// 2x2 max-pooling, a fully connected layer with ReLU and a linear one, whose weights
// begin at 0: at first no image is moved.
type SpatialTransformer struct {
	Motion   Motion // which maps it can choose
	Channels int    `key:"channels" default:"20" in:"[1,1024]" help:"channels of the localisation network's two convolutions"`
	Units    int    `key:"units" default:"50" in:"[1,4096]" help:"units of its fully connected layer"`
}

// Motion is a family of maps of the plane.
type Motion string

// Motions: Affine has six parameters (eq. 1 of Jaderberg et al.), Similarity four
// (rotation and scale, and both shifts), Translation the two shifts.
const (
	Affine      Motion = "affine"
	Similarity  Motion = "similarity"
	Translation Motion = "translation"
)

// spatialTransformers are those that model.spatial_transformer can name.
var spatialTransformers = func() (kinds []spec.Kind[*SpatialTransformer]) {
	for _, m := range []Motion{Affine, Similarity, Translation} {
		kinds = append(kinds, spec.Kind[*SpatialTransformer]{Name: string(m), New: func() *SpatialTransformer { return &SpatialTransformer{Motion: m} }})
	}
	return kinds
}()

// Apply warps images [B,H,W,C]; nil leaves them as they are.
func (t *SpatialTransformer) Apply(s *Scope, images tf.Output) tf.Output {
	if t == nil {
		return images
	}
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return tf.Output{}
	}
	basis := t.Motion.displacements(int(d[1]), int(d[2]))
	theta := t.localise(s.In("localisation"), images, len(basis))
	if !s.hasValue(theta) {
		return tf.Output{}
	}
	field := op.MatMul(s.Op("displacement"), theta, op.Const(s.Op("basis"), basis))
	return Warp(s.In("warp"), images, s.In("field").Reshape(field, d[1], d[2], 2), Clamp)
}

// localise is the network that predicts n parameters [B,n] from images.
func (t *SpatialTransformer) localise(s *Scope, images tf.Output, n int) tf.Output {
	x := images
	for _, name := range []string{"conv1", "conv2"} {
		at := s.In(name)
		x = MaxPool{Size: 2}.Apply(at, Relu{}.Apply(at, Conv{Out: t.Channels, Kernel: 5}.Apply(at, x)))
	}
	x = Relu{}.Apply(s, Dense{Out: t.Units}.Apply(s.In("fc"), s.Flatten(x)))
	return Dense{Out: n, Init: Zeros}.Apply(s.In("motion"), x)
}

// displacements returns the displacement field [H·W·2] in pixels (dx, dy) of each
// parameter at value 1. The parameters are the difference from the map that moves
// nothing, in coordinates that run from -1 to 1 along the longer side of the image.
func (m Motion) displacements(h, w int) [][]float32 {
	half := float32(max(h, w)-1) / 2
	moves := motions[m]
	fields := make([][]float32, len(moves))
	for i, move := range moves {
		for row := range h {
			for col := range w {
				dx, dy := move(float32(col)-float32(w-1)/2, float32(row)-float32(h-1)/2, half)
				fields[i] = append(fields[i], dx, dy)
			}
		}
	}
	return fields
}

// motions are the displacements of a pixel by each parameter at value 1: (x, y) is its
// place from the middle, and half is half of the longer side, in pixels.
var motions = map[Motion][]func(x, y, half float32) (dx, dy float32){
	Affine: {
		func(x, _, _ float32) (float32, float32) { return x, 0 },
		func(_, y, _ float32) (float32, float32) { return y, 0 },
		shiftX,
		func(x, _, _ float32) (float32, float32) { return 0, x },
		func(_, y, _ float32) (float32, float32) { return 0, y },
		shiftY,
	},
	Similarity: {
		func(x, y, _ float32) (float32, float32) { return x, y },
		func(x, y, _ float32) (float32, float32) { return -y, x },
		shiftX, shiftY,
	},
	Translation: {shiftX, shiftY},
}

func shiftX(_, _, half float32) (dx, dy float32) { return half, 0 }
func shiftY(_, _, half float32) (dx, dy float32) { return 0, half }

func (m Model) hasSpatialTransformer() bool {
	return m.SpatialTransformer != "" && m.SpatialTransformer != noTransform
}

// parseSpatialTransformer reads model.spatial_transformer; nil: none.
func (m Model) parseSpatialTransformer() (*SpatialTransformer, error) {
	if !m.hasSpatialTransformer() {
		return nil, nil
	}
	t, err := spec.Parse(m.SpatialTransformer, spatialTransformers)
	if err != nil {
		return nil, fmt.Errorf("model.spatial_transformer: %w", err)
	}
	return t, nil
}
