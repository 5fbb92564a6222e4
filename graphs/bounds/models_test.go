package bounds_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// logitsOf are those of a model with an encoder.
func logitsOf(t *testing.T, encoder string) layer {
	t.Helper()
	m := graphs.DefaultModel()
	m.Kind, m.Encoder = "base", encoder
	d, err := m.Build(4)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *graphs.Scope, x tf.Output) tf.Output { return d.Classify(s, x).Logits }
}

// Models with batch norm, residual connections and the nets of the literature
// are bounded as they are; a radius of 0 gives the margin.
func TestModelsAreBounded(t *testing.T) {
	for _, encoder := range []string{"dm-small", "cnn7", "resnet20"} {
		t.Run(encoder, func(t *testing.T) {
			c := certify(t, logitsOf(t, encoder), []int64{12, 12, 1}, bounds.Settings{Method: bounds.CROWNIBP})
			images := Uniform(2, 0, 1, 2, 12, 12, 1)
			labels := c.classes(images)
			for _, v := range c.verify(bounds.Query{Images: images.Data, Labels: labels, Eps: []float32{0, 1e-4}, Every: true}) {
				if v.Overflow || v.Status == bounds.Misclassified {
					t.Errorf("want bounds, got %+v", v)
				}
			}
		})
	}
}

// A net of large images asks for no more memory than the settings allow; one whose
// sums are too long for float32 is refused.
func TestLargeImagesFitIntoMemory(t *testing.T) {
	set := bounds.Settings{Method: bounds.CROWNIBP, Memory: 100 << 20}
	s := certify(t, logitsOf(t, "resnet20"), []int64{96, 96, 3}, set).v.Settings()
	if s.Images != 1 || s.Rows > 22 {
		t.Errorf("want one image and few rows at once, got %d and %d", s.Images, s.Rows)
	}
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		_, err := bounds.NewVerifier(b, "v", []int64{224, 224, 3}, logitsOf(t, "resnet20"), set)
		return err
	})
	Says(t, err, "bounds: ", "")
}
