package trainer

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
)

// Each term has a field of Losses of its own, under the key of its name.
func TestTermNames(t *testing.T) {
	x := tf.Output{Op: new(tf.Operation)}
	all := Terms{Total: x, Classification: x, Reconstruction: x, CodeChange: x, Divergence: x, InputGradient: x, CodeShift: x, EmbeddingSpread: x, Accuracy: x}
	var l Losses
	want := map[string]float32{}
	for i, term := range all.list(x) {
		*term.field(&l) = float32(i + 1)
		want[term.name] = float32(i + 1)
	}
	raw, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]float32
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	var names []string
	for _, term := range (Terms{Total: x, Divergence: x}).list(x) {
		names = append(names, term.name)
	}
	if !slices.Equal(names, []string{"loss", "divergence", "gradient_norm"}) {
		t.Errorf("want the terms that there are, got %v", names)
	}
}
