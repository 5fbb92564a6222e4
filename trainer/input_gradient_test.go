package trainer

import (
	"fmt"
	"math"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// regularised is the loss of a linear classifier with the penalty on input
// gradients, in float64 straight from the formula: the mean over images of the
// cross-entropy at a temperature plus weight times the squared norm of its
// gradient, W(p-y)/T.
func (l linear) regularised(images []float32, labels []int32, temperature, weight float64, kernel []float64) (total, penalty float64) {
	n, classes := len(labels), len(l.b)
	for i, label := range labels {
		x := doubles(row(images, i, n))
		z := make([]float64, classes)
		for k := range z {
			z[k] = float64(l.b[k])
			for j, v := range x {
				z[k] += v * kernel[j*classes+k]
			}
			z[k] /= temperature
		}
		p := softmax64(z)
		total -= math.Log(p[label]) / float64(n)
		p[label]--
		for j := range x {
			g := 0.
			for k := range p {
				g += kernel[j*classes+k] * p[k] / temperature
			}
			penalty += g * g / float64(n)
		}
	}
	return total + weight*penalty, penalty
}

// One step of gradient descent on the penalised loss of a linear classifier: the
// loss and its penalty by formula, the step by differences of the formula.
func TestInputGradient(t *testing.T) {
	const n, rate = 6, .5
	for _, c := range []struct {
		weight, temperature float64
		augment, adversary  string
	}{
		{.7, 1, "", ""},
		{3, 4, "", ""},
		{.7, 1, "deform(stretch=1..2,shift=1..2,step=1)", ""},
		{.7, 1, "", "fgsm(eps=.2)"},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			config := DefaultConfig()
			config.Augment, config.Adversary, config.Attacked = mustAugment(t, c.augment), mustAdversary(t, c.adversary), mustValidationAttack(t, "off")
			config.Objective.InputGradient, config.Objective.Temperature = float32(c.weight), float32(c.temperature)
			config.Optimizer.Name, config.Optimizer.Momentum = "sgd", 0
			p, net := declared(t, 3, config, linearModel(3), littleShape)
			in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Augment: config.Augment, Seed: 4})}
			branches := 1.
			images, labels := in.Images, in.Labels
			if p.Views {
				branches = 2
				images, labels = append(append([]float32{}, in.Images...), in.DeformedViews...), append(append([]int32{}, labels...), labels...)
			}
			if c.adversary != "" {
				a := adversaryOf(t, p, net, 1)
				var err error
				if in, err = a.stepBatch(in, 0, .2, .2); err != nil {
					t.Fatal(err)
				}
				images, labels = in.Images, in.Labels
			}
			f, err := p.newInputBuffers()
			if err != nil {
				t.Fatal(err)
			}
			feeds, err := f.feedStep(in, 0, stepParams{rate: rate})
			if err != nil {
				t.Fatal(err)
			}
			before := values(t, net)
			losses := stepLosses(t, p, net, feeds, p.update)
			l, kernel := linear{before["classifier/kernel"], before["classifier/bias"]}, doubles(before["classifier/kernel"])
			total, penalty := l.regularised(images, labels, c.temperature, c.weight, kernel)
			graphtest.Near(t, "loss, penalty", []float32{losses.Total, losses.InputGradient}, []float64{branches * total, branches * penalty}, 1e-5)
			want := make([]float64, len(kernel))
			for i := range kernel {
				const h = 1e-5
				moved := func(by float64) float64 {
					k := append([]float64{}, kernel...)
					k[i] += by
					total, _ := l.regularised(images, labels, c.temperature, c.weight, k)
					return total
				}
				want[i] = kernel[i] - rate*branches*(moved(h)-moved(-h))/(2*h)
			}
			graphtest.Near(t, "kernel", values(t, net)["classifier/kernel"], want, 1e-5)
		})
	}
}

// tracked keeps the losses of every step.
type tracked struct {
	recorder
	losses []Losses
}

func (r *tracked) Stepped(at Progress) { r.losses = append(r.losses, at.Losses) }

// trainedOn trains on dots and returns the losses of each step.
func trainedOn(t *testing.T, c Config, m graphs.Disentangled, o graphs.Options, in Inputs) []Losses {
	t.Helper()
	var p *TrainGraph
	o.Seed, o.Device = 7, graphs.CPU
	net, err := graphs.Build(o, func(b *graphs.Builder) (err error) {
		p, err = Declare(b, c, m, littleShape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	in.Train, in.Dir, in.Seed = littleDots(48), t.TempDir(), 5
	seen := &tracked{}
	if _, err := p.Run(t.Context(), net, in, seen); err != nil {
		t.Fatal(err)
	}
	return seen.losses
}

// The classifier is smoother where the penalty is part of the loss, with codes,
// with batch norm and in bfloat16, while it learns. Next to no weight stands for
// none. The gradient of a cross-entropy H near 0 is that of the logits times H:
// penalty/H² tells smooth from certain.
func TestInputGradientTrains(t *testing.T) {
	last := func(c Config, m graphs.Disentangled, precision graphs.Precision) (steep, entropy float64) {
		c.Batch, c.Duration, c.Schedule.Rate = 16, mustDuration(t, "25st"), 3e-3
		all := trainedOn(t, c, m, graphs.Options{Precision: precision}, Inputs{})
		for _, l := range all[len(all)-3:] {
			steep += float64(l.InputGradient / (l.Classification * l.Classification) / 3)
			entropy += float64(l.Classification) / 3
		}
		return steep, entropy
	}
	hinton := func(m *graphs.Disentangled) {
		m.Encoder, m.Head = graphs.Hinton{Embedding: 12}, graphs.LinearHead{Dropout: .2}
	}
	resnet := func(m *graphs.Disentangled) {
		m.Encoder, m.Normalise = graphs.ResNet{Depth: 8, Embedding: 12}, graphs.Normalisation{By: graphs.ByImage}
	}
	for _, c := range []struct {
		name, kind string
		encoder    func(*graphs.Disentangled)
		precision  graphs.Precision
	}{
		{"base", "base", hinton, graphs.Float32},
		{"disentangled", "disentangled", hinton, graphs.Float32},
		{"batch norm", "base", resnet, graphs.Float32},
		{"bfloat16", "base", hinton, graphs.Bfloat16},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.precision == graphs.Bfloat16 && !graphs.HasBfloat16() {
				t.Skip("this processor has no bfloat16")
			}
			config := DefaultConfig()
			config.Objective.InputGradient = 1e-9
			free, entropy := last(config, littleModel(c.kind, c.encoder), c.precision)
			config.Objective.InputGradient = 1
			held, heldEntropy := last(config, littleModel(c.kind, c.encoder), c.precision)
			t.Logf("penalty/H² %.4g, %.4g with weight; H %.3g, %.3g", free, held, entropy, heldEntropy)
			if !(held < .7*free) {
				t.Errorf("want a penalty/H² well below %g, got %g", free, held)
			}
			if !(heldEntropy < 1.09) { // ln 3 is knowing nothing
				t.Errorf("want a classifier that learns, got a cross-entropy of %g", heldEntropy)
			}
		})
	}
}

// Lambda rises over the ramp: the loss of each step says so.
func TestLambdaRamp(t *testing.T) {
	for _, c := range []struct {
		adversary string
		replays   int
	}{{"", 1}, {"trades(eps=.1,steps=1,beta=2)", 1}, {"free(eps=.1,replays=2,loss=training)", 2}} {
		config := DefaultConfig()
		config.Batch, config.Duration = 16, mustDuration(t, "8st")
		config.Objective.Lambda, config.Objective.LambdaRamp = .6, mustDuration(t, "5st")
		config.Adversary, config.Attacked = mustAdversary(t, c.adversary), mustValidationAttack(t, "off")
		for i, l := range trainedOn(t, config, littleModel("disentangled"), graphs.Options{}, Inputs{}) {
			want := float64(l.Classification) + 2*float64(l.Divergence) + .6*math.Min(1, float64(i+1)/5)*float64(l.Reconstruction)
			graphtest.Near(t, fmt.Sprintf("%s, step %d", c.adversary, i+1), []float32{l.Total}, []float64{want}, 1e-5)
		}
	}
}
