package trainer

import (
	"fmt"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// With every N the reconstruction error is the mean over rows 0, N, 2N, … of what the whole model
// reconstructs, of each branch of eq. 8; all else is as without, and so is evaluation.
func TestSomeReconstructed(t *testing.T) {
	const deform = "deform(stretch=1..2,shift=1..2,step=1)"
	for _, c := range []struct {
		kind, augment string
		every         int
	}{
		{"base", "", 3}, {"reconstruction", "", 2}, {"disentangled", "", 3}, {"disentangled", "", 9}, {"disentangled", deform, 3},
	} {
		what := fmt.Sprintf("%s %s every %d", c.kind, c.augment, c.every)
		config := DefaultConfig()
		config.Augment = mustAugment(t, c.augment)
		config.Objective.Lambda, config.Objective.Norm, config.Objective.Gamma, config.Objective.Every = .4, graphs.MSE, 0, c.every
		p, net := declared(t, 1, config, littleModel(c.kind), littleShape)
		b := firstBatch(t, littleDots(12), pipelines.Options{Batch: 5, Augment: config.Augment, Seed: 4})
		f, feeds := stepFeeds(t, p, b, 1)
		losses := stepLosses(t, p, net, feeds)
		images, labels := append(append([]float32{}, b.Images...), b.DeformedViews...), append([]int32{}, b.Labels...)
		branches := 1.
		if p.Views {
			labels, branches = append(labels, labels...), 2
		}
		n := len(labels)
		feeds, err := f.feedBatch(pipelines.Batch{Images: images, Labels: labels, N: n}, false)
		if err != nil {
			t.Fatal(err)
		}
		x := fetchSeen(t, net, p.Inference, feeds, images, labels)
		classification, reconstruction, picked := 0., 0., 0.
		for i := range n {
			classification += branches * crossEntropy(row(x.logits, i, n), labels[i]) / float64(n)
			if i%c.every == 0 && x.reconstructed != nil {
				reconstruction += branches * difference(graphs.MSE, row(images, i, n), row(x.reconstructed, i, n))
				picked++
			}
		}
		reconstruction /= max(1, picked)
		want := []float64{classification + .4*reconstruction, classification, reconstruction}
		graphtest.Near(t, what, []float32{losses.Total, losses.Classification, losses.Reconstruction}, want, 1e-5)
		if p.perImage.Reconstruction.Op == nil {
			continue
		}
		for i, e := range fetchAll(t, net, feeds, p.perImage.Reconstruction)[0].Data {
			graphtest.Near(t, fmt.Sprint(what, ", evaluation of image ", i), []float32{e}, []float64{difference(graphs.MSE, row(images, i, n), row(x.reconstructed, i, n))}, 1e-5)
		}
	}
}

// What needs the reconstruction of all images gets it, and all else as many as are asked for.
func TestStepObjective(t *testing.T) {
	for _, c := range []struct {
		change func(c *Config)
		want   int
	}{
		{func(*Config) {}, 4},
		{func(c *Config) { c.Objective.Swap = Swap{SwapWeights{Class: 1}} }, 1},
		{func(c *Config) { c.Adversary = mustAdversary(t, "fgsm(eps=.1)") }, 1},
		{func(c *Config) { c.Certified = mustCertified(t, "ibp(eps=.1)") }, 1},
	} {
		config := DefaultConfig()
		config.Objective.Every = 4
		c.change(&config)
		if got := config.stepObjective().Every; got != c.want {
			t.Errorf("swap %v, adversary %v, certified %v: every %d, want %d", config.Objective.Swap, config.Adversary, config.Certified, got, c.want)
		}
	}
	config := DefaultConfig()
	config.Objective.Every = -1
	if err := config.Check(); err == nil || !strings.Contains(err.Error(), "train.objective.every") {
		t.Errorf("every -1: want an error that names the key, got %v", err)
	}
}
