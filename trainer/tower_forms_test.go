package trainer

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// opsOfHinton are the types of ops of Hinton's CNN in a pass.
func opsOfHinton(t *testing.T, mode graphs.Mode, options ...graphs.PassOption) (ops []string) {
	net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
		x := b.Input("images", tf.Float, -1, 8, 8, 1)
		y := graphs.Hinton{Embedding: 4}.Encode(b.Pass("pass", mode, options...).In("encoder"), x.Value)
		ops = graphtest.Between(y, x.Value)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	net.Close()
	return ops
}

// Bounds in training are those of evaluation, as the ops that they walk are; other
// training takes quicker ones.
func TestCertifiedTrainingTakesPlainForms(t *testing.T) {
	want := opsOfHinton(t, graphs.Inference)
	if got := opsOfHinton(t, graphs.Training, tower{certified: boundLoss{certifiedSettings: certifiedSettings{eps: .1}}}.passOptions()...); !slices.Equal(got, want) {
		t.Errorf("certified: want the ops of inference %v, got %v", want, got)
	}
	if got := opsOfHinton(t, graphs.Training, tower{}.passOptions()...); slices.Equal(got, want) {
		t.Errorf("want quicker ops than those of inference %v", want)
	}
}
