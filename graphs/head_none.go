package graphs

import tf "github.com/wamuir/graft/tensorflow"

// NoHead takes the embedding for the logits: that of a network of a file up to its
// scores.
type NoHead struct{}

func (NoHead) fit(float32) Head { return NoHead{} }

// Classify returns the embedding.
func (NoHead) Classify(s *Scope, embedding tf.Output, classes int) tf.Output {
	d, ok := s.Dims(embedding, 2, "an embedding [B,D]")
	if ok && d[1] != int64(classes) {
		s.Errorf("want an embedding of a number for each of %d classes with model.head: none, got %d: take another head or output", classes, d[1])
	}
	return embedding
}
