package trainer

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// warpTwin reads one image [8,8,1] at pixel + field, repeating edges.
func warpTwin(image, field []float32) []float32 {
	at := func(y, x int) float64 { return float64(image[min(max(y, 0), 7)*8+min(max(x, 0), 7)]) }
	var out []float32
	for y := range 8 {
		for x := range 8 {
			sx, sy := float64(x)+float64(field[2*(8*y+x)]), float64(y)+float64(field[2*(8*y+x)+1])
			x0, y0 := int(math.Floor(sx)), int(math.Floor(sy))
			fx, fy := sx-math.Floor(sx), sy-math.Floor(sy)
			out = append(out, float32((1-fy)*((1-fx)*at(y0, x0)+fx*at(y0, x0+1))+fy*((1-fx)*at(y0+1, x0)+fx*at(y0+1, x0+1))))
		}
	}
	return out
}

// relative is the relative change of codes of n rows, averaged.
func relative(a, b []float32, n int) (sum float64) {
	for i := range n {
		zeros := make([]float32, len(a)/n)
		x, y := row(a, i, n), row(b, i, n)
		length := func(v []float32) float64 { return difference(graphs.Frobenius, v, zeros) }
		sum += difference(graphs.Frobenius, x, y) / ((length(x) + length(y)) / 2) / float64(n)
	}
	return sum
}

// rolled moves the rows of x up by one.
func rolled(x []float32, n int) []float32 {
	size := len(x) / n
	return append(append([]float32{}, x[size:]...), x[:size]...)
}

// The terms of a training step with exchanged images are those of images that are
// warped, and encoded again, by hand; they join the loss with their weights.
func TestSwap(t *testing.T) {
	const n = 5
	config := DefaultConfig()
	config.Objective = Objective{Lambda: .4, Norm: graphs.L1, Temperature: 1, Swap: Swap{SwapWeights{.5, .25, 2}},
		Independence: Independence{HSIC{3, graphs.LinearKernel}}}
	p, net := declared(t, 1, config, littleModel("disentangled"), littleShape)
	b := firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Seed: 4})
	_, feeds := stepFeeds(t, p, b, 1)
	kernel := net.Vars.Find("decoder_g/up1/kernel") // starts next to zero
	feeds[kernel.Read] = graphtest.Normal(3, .5, kernel.Shape...).Tensor(t)
	got := stepLosses(t, p, net, feeds)
	in := p.Inference
	first := fetchAll(t, net, feeds, in.Canonical, in.Field, in.Appearance, in.Geometry)
	fields := rolled(first[1].Data, n)
	var drawn []float32
	for i := range n {
		drawn = append(drawn, warpTwin(row(first[0].Data, i, n), row(fields, i, n))...)
	}
	feeds[p.Images.Feed] = graphtest.Of(drawn, n, 8, 8, 1).Tensor(t)
	again := fetchAll(t, net, feeds, in.Logits, in.Appearance, in.Geometry)
	want := [3]float64{}
	for i := range n {
		want[0] += crossEntropy(row(again[0].Data, i, n), b.Labels[i]) / n
	}
	want[1] = relative(again[2].Data, rolled(first[3].Data, n), n)
	want[2] = relative(again[1].Data, first[2].Data, n)
	graphtest.Near(t, "terms", []float32{got.SwapClass, got.SwapGeometry, got.SwapAppearance}, want[:], 1e-5)
	total := float64(got.Classification) + .4*float64(got.Reconstruction) + .5*want[0] + .25*want[1] + 2*want[2] + 3*max(0, float64(got.Dependence))
	graphtest.Near(t, "total", []float32{got.Total}, []float64{total}, 1e-5)
	if got.Dependence == 0 || want[1] < .01 {
		t.Errorf("dependence %g, change of geometry %g: want both to be something", got.Dependence, want[1])
	}
}

// The gradient of exchanged images reaches encoder and decoders; donors are fixed.
func TestSwapGradient(t *testing.T) {
	m := littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = bent{} })
	o := Objective{Temperature: 1, Swap: Swap{SwapWeights{Class: 1}}}
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		f := m.Apply(s, in[0])
		zero := op.Const(s.Op("zero"), float32(0))
		labels := op.Const(s.Op("labels"), []int32{0, 1, 2, 0})
		return []tf.Output{o.Swap.join(s, m, o, f, targets{labels: labels}, Terms{Total: zero}).Total}
	}
	off := graphtest.Values(func(path string, x graphtest.Array) graphtest.Array {
		switch path {
		case "decoder_a/fc/bias", "decoder_g/fc/bias":
			return graphtest.Fill(2, x.Shape...)
		case "decoder_g/up1/bias":
			return graphtest.Fill(.2, x.Shape...)
		case "decoder_g/up1/kernel":
			return graphtest.Normal(5, .03, x.Shape...)
		}
		return x
	})
	graphtest.Gradient(t, fn, []graphtest.Array{graphtest.Uniform(3, .1, .9, 4, 8, 8, 1)}, off, graphtest.Step(2e-3), graphtest.Within(.15))
}

// What the terms cannot be beside is refused, naming the key.
func TestSeparationRefuses(t *testing.T) {
	swap, independence := Swap{SwapWeights{1, 1, 1}}, Independence{HSIC{1, graphs.RBFKernel}}
	for want, change := range map[string]func(c *Config){
		"train.objective.swap: want one device":                          func(c *Config) { c.Objective.Swap, c.Replicas = swap, 2 },
		"train.objective.independence: want one device":                  func(c *Config) { c.Objective.Independence, c.Replicas = independence, 2 },
		"train.objective.independence: want a train.batch of at least 4": func(c *Config) { c.Objective.Independence, c.Batch = independence, 3 },
		"train.objective.swap: want no train.adversary":                  func(c *Config) { c.Objective.Swap = swap; unmarshal(t, &c.Adversary, "fgsm(eps=.1)") },
		"train.objective.loss: want no input_gradient":                   func(c *Config) { unmarshal(t, &c.Objective.Loss, "spread"); c.Objective.InputGradient = 1 },
		"train.objective.loss: want no smoothing":                        func(c *Config) { unmarshal(t, &c.Objective.Loss, "spread"); c.Objective.Smoothing = .1 },
		"train.teacher: want labels for train.objective.loss":            func(c *Config) { unmarshal(t, &c.Objective.Loss, "spread"); c.Teacher = "runs/x" },
	} {
		c := DefaultConfig()
		change(&c)
		graphtest.Says(t, c.Check(), want)
	}
	for want, o := range map[string]Objective{
		"train.objective.swap: want model.kind=disentangled":         {Swap: swap},
		"train.objective.independence: want model.kind=disentangled": {Independence: independence},
	} {
		graphtest.Says(t, o.checkModel(littleModel("reconstruction")), want)
	}
	shares := littleModel("base", func(m *graphs.Disentangled) { m.Head = graphs.CapsuleHead{Routing: graphs.Routing{Method: "self"}} })
	graphtest.Says(t, Objective{Loss: ClassLoss{Spread{Start: .2, End: .9}}}.checkModel(shares), "train.objective.loss: want routing=em in model.head")
	var l ClassLoss
	for text, want := range map[string]string{
		"spread(start=.9,end=.5)": "start: want at most end", "spread(end=2)": "end: want a number in", "hinge": "cross-entropy", "spread(margin=1)": "unknown key",
	} {
		graphtest.Says(t, l.UnmarshalText([]byte(text)), want)
	}
	var w Swap
	graphtest.Says(t, w.UnmarshalText([]byte("swap(class=0,geometry=0,appearance=0)")), "want a weight above 0")
}

func unmarshal(t *testing.T, into interface{ UnmarshalText([]byte) error }, text string) {
	t.Helper()
	if err := into.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// A step with the spread loss has the loss of its formula at the margin of the
// step, which rises; evaluation has the cross-entropy.
func TestSpreadStep(t *testing.T) {
	config := DefaultConfig()
	config.Objective.Lambda = 0
	unmarshal(t, &config.Objective.Loss, "spread(start=.2,end=.8,ramp=10st)")
	margins := config.Objective.Loss.margins(5, 10, 100)
	graphtest.Near(t, "margins", []float32{margins(0), margins(5), margins(10), margins(99)}, []float64{.2, .5, .8, .8}, 1e-6)
	p, net := declared(t, 1, config, littleModel("base"), littleShape)
	b := firstBatch(t, littleDots(12), pipelines.Options{Batch: 5, Seed: 4})
	f, err := p.newInputBuffers()
	if err != nil {
		t.Fatal(err)
	}
	feeds, err := f.feedStep(stepBatch{Batch: b}, 5, stepParams{rate: 1, margin: .5})
	if err != nil {
		t.Fatal(err)
	}
	got := stepLosses(t, p, net, feeds).Classification
	out := fetchAll(t, net, feeds, p.Inference.Logits, p.perImage.Classification)
	want, entropy := 0., []float64{}
	for i, label := range b.Labels {
		z := row(out[0].Data, i, 5)
		a := func(k int) float64 { return 1 / (1 + math.Exp(-float64(z[k]))) }
		for k := range z {
			if k != int(label) {
				want += math.Pow(max(0, .5-a(int(label))+a(k)), 2) / 5
			}
		}
		entropy = append(entropy, crossEntropy(z, label))
	}
	graphtest.Near(t, "spread", []float32{got}, []float64{want}, 1e-5)
	graphtest.Near(t, "evaluation", out[1].Data, entropy, 1e-5)
}
