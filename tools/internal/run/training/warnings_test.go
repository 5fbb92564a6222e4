package training

import (
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// counted is a source of which only labels are read.
type counted struct {
	pipelines.Source
	labels []int
	names  []string
}

func (s counted) Len() int             { return len(s.labels) }
func (s counted) Classes() int         { return len(s.names) }
func (s counted) Label(i int) int      { return s.labels[i] }
func (s counted) ClassNames() []string { return s.names }

func TestWarnBefore(t *testing.T) {
	many := counted{names: []string{"ash", "beech"}}
	for i := range 100 {
		many.labels = append(many.labels, i%2)
	}
	few := counted{names: []string{"ash", "beech"}, labels: append(make([]int, 91), 1, 1, 1, 1, 1, 1, 1, 1, 1)}
	for _, c := range []struct {
		src    pipelines.Source
		epochs float64
		want   []string
	}{
		{many, 100, nil},
		{many, 10, []string{"100 steps in all, 10ep in batches of 10 of 100 images"}},
		{few, 100, []string{`fewer than 10 images to train on: "beech" (9)`}},
		{few, 1, []string{"10 steps in all", `"beech" (9)`}},
	} {
		x := &experiment.Experiment{Subject: experiment.Subject{Config: config.Default(), Data: pipelines.Splits{Train: c.src}}}
		x.Config.Train.Batch, x.Config.Train.Duration = 10, trainer.Epochs(c.epochs)
		got := warnBefore(x)
		if len(got) != len(c.want) {
			t.Errorf("%g epochs: %q", c.epochs, got)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("want %q, got %q", want, got[i])
			}
		}
	}
}

// A setting that does nothing is named.
func TestWarnOfUnusedEvery(t *testing.T) {
	for _, c := range []struct {
		kind, adversary string
		every, want     int
	}{
		{"disentangled", "pgd(eps=.3)", 4, 1},
		{"disentangled", "", 4, 0},
		{"disentangled", "pgd(eps=.3)", 1, 0},
		{"base", "pgd(eps=.3)", 4, 0},
	} {
		x := &experiment.Experiment{Subject: experiment.Subject{Config: config.Default(), Data: pipelines.Splits{Train: counted{labels: make([]int, 100), names: []string{"ash"}}}}}
		x.Config.Model.Kind, x.Config.Train.Objective.Every, x.Config.Train.Batch, x.Config.Train.Duration = c.kind, c.every, 10, trainer.Epochs(100)
		if err := x.Config.Train.Adversary.UnmarshalText([]byte(c.adversary)); err != nil {
			t.Fatal(err)
		}
		got := warnBefore(x)
		if len(got) != c.want || c.want > 0 && !strings.Contains(got[0], "train.objective.every=4 has no effect") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Certified training that ends before its radius is reached is named.
func TestWarnOfUnreachedEps(t *testing.T) {
	for epochs, want := range map[float64]int{100: 1, 200: 0} {
		x := &experiment.Experiment{Subject: experiment.Subject{Config: config.Default(), Data: pipelines.Splits{Train: counted{labels: make([]int, 100), names: []string{"ash"}}}}}
		x.Config.Train.Batch, x.Config.Train.Duration = 10, trainer.Epochs(epochs)
		if err := x.Config.Train.Certified.UnmarshalText([]byte("ibp(eps=.35,ramp=150ep)")); err != nil {
			t.Fatal(err)
		}
		got := warnBefore(x)
		if len(got) != want || want > 0 && !strings.Contains(got[0], "eps rises to 0.231 of 0.35") {
			t.Errorf("%g epochs: %q", epochs, got)
		}
	}
}

// What is set already is not recommended.
func TestAdviseSmallClasses(t *testing.T) {
	none, sampled, weighted := config.Default().Train, config.Default().Train, config.Default().Train
	sampled.Sampling, weighted.Objective.ClassWeights = trainer.BalancedSampling, "balanced"
	if got := adviseSmallClasses(none); !strings.Contains(got, "train.sampling") || !strings.Contains(got, "class_weights") {
		t.Errorf("got %q", got)
	}
	for _, c := range []trainer.Config{sampled, weighted} {
		if got := adviseSmallClasses(c); got != "add images" {
			t.Errorf("got %q", got)
		}
	}
}

// Only a difference that is large and not by chance is remarked on.
func TestDescribeOverfitted(t *testing.T) {
	for _, c := range []struct {
		train, trainOf, other, otherOf int
		want                           string
	}{{1000, 1000, 700, 1000, "by heart"}, {600, 1000, 300, 1000, "generalises badly"}, {1000, 1000, 950, 1000, ""}, {30, 30, 18, 30, "by heart"}, {20, 20, 8, 10, ""}, {600, 1000, 900, 1000, ""}} {
		got := describeOverfitted(report.NewRate(c.train, c.trainOf), report.NewRate(c.other, c.otherOf), "the others")
		if all := strings.Join(got, "\n"); (len(got) == 1) != (c.want != "") || !strings.Contains(all, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
