package graphs

import (
	"cmp"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Disentangled regularises any encoder's embedding by reconstructing the image
// from it (Duan et al., section 2.1). The first Appearance units of the
// embedding are the appearance code, the next Geometry units the geometric
// code; together they are all of it. A classifier reads both.
//
// Warp false is the paper's reconstruction ablation (Table 10): one decoder
// reads the whole embedding, nothing is warped. Decode false is the base CNN.
//
// The encoder sees normalised images, in training with noise and jitter, warped by a
// spatial transformer where there is one; what is attacked and what is to be
// reconstructed are the images as given.
type Disentangled struct {
	Noise     Noise     // of images, in training passes
	Transform Transform // of images; nil means none
	Normalise Normalisation
	Range     Range  // in which the encoder takes pixels, where they are not normalised
	Jitter    Jitter // of normalised images, in training passes
	// SpatialTransformer warps what the encoder sees; nil means no warp.
	SpatialTransformer *SpatialTransformer
	Target             Target // "" means ImageTarget
	Encoder            Encoder
	Head               Head // nil means LinearHead without dropout
	Classes            int
	Appearance         int
	Geometry           int
	Decode             bool
	Warp               bool
	Width              int // of the decoders; 0 means 32
	Field              Field
	Border             Border
	Reach              float32
	Config             Model // that it was built from, if it was
}

// Forward is what a pass computes. Outputs that the model does not have are
// zero (Op nil): a base CNN has no codes, the ablation no field.
type Forward struct {
	Images         tf.Output // [B,H,W,C], as given
	Embedding      tf.Output // [B,D]
	Logits         tf.Output // [B,K]
	Appearance     tf.Output // [B,Da], C_a of eq. 1
	Geometry       tf.Output // [B,Dg], C_g of eq. 1
	Canonical      tf.Output // [B,H,W,C], X_a of eq. 2; in (0,1) with ImageTarget
	Field          tf.Output // [B,H,W,2] in pixels, X_g of eq. 2
	Reconstruction tf.Output // [B,H,W,C], X of eq. 3
	Target         tf.Output // [B,H,W,C], what Rebuilt is compared with in eq. 5
	Rebuilt        tf.Output // [B,H,W,C], the reconstruction in the units of Target
	// Mean and Deviation turn normalised images into images, [B,1,1,1] or
	// [B,1,1,C]; none with ImageTarget, or where the model knows them.
	Mean, Deviation tf.Output
}

// Classify builds the part needed for inference: encoder, codes, classifier
// (eq. 1 and 4).
func (m Disentangled) Classify(s *Scope, images tf.Output) Forward {
	f := Forward{Images: images}
	seen := m.Noise.Apply(s.In("noise"), images)
	if m.Transform != nil {
		seen = m.Transform.Apply(s.In("transform"), seen)
	}
	seen = m.Normalise.Apply(s.In("normalise"), seen)
	seen = m.Jitter.Apply(s.In("jitter"), m.Range.Apply(s.In("range"), seen))
	f.Embedding = m.Encoder.Encode(s.In("encoder"), m.SpatialTransformer.Apply(s.In("spatial_transformer"), seen))
	d, ok := s.Dims(f.Embedding, 2, "an embedding [B,D]")
	if !ok {
		return f
	}
	if m.Decode {
		if d[1] != int64(m.Appearance+m.Geometry) {
			s.Errorf("want code sizes that add up to the embedding's %d, got appearance %d + geometry %d", d[1], m.Appearance, m.Geometry)
			return f
		}
		f.Appearance, f.Geometry = m.splitCodes(s, f.Embedding)
	}
	f.Logits = m.head(images).Classify(s, f.Embedding, m.Classes)
	return f
}

// head is the classifier of images [B,H,W,C]; capsules learn what they read.
func (m Disentangled) head(images tf.Output) Head {
	switch h := m.Head.(type) {
	case nil:
		return LinearHead{}
	case CapsuleHead:
		return h.reading(m, images)
	}
	return m.Head
}

// splitCodes splits the embedding into appearance and geometry; without a warp all
// of it is appearance.
func (m Disentangled) splitCodes(s *Scope, embedding tf.Output) (appearance, geometry tf.Output) {
	if !m.Warp {
		return embedding, tf.Output{}
	}
	return m.sliceColumns(s, "appearance", embedding, 0, m.Appearance), m.sliceColumns(s, "geometry", embedding, m.Appearance, m.Geometry)
}

func (m Disentangled) sliceColumns(s *Scope, name string, x tf.Output, from, n int) tf.Output {
	return op.Slice(s.Op(name), x, op.Const(s.Op("from"), []int32{0, int32(from)}), op.Const(s.Op("size"), []int32{-1, int32(n)}))
}

// Reconstruct adds the decoders and the warp to f (eq. 2 and 3); it does
// nothing for a base CNN.
func (m Disentangled) Reconstruct(s *Scope, f *Forward) {
	if !m.Decode {
		return
	}
	d, ok := s.Dims(f.Images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return
	}
	rows, cols, width := int(d[1]), int(d[2]), cmp.Or(m.Width, 32)
	f.Canonical = AppearanceDecoder{Rows: rows, Cols: cols, Channels: int(d[3]), Width: width, Linear: m.Target == NormalisedTarget}.Apply(s.In("decoder_a"), f.Appearance)
	f.Rebuilt = f.Canonical
	if m.Warp {
		f.Field = GeometricDecoder{Rows: rows, Cols: cols, Width: width, Field: m.Field, Reach: m.Reach}.Apply(s.In("decoder_g"), f.Geometry)
		f.Rebuilt = Warp(s.In("warp"), f.Canonical, f.Field, m.Border)
	}
	m.expressInPixels(s, f)
}

// expressInPixels sets the target, and turns what was decoded into images.
func (m Disentangled) expressInPixels(s *Scope, f *Forward) {
	f.Target, f.Reconstruction = f.Images, f.Rebuilt
	if m.Target != NormalisedTarget {
		return
	}
	var back moments
	f.Target, back = m.Normalise.apply(s.In("target"), f.Images)
	f.Canonical = back.undo(s.In("canonical"), f.Canonical)
	f.Reconstruction = f.Canonical
	if m.Warp {
		f.Reconstruction = back.undo(s.In("reconstruction"), f.Rebuilt)
	}
	if m.Normalise.By != BySet {
		f.Mean, f.Deviation = back.mean, back.deviation
	}
}

// Apply builds everything that the model has.
func (m Disentangled) Apply(s *Scope, images tf.Output) Forward {
	f := m.Classify(s, images)
	m.Reconstruct(s, &f)
	return f
}
