package trainer

import (
	"errors"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Classify adds the part of the model that inference needs to s: that of Model,
// or of an export that of its file.
func (g *TrainGraph) Classify(s *graphs.Scope, images tf.Output) graphs.Forward {
	if g.file == nil {
		return g.Model.Classify(s, images)
	}
	return g.fileForward(s, images, signServe, signEmbed)
}

// Apply adds everything that the model has to s; an inference-only export has no
// decoders.
func (g *TrainGraph) Apply(s *graphs.Scope, images tf.Output) graphs.Forward {
	if g.file == nil {
		return g.Model.Apply(s, images)
	}
	return g.fileForward(s, images, signServe, signEmbed, signReconstruct)
}

// fileForward are the outputs of signatures of the export's file. Those of the
// reconstruction ablation have one name each, see [TrainGraph.WriteSavedModel].
func (g *TrainGraph) fileForward(s *graphs.Scope, images tf.Output, signatures ...string) graphs.Forward {
	var names []string
	for _, sign := range signatures {
		names = append(names, exportOutputs[sign]...)
	}
	out := g.file.outputs(s, images, names...)
	f := graphs.Forward{
		Images: images, Logits: out["logits"], Embedding: out["embedding"], Appearance: out["appearance"], Geometry: out["geometry"],
		Canonical: out["canonical"], Field: out["field"], Reconstruction: out["reconstruction"],
	}
	if g.Model.Decode && !g.Model.Warp {
		f.Appearance, f.Canonical = f.Embedding, f.Reconstruction
	}
	g.checkForward(s, f)
	g.Model.Compare(s.In("compared"), &f)
	return f
}

// checkForward refuses outputs of other sizes than unwarp.json says: what reads
// them counts on it.
func (g *TrainGraph) checkForward(s *graphs.Scope, f graphs.Forward) {
	h, w, c := int64(g.Shape.H), int64(g.Shape.W), int64(g.Shape.C)
	appearance := int64(g.Model.Appearance)
	if !g.Model.Warp {
		appearance = -1
	}
	for _, o := range []struct {
		name string
		got  tf.Output
		want []int64 // -1 for any size
	}{
		{"logits", f.Logits, []int64{-1, int64(g.Model.Classes)}}, {"embedding", f.Embedding, []int64{-1, -1}},
		{"appearance", f.Appearance, []int64{-1, appearance}}, {"geometry", f.Geometry, []int64{-1, int64(g.Model.Geometry)}},
		{"canonical", f.Canonical, []int64{-1, h, w, c}}, {"field", f.Field, []int64{-1, h, w, 2}}, {"reconstruction", f.Reconstruction, []int64{-1, h, w, c}},
	} {
		if o.got.Op == nil || !s.OK() {
			continue
		}
		d, ok := s.Dims(o.got, len(o.want), o.name+" as "+ExportInfoFile+" says")
		for i := range d {
			if ok && o.want[i] >= 0 && d[i] != o.want[i] {
				s.Errorf("want %s of shape %v, as %s says, got %v", o.name, o.want, ExportInfoFile, d)
				return
			}
		}
		if ok && (o.got.DataType() != tf.Float || d[len(d)-1] < 1) {
			s.Errorf("want %s of floats in a known number, got type %d, shape %v", o.name, o.got.DataType(), d)
		}
	}
}

// HasTrainingLoss tells whether the loss of the training can be computed: an
// inference-only export lacks the reconstruction.
func (g *TrainGraph) HasTrainingLoss() bool {
	return !g.Model.Decode || g.Inference.Reconstruction.Op != nil
}

// checkExportable refuses to export again what the model's description does not
// build: the graph of an export may have been changed.
func (g *TrainGraph) checkExportable(e Export) error {
	if g.file == nil || e.InferenceOnly || g.HasTrainingLoss() {
		return nil
	}
	return errors.New("want a model with its decoders, got an inference-only export: export that again with --inference-only, or export the run")
}

// CheckSynthesis refuses a model whose decoders cannot be given codes.
func (g *TrainGraph) CheckSynthesis() error {
	f := g.Inference
	switch {
	case f.Geometry.Op == nil || f.Appearance.Op == nil:
		return errors.New("want a disentangled model, got one without a geometric code")
	case f.Canonical.Op == nil || f.Field.Op == nil || f.Reconstruction.Op == nil:
		return errors.New("want a model with its decoders, got an inference-only export: export the run without --inference-only")
	case g.file != nil:
		return g.file.export.checkDecoders()
	}
	return nil
}
