package defences

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/checks"
	"unwarp/attacks/engine"
	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

const side = 8

// quarters is a network that sees which quarter of an image is the brightest: its
// hidden units are rectified means.
func quarters() attacks.Victim {
	means := make([][]float32, side*side)
	for p := range means {
		means[p] = make([]float32, 4)
		means[p][p/side/(side/2)*2+p%side/(side/2)] = 4. / side / side
	}
	return attacks.Victim{H: side, W: side, C: 1, Classes: 4, Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
		x := op.MatMul(s.Op("means"), s.Flatten(images), op.Const(s.Op("weights"), means))
		return graphs.Weighted(s, 20, graphs.Relu{}.Apply(s, x))
	}}
}

func patterns(n int) attacks.Images {
	r := rand.New(rand.NewPCG(5, 6))
	var s attacks.Images
	for i := range n {
		k := i % 4
		for p := range side * side {
			v := float32(.35)
			if p/side/(side/2)*2+p%side/(side/2) == k {
				v = .65
			}
			s.Pixels = append(s.Pixels, v+.05*float32(r.NormFloat64()))
		}
		s.Labels, s.Index = append(s.Labels, int32(k)), append(s.Index, i)
	}
	return s
}

func parse(t *testing.T, text string) Defence {
	t.Helper()
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each published defence stands against the plain gradient or makes it useless,
// falls to the attack made for it, and is flagged by a check.
func TestDefencesFall(t *testing.T) {
	for text, c := range map[string]struct {
		adaptive string
		flags    string // checks, of which one must fail
	}{
		"bits(depth=3)":    {"pgd(steps=40,gradient=straight-through)", "C10 C38"},
		"jpeg(quality=50)": {"pgd(steps=40,gradient=straight-through)", "C10 C38"},
		"tv(steps=3)":      {"pgd(steps=40,gradient=straight-through,eot=2)", "C10 C13"},
		"sap(samples=.5)":  {"pgd(steps=40,eot=4)", "C13"},
	} {
		t.Run(text, func(t *testing.T) {
			v := parse(t, text).Wrap(quarters())
			plain := attacktest.Parse(t, "pgd(steps=40)", c.adaptive)
			s := attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf), append(checks.Attacks(), plain...)...)
			images := patterns(16)
			broken := func(attack string) (n int) {
				ev := attacktest.Evaluate(t, s, images, engine.Options{Eps: []float32{.25}, Exhaustive: true, Batch: 16, Attacks: attacktest.Parse(t, attack)})
				n, _ = ev.SingleRuns(0, 0)
				return n + ev.Images - ev.CleanCorrect
			}
			if n := broken(c.adaptive); n < 15 {
				t.Errorf("the adaptive attack leaves %d of 16", 16-n)
			}
			if n := broken("pgd(steps=40)"); !strings.Contains(c.adaptive, "eot") && n > 4 {
				t.Errorf("the plain gradient breaks %d of 16: there is nothing to adapt to", n)
			}
			all, err := checks.Run(t.Context(), checks.Input{Reference: s, Gradient: s, Images: images, Eps: .25, N: 16, Draws: 50, Only: strings.Fields(c.flags)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			failed := false
			for _, r := range all {
				t.Log(r.ID, r.Status, r.Value)
				failed = failed || r.Status == checks.Fail
			}
			if !failed {
				t.Error("no check flags it")
			}
		})
	}
}

// Pruned units keep their mean, and a unit is kept as often as it is among the
// draws.
func TestPruning(t *testing.T) {
	h := graphtest.Of([]float32{.1, 0, .4, 2, .5, 0, 1, 0}, 1, 2, 4)
	total, draws := 4., 4 // half of the units
	d := Pruning{Samples: .5}
	c := graphtest.Build(t, graphtest.Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return d.prune(s.In("p"), x) }), []graphtest.Array{h})
	const passes = 4000
	mean, kept := make([]float64, len(h.Data)), make([]float64, len(h.Data))
	for range passes {
		for i, v := range c.Run(t, h)[0].Data {
			mean[i] += float64(v) / passes
			if v != 0 {
				kept[i] += 1. / passes
			}
		}
	}
	for i, v := range h.Data {
		ever := 1 - math.Pow(1-float64(v)/total, float64(draws))
		if math.Abs(kept[i]-ever) > 5*math.Sqrt(ever*(1-ever)/passes)+1e-9 {
			t.Errorf("unit %d: want it kept in %.3f of the passes, got %.3f", i, ever, kept[i])
		}
		if v > 0 && math.Abs(mean[i]-float64(v)) > 5*float64(v)*math.Sqrt((1-ever)/ever/passes) {
			t.Errorf("unit %d: want the mean %g, got %g", i, v, mean[i])
		}
	}
}

// A model without activations cannot be pruned, and wrong texts are refused.
func TestRefused(t *testing.T) {
	v := quarters()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		return op.Slice(s.Op("some"), s.Flatten(images), op.Const(s.Op("from"), []int32{0, 0}), op.Const(s.Op("size"), []int32{-1, 4}))
	}
	_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		_, err := engine.NewAttackGraph(b, parse(t, "sap").Wrap(v), attacktest.UnitBox(attacks.Linf))
		if err == nil {
			err = b.Err()
		}
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "activations") {
		t.Errorf("want a model without activations refused, got %v", err)
	}
	_, err = graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in := b.Input("h", tf.Float, -1, 1<<24)
		(&Pruning{Samples: 100}).prune(b.Pass("p", graphs.Inference), in.Value)
		return b.Err()
	})
	if err == nil || !strings.Contains(err.Error(), "samples=") {
		t.Errorf("want too many draws refused, got %v", err)
	}
	for text, want := range map[string]string{"jpg": "want one of none, quantise", "jpeg(quality=0)": "quality", "thermometer": "want one of", "noise(sigma=0)": "sigma"} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
}
