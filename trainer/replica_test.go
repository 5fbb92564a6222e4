package trainer

import (
	"math"
	"testing"
	"time"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/graphs/cluster/clustertest"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// replicated is a way to compute a training.
type replicated struct {
	replicas int
	devices  graphs.Devices
	workers  cluster.Addresses
}

// trainReplicated trains a few steps and returns all variables and losses.
func trainReplicated(t *testing.T, c Config, m graphs.Disentangled, src pipelines.Source, steps string, by replicated) (map[string][]float32, []float32) {
	t.Helper()
	seen := trainObserved(t, c, m, src, steps, by)
	return seen.values, seen.loss
}

// trainObserved trains a few steps and returns what was seen of it.
func trainObserved(t *testing.T, c Config, m graphs.Disentangled, src pipelines.Source, steps string, by replicated) *recorder {
	t.Helper()
	c.Replicas, c.Duration = by.replicas, mustDuration(t, steps)
	c.Evaluate, c.Checkpoint = Duration{0, "st"}, Duration{0, "st"}
	o := graphs.Options{Seed: 5, Device: graphs.CPU}
	if err := by.devices.Configure(&o); err != nil {
		t.Fatal(err)
	}
	devices := by.devices.Names()
	if by.workers.Len() > 0 {
		devices = []string{OnWorkers}
	}
	var p *TrainGraph
	net, err := graphs.Build(o, func(b *graphs.Builder) (err error) {
		p, err = Declare(b, c, m, src.Shape(), devices...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	seen := &recorder{}
	r, err := p.begin(t.Context(), net, Inputs{Train: src, Dir: t.TempDir(), Seed: 9, Workers: by.workers, Cluster: cluster.DefaultConfig()}, []Observer{seen})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	defer r.log.close()
	for b, err := range r.stream(t.Context()) {
		if err == nil {
			err = r.trainBatch(t.Context(), b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.ended() {
			break
		}
	}
	seen.values = values(t, net)
	if r.replicas != nil {
		seen.replicas = r.replicas.clocks.read(time.Second)
	}
	return seen
}

// nearValues compares all variables with a tolerance relative to the largest of
// each.
func nearValues(t *testing.T, what string, got, want map[string][]float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: want %d variables, got %d", what, len(want), len(got))
	}
	for path, w := range want {
		largest, off := 0., 0.
		for i, x := range w {
			largest, off = max(largest, math.Abs(float64(x))), max(off, math.Abs(float64(x-got[path][i])))
		}
		if off > tolerance*largest {
			t.Errorf("%s: %s: off by %.2g of %.2g", what, path, off, largest)
		}
	}
}

func devicesOf(t *testing.T, text string) graphs.Devices {
	t.Helper()
	d, err := graphs.ParseDevices(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Replicas train as one device does, whatever is trained: their batch, its random
// numbers, pairs and attacked images are the same.
func TestReplicasEqualOneDevice(t *testing.T) {
	for name, spoil := range map[string]func(c *Config, m *graphs.Disentangled){
		"jitter, clip, average": func(c *Config, m *graphs.Disentangled) {
			c.Jitter, c.Optimizer.Clip, c.Average = mustJitter(t, "jitter(brightness=.2)"), .1, .9
		},
		"penalty": func(c *Config, m *graphs.Disentangled) {
			*m = littleModel("base")
			c.Objective.InputGradient, m.Encoder, m.Head = .1, graphs.Hinton{Embedding: 12}, graphs.LinearHead{Dropout: .5}
		},
		"fgsm, dropout, views": func(c *Config, m *graphs.Disentangled) {
			m.Head, c.Adversary, c.Augment = graphs.LinearHead{Dropout: .4}, mustAdversary(t, "fgsm(eps=.2,codes=1)"), mustAugment(t, "deform(stretch=1..2,shift=1..2,step=1)")
		},
		"pgd, clean": func(c *Config, m *graphs.Disentangled) {
			c.Adversary = mustAdversary(t, "pgd(eps=.2,steps=2,clean=.3)")
		},
		"mixup, weights, smoothing": func(c *Config, m *graphs.Disentangled) {
			c.Augment, c.Objective.Smoothing, c.Objective.ClassWeights = mustAugment(t, "flip|erase(.5)|mixup(1)"), .1, "2 .5 1"
		},
		"trades": func(c *Config, m *graphs.Disentangled) { c.Adversary = mustAdversary(t, "trades(eps=.2,steps=2)") },
		"spread": func(c *Config, m *graphs.Disentangled) {
			c.Objective.Loss = ClassLoss{Spread{Start: .2, End: .9, Ramp: Duration{10, "st"}}}
		},
		"pgd, awp": func(c *Config, m *graphs.Disentangled) {
			c.Adversary = mustAdversary(t, "pgd(eps=.2,steps=2,clean=.3,awp=.2)")
		},
		"trades, awp after a step": func(c *Config, m *graphs.Disentangled) {
			c.Adversary = mustAdversary(t, "trades(eps=.2,steps=2,awp=.2,awp_after=1st)")
		},
		"ibp, regularised": func(c *Config, m *graphs.Disentangled) {
			m.Encoder, m.Appearance, m.Geometry = deep{}, 4, 3
			c.Certified = mustCertified(t, "ibp(eps=.1,kappa=.5,warmup=0st,ramp=5st,tightness=.9,balance=.9)")
		},
		"crown-ibp": func(c *Config, m *graphs.Disentangled) {
			*m = littleModel("base")
			m.Encoder, m.Head = deep{}, graphs.LinearHead{Dropout: .3}
			c.Certified, c.Objective.L1 = mustCertified(t, "crown-ibp(eps=.1,warmup=0st,ramp=4st,balance=.5)"), 1e-3
		},
		"mtl-ibp": func(c *Config, m *graphs.Disentangled) {
			m.Encoder, m.Appearance, m.Geometry = deep{}, 4, 3
			c.Certified = mustCertified(t, "mtl-ibp(eps=.1,steps=2,warmup=0st,ramp=4st,tightness=.5)")
		},
		"sabr": func(c *Config, m *graphs.Disentangled) {
			*m = littleModel("base")
			m.Encoder, c.Certified = deep{}, mustCertified(t, "sabr(eps=.1,steps=2,warmup=0st,ramp=2st)")
		},
		"free, l2": func(c *Config, m *graphs.Disentangled) {
			c.Adversary = mustAdversary(t, "free(eps=.2,replays=2,norm=l2,loss=training)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := DefaultConfig(), littleModel("disentangled")
			c.Batch, c.Optimizer.Name, c.Schedule.Rate = 7, "sgd", .05
			spoil(&c, &m)
			src := littleDots(30)
			want, losses := trainReplicated(t, c, m, src, "2st", replicated{})
			got, split := trainReplicated(t, c, m, src, "2st", replicated{replicas: 3})
			nearValues(t, name, got, want, 1e-5)
			for i, l := range losses {
				if math.Abs(float64(l-split[i])) > 1e-5*math.Abs(float64(l)) {
					t.Errorf("step %d: want loss %g, got %g", i, l, split[i])
				}
			}
		})
	}
}

// What computes the replicas changes no bit: this device, two devices, or workers,
// of which each has two.
func TestReplicasRepeatBitByBit(t *testing.T) {
	workers := clustertest.Addresses(t, clustertest.Start(t), clustertest.Start(t))
	for name, spoil := range map[string]func(c *Config, m *graphs.Disentangled){
		"batch norm, pgd": func(c *Config, m *graphs.Disentangled) {
			m.Encoder, c.Adversary = little{12, true}, mustAdversary(t, "pgd(eps=.2,steps=2)")
		},
		"free, bfloat16": func(c *Config, m *graphs.Disentangled) {
			c.Gradients, c.Adversary = graphs.Bfloat16, mustAdversary(t, "free(eps=.2,replays=2)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := DefaultConfig(), littleModel("disentangled")
			c.Batch = 10
			spoil(&c, &m)
			src := littleDots(30)
			want, _ := trainReplicated(t, c, m, src, "4st", replicated{replicas: 4})
			got, _ := trainReplicated(t, c, m, src, "4st", replicated{replicas: 4, devices: devicesOf(t, "cpu:2")})
			sameValues(t, "two devices", got, want)
			got, _ = trainReplicated(t, c, m, src, "4st", replicated{replicas: 4, workers: workers})
			sameValues(t, "two workers", got, want)
		})
	}
}

// A single worker computes the training, and changes no bit of it.
func TestOneWorkerComputes(t *testing.T) {
	worker := clustertest.Start(t)
	for _, adversary := range []string{"pgd(eps=.2,steps=2,awp=.1)", "free(eps=.2,replays=2)"} {
		c, m := DefaultConfig(), littleModel("disentangled")
		c.Batch, m.Encoder, m.Head, c.Adversary = 10, little{12, true}, graphs.LinearHead{Dropout: .4}, mustAdversary(t, adversary)
		src := littleDots(30)
		want, _ := trainReplicated(t, c, m, src, "4st", replicated{replicas: 1})
		seen := trainObserved(t, c, m, src, "4st", replicated{replicas: 1, workers: clustertest.Addresses(t, worker)})
		sameValues(t, adversary, seen.values, want)
		if r := seen.replicas; len(r) != 1 || r[0].Name != worker.Address || r[0].ImagesPerSecond < 40 {
			t.Errorf("%s: want 40 images computed by the worker, got %v", adversary, r)
		}
	}
}

// Batch norm follows the mean of the replicas' statistics.
func TestReplicasAverageStatistics(t *testing.T) {
	c, m := DefaultConfig(), littleModel("base", func(m *graphs.Disentangled) { m.Encoder = little{12, true} })
	c.Batch, c.Schedule.Rate = 8, 1e-20
	src := littleDots(8)
	whole, _ := trainReplicated(t, c, m, src, "1st", replicated{})
	split, _ := trainReplicated(t, c, m, src, "1st", replicated{replicas: 2})
	// Means of halves average to the mean of all; variances of halves do not.
	graphtest.Near(t, "mean", split["encoder/norm/moving_mean"], floats(whole["encoder/norm/moving_mean"]), 1e-5)
	const was = .8 // of the initial variance 1, which stays
	for i, v := range split["encoder/norm/moving_variance"] {
		if w := whole["encoder/norm/moving_variance"][i]; v == w || v < was || w < was {
			t.Errorf("channel %d: want other variances of halves, got %g and %g", i, v, w)
		}
	}
}

func floats(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func mustJitter(t *testing.T, text string) (j Jitter) {
	t.Helper()
	if err := j.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return j
}
