package config

import (
	"slices"
	"testing"

	"unwarp/graphs"
	"unwarp/trainer"
)

func TestDifferences(t *testing.T) {
	a, b := Default(), Default()
	b.Run, b.Threads, b.Precision, b.Data.Path, b.Train.Workers, b.Attack.Images, b.Export.InferenceOnly = "x", 1, graphs.Bfloat16, "/y", 3, 7, true
	if d, err := Differences(a, b); err != nil || len(d) > 0 {
		t.Errorf("want no difference in what is trained, got %v, %v", d, err)
	}
	a.Model.Mean, a.Model.Std = []float32{.5}, []float32{.2}
	if d, err := Differences(a, b); err != nil || len(d) > 0 {
		t.Errorf("want moments that the training set decides not to count, got %v, %v", d, err)
	}
	c := b
	c.Model.Mean, c.Model.Std = []float32{.4}, []float32{.2}
	if d, err := Differences(a, c); err != nil || len(d) != 1 {
		t.Errorf("want other moments to count, got %v, %v", d, err)
	}
	c = b
	b.Model.Encoder, c.Model.Encoder, c.Model.Head, c.Model.Dropout = "resnet8", "resnet(depth=8)", "linear", 0
	for _, pair := range [][2]Config{{b, c}, {c, b}} {
		if d, err := Differences(pair[0], pair[1]); err != nil || len(d) != 0 {
			t.Errorf("want another spelling of the same model not to count, got %v, %v", d, err)
		}
	}
	c.Model.Encoder = "resnet(depth=14)"
	if d, err := Differences(b, c); err != nil || len(d) != 1 {
		t.Errorf("want another depth to count, got %v, %v", d, err)
	}
	b.Model.Encoder = a.Model.Encoder
	a.Model.Mean, a.Model.Std = nil, nil
	b.Seed, b.Train.Duration, b.Model.Kind, b.Train.Objective.Gamma = 5, trainer.Epochs(3), "base", 0
	want := []string{
		"model.kind is disentangled instead of base", "seed is 1 instead of 5",
		"train.duration is 8ep instead of 3ep", "train.objective.gamma is 1 instead of 0",
	}
	if d, err := Differences(a, b); err != nil || !slices.Equal(d, want) {
		t.Errorf("want %q, got %q, %v", want, d, err)
	}
}
