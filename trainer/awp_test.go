package trainer

import (
	"math"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// One step of a linear model with perturbed weights: the gradient is that at
// w + gamma·|w|·g/|g|, and what is updated is w (Wu et al. 2020, eq. 9 and 10).
// The bias is not moved.
func TestWeightPerturbation(t *testing.T) {
	const n, rate, gamma = 6, .5, .3
	config := DefaultConfig()
	config.Adversary, config.Attacked = mustAdversary(t, "pgd(eps=.2,awp=.3)"), mustValidationAttack(t, "off")
	config.Optimizer.Name, config.Optimizer.Momentum = "sgd", 0
	in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Seed: 4})}
	p, net := declared(t, 7, config, linearModel(3), littleShape)
	stepped(t, p, net, in, stepParams{rate: 1}) // a bias of 0 would not move
	before := values(t, net)
	kernel, bias := doubles(before["classifier/kernel"]), doubles(before["classifier/bias"])
	gradient := func(w []float64) (ofKernel, ofBias []float64, loss float64) {
		l := linear{make([]float32, len(w)), before["classifier/bias"]}
		for i, v := range w {
			l.w[i] = float32(v)
		}
		ofKernel, ofBias = make([]float64, len(w)), make([]float64, 3)
		for i, y := range in.Labels {
			x := doubles(row(in.Images, i, n))
			probabilities := softmax64(l.logits(x))
			loss -= math.Log(probabilities[y]) / n
			probabilities[y]--
			for k, d := range probabilities {
				ofBias[k] += d / n
				for j, v := range x {
					ofKernel[j*3+k] += d * v / n
				}
			}
		}
		return ofKernel, ofBias, loss
	}
	norm := func(x []float64) (s float64) {
		for _, v := range x {
			s += v * v
		}
		return math.Sqrt(s)
	}
	g, _, _ := gradient(kernel)
	moved := make([]float64, len(kernel))
	for i := range kernel {
		moved[i] = kernel[i] + gamma*norm(kernel)*g[i]/norm(g)
	}
	g, gb, loss := gradient(moved)
	for i := range kernel {
		kernel[i] -= rate * g[i]
	}
	for i := range bias {
		bias[i] -= rate * gb[i]
	}
	l := stepped(t, p, net, in, stepParams{rate: rate, awp: gamma})
	after := values(t, net)
	graphtest.Near(t, "loss", []float32{l.Total}, []float64{loss}, 1e-5)
	graphtest.Near(t, "kernel", after["classifier/kernel"], kernel, 1e-5)
	graphtest.Near(t, "bias", after["classifier/bias"], bias, 1e-5)
}

// Before its delay is over the step is that of a run without it: batch norm's
// statistics included, which the second pass alone moves.
func TestWeightPerturbationIsDelayed(t *testing.T) {
	var want map[string][]float32
	for _, text := range []string{"trades(eps=.2,steps=2)", "trades(eps=.2,steps=2,awp=.1,awp_after=1ep)"} {
		c := DefaultConfig()
		c.Adversary, c.Attacked = mustAdversary(t, text), mustValidationAttack(t, "off")
		p, net := declared(t, 7, c, littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = little{units: 12, norm: true} }), littleShape)
		in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: 8, Seed: 4})}
		in, err := adversaryOf(t, p, net, 1).stepBatch(in, 0, .2, .1)
		if err != nil {
			t.Fatal(err)
		}
		at := p.Config.stepParams(cadence{replays: 1, perEpoch: 3, steps: 6})
		if first, later := at(2).awp, at(3).awp; text != "trades(eps=.2,steps=2)" && (first != 0 || later != .1) {
			t.Errorf("want no perturbation in the first epoch, then .1, got %g and %g", first, later)
		}
		stepped(t, p, net, in, stepParams{rate: .01})
		if want == nil {
			want = values(t, net)
			continue
		}
		for path, v := range values(t, net) {
			graphtest.Near(t, path, v, doubles(want[path]), 1e-6)
		}
	}
}

// The keys are left out of a text without them, so that runs of earlier versions
// keep theirs.
func TestWeightPerturbationText(t *testing.T) {
	if a := mustAdversary(t, "pgd(eps=.3)").String(); strings.Contains(a, "awp") {
		t.Error(a)
	}
	if a := mustAdversary(t, "trades(eps=.3,awp=.005,awp_after=10ep)").String(); !strings.Contains(a, "awp=0.005,awp_after=10ep,") {
		t.Error(a)
	}
	if _, err := ParseAdversary("pgd(eps=.3,awp_after=2ep)"); err == nil || !strings.Contains(err.Error(), "want awp beside it") {
		t.Error(err)
	}
}
