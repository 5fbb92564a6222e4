package trainer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// flat is an encoder that hands on the pixels: with it a base model is linear.
type flat struct{}

func (flat) Encode(s *graphs.Scope, images tf.Output) tf.Output { return s.Flatten(images) }

func linearModel(classes int) graphs.Disentangled {
	return graphs.Disentangled{Encoder: flat{}, Classes: classes}
}

// linear is a linear classifier in plain Go: logits xW + b, in float64.
type linear struct {
	w []float32 // [pixels,classes]
	b []float32
}

func (l linear) logits(x []float64) []float64 {
	z := make([]float64, len(l.b))
	for k := range z {
		z[k] = float64(l.b[k])
		for i, v := range x {
			z[k] += v * float64(l.w[i*len(z)+k])
		}
	}
	return z
}

func softmax64(z []float64) []float64 {
	p, sum, top := make([]float64, len(z)), 0., slices.Max(z)
	for k, v := range z {
		p[k] = math.Exp(v - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// gradient of the cross-entropy from target probabilities, with respect to x:
// W(softmax(xW+b) - target).
func (l linear) gradient(x, target []float64) []float64 {
	p := softmax64(l.logits(x))
	g := make([]float64, len(x))
	for i := range g {
		for k := range p {
			g[i] += float64(l.w[i*len(p)+k]) * (p[k] - target[k])
		}
	}
	return g
}

// ascended is one step of projected gradient ascent, slow and obvious.
func ascended(norm string, x, origin, g []float64, eps, alpha float64) []float64 {
	length := func(v []float64) float64 {
		s := 0.
		for _, a := range v {
			s += a * a
		}
		return math.Sqrt(s)
	}
	d := make([]float64, len(x))
	for i := range d {
		if norm == "linf" {
			d[i] = x[i] - origin[i]
			if g[i] > 0 {
				d[i] += alpha
			} else if g[i] < 0 {
				d[i] -= alpha
			}
			d[i] = math.Max(-eps, math.Min(eps, d[i]))
		} else {
			d[i] = x[i] - origin[i] + alpha*g[i]/length(g)
		}
	}
	if n := length(d); norm == "l2" && n > eps {
		for i := range d {
			d[i] *= eps / n
		}
	}
	out := make([]float64, len(x))
	for i := range out {
		out[i] = math.Max(math.Min(0, origin[i]), math.Min(math.Max(1, origin[i]), origin[i]+d[i]))
	}
	return out
}

func doubles(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// outside is a batch in which a few pixels have left [0,1], as brightness(…)
// does to them.
func outside(t *testing.T, n int) pipelines.Batch {
	t.Helper()
	b := firstBatch(t, littleDots(n), pipelines.Options{Batch: n, Seed: 3, Shuffle: true})
	b.Images[3], b.Images[70] = 1.2, -.1
	return b
}

// stepless is a method that stays at its start.
type stepless struct{ imageAttack }

func (stepless) steps() int { return 0 }

// fromImage is PGD without a random start.
type fromImage struct{ *PGD }

func (fromImage) start([]float32, float32, *rand.Rand) {}

// starts are the points where an adversary begins.
func starts(t *testing.T, a *attacker, b pipelines.Batch, at int, eps, alpha float32) []float32 {
	t.Helper()
	none := *a
	none.method = stepless{a.method}
	x, err := none.perturb(nil, b, at, eps, alpha)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// What each method makes of images is, for a linear model, what plain Go makes
// of them with the closed form of the gradient.
func TestAdversaryOnLinearModel(t *testing.T) {
	const n = 6
	for _, text := range []string{
		"fgsm(eps=.2)", "fgsm(eps=.5,norm=l2)", "pgd(eps=.1,steps=4,alpha=.04)", "pgd(eps=.5,steps=4,alpha=.2,norm=l2)",
		"fast(eps=.2)", "trades(eps=.1,steps=3,noise=.05)", "trades(eps=.6,steps=3,norm=l2)",
	} {
		c := DefaultConfig()
		c.Adversary = mustAdversary(t, text)
		p, net := declared(t, 3, c, linearModel(3), littleShape)
		v := values(t, net)
		l := linear{v["classifier/kernel"], v["classifier/bias"]}
		b := outside(t, n)
		a := adversaryOf(t, p, net, 5)
		m, trades := c.Adversary.settings(), strings.HasPrefix(text, "trades")
		eps, alpha := m.eps, m.alpha
		got, err := a.perturb(nil, b, 7, eps, alpha)
		if err != nil {
			t.Fatal(err)
		}
		from := starts(t, a, b, 7, eps, alpha)
		var want []float64
		for i := range n {
			origin, x := doubles(row(b.Images, i, n)), doubles(row(from, i, n))
			target := make([]float64, 3)
			target[b.Labels[i]] = 1
			if trades {
				target = softmax64(l.logits(origin))
			}
			for range a.method.steps() {
				x = ascended(m.Norm, x, origin, l.gradient(x, target), float64(eps), float64(alpha))
			}
			want = append(want, x...)
		}
		tolerance := 2e-6
		if trades {
			tolerance = 2e-4 // close to the clean image the divergence is flat: its gradient is rounding
		}
		graphtest.Near(t, text, got, want, tolerance)
		if strings.HasPrefix(text, "fgsm") && !slices.Equal(from, b.Images) {
			t.Errorf("%s: want a start at the image", text)
		}
	}
}

// Whatever an adversary makes stays in the ball and in the box, and uses the
// ball; also where products are bfloat16.
func TestBallAndBox(t *testing.T) {
	const n = 8
	precisions := []graphs.Precision{graphs.Float32}
	if graphs.HasBfloat16() {
		precisions = append(precisions, graphs.Bfloat16)
	}
	for _, text := range []string{"fgsm(eps=.3)", "pgd(eps=.3,loss=training)", "pgd(eps=1.5,norm=l2)", "fast(eps=.1)", "trades(eps=.3,steps=3)", "trades(eps=1,norm=l2)"} {
		for _, precision := range precisions {
			c := DefaultConfig()
			c.Adversary = mustAdversary(t, text)
			p, net := precise(t, precision, c, littleModel("disentangled"))
			a := adversaryOf(t, p, net, 1)
			b, m := outside(t, n), c.Adversary.settings()
			got, err := a.perturb(nil, b, 0, m.eps, m.alpha)
			if err != nil {
				t.Fatal(err)
			}
			far := 0.
			for i := range n {
				x, origin := row(got, i, n), row(b.Images, i, n)
				largest, squares := 0., 0.
				for k := range x {
					d := math.Abs(float64(x[k]) - float64(origin[k]))
					largest, squares = math.Max(largest, d), squares+d*d
					if low, high := min(0, origin[k]), max(1, origin[k]); !(x[k] >= low && x[k] <= high) {
						t.Errorf("%s, %s: image %d has %g outside [%g,%g]", text, precision, i, x[k], low, high)
					}
				}
				size := largest
				if m.Norm == l2 {
					size = math.Sqrt(squares)
				}
				if size > float64(m.eps)+1e-6 {
					t.Errorf("%s, %s: image %d is %g away", text, precision, i, size)
				}
				far = math.Max(far, size)
			}
			if far < .95*float64(m.eps) {
				t.Errorf("%s, %s: no image goes further than %g", text, precision, far)
			}
		}
	}
}

func precise(t *testing.T, precision graphs.Precision, c Config, m graphs.Disentangled) (*TrainGraph, *graphs.Net) {
	t.Helper()
	var p *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: 6, Device: graphs.CPU, Precision: precision}, func(b *graphs.Builder) (err error) {
		p, err = Declare(b, c, m, littleShape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return p, net
}

// A random start depends on the seed, the step and the image, and not on the
// images beside it; it fills the ball evenly.
func TestStarts(t *testing.T) {
	for _, text := range []string{"pgd(eps=.1)", "pgd(eps=.5,norm=l2)", "trades(eps=.1,noise=.01)"} {
		c := DefaultConfig()
		c.Adversary = mustAdversary(t, text)
		m := c.Adversary.settings()
		p, net := declared(t, 1, c, linearModel(3), littleShape)
		at := func(seed pipelines.Seed, step int, b pipelines.Batch) []float32 {
			a := adversaryOf(t, p, net, seed)
			return starts(t, a, b, step, m.eps, m.alpha)
		}
		const n = 100
		b := pipelines.Batch{Images: make([]float32, n*64), Labels: make([]int32, n), N: n}
		for i := range b.Images {
			b.Images[i] = .5
		}
		for i := range n {
			b.Index = append(b.Index, 3*i)
		}
		first := at(1, 4, b)
		graphtest.Equal(t, text+": again", at(1, 4, b), first)
		one := pipelines.Batch{Images: b.Images[:64], Labels: b.Labels[:1], Index: []int{3 * 17}, N: 1}
		graphtest.Equal(t, text+": alone", at(1, 4, one), row(first, 17, n))
		for name, other := range map[string][]float32{"seed": at(2, 4, b), "step": at(1, 5, b)} {
			if slices.Equal(row(other, 0, n), row(first, 0, n)) {
				t.Errorf("%s: another %s gives the same start", text, name)
			}
		}
		// Mean square of a coordinate: eps²/3 in the cube, eps²/(d+2) in the
		// ball, the variance of the noise.
		eps := float64(m.eps)
		want := map[string]float64{"pgdlinf": eps * eps / 3, "pgdl2": eps * eps / 66, "tradeslinf": 1e-4}[c.Adversary.Method.name()+m.Norm]
		squares, sum := 0., 0.
		for _, v := range first {
			d := float64(v) - .5
			squares, sum = squares+d*d/float64(len(first)), sum+d/float64(len(first))
		}
		if math.Abs(squares/want-1) > .06 || math.Abs(sum) > 5*math.Sqrt(want/float64(len(first))) {
			t.Errorf("%s: want mean 0 and mean square %g, got %g and %g", text, want, sum, squares)
		}
	}
}

// loss=training follows eq. 5: the step's direction is that of finite
// differences of the loss in plain Go, with either target of reconstruction.
func TestAdversaryFollowsTrainingLoss(t *testing.T) {
	const n, h = 3, 1. / 256
	for _, target := range []string{Adversarial, CleanImage} {
		for _, loss := range []string{Classification, TrainingLoss} {
			c := DefaultConfig()
			c.Objective = Objective{Lambda: .7, Gamma: 1, Norm: graphs.SSE, Temperature: 1}
			// A short step from the image, in L2, is its direction.
			c.Adversary = mustAdversary(t, fmt.Sprintf("pgd(eps=1,steps=1,alpha=.01,norm=l2,loss=%s,target=%s)", loss, target))
			p, net := declared(t, 8, c, littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = bent{} }), littleShape)
			b := firstBatch(t, littleDots(n), pipelines.Options{Batch: n})
			for i := range b.Images { // away from the box
				b.Images[i] = .1 + .8*b.Images[i]
			}
			f, err := p.newInputBuffers()
			if err != nil {
				t.Fatal(err)
			}
			each := func(images []float32) []float64 {
				whole := b
				whole.Images = images
				feeds, err := f.feedBatch(whole, false)
				if err != nil {
					t.Fatal(err)
				}
				x := fetchSeen(t, net, p.Inference, feeds, images, b.Labels)
				if target == CleanImage {
					x.images = b.Images
				}
				out := make([]float64, n)
				for i := range out {
					one := seen{labels: x.labels[i : i+1], images: row(x.images, i, n), logits: row(x.logits, i, n), reconstructed: row(x.reconstructed, i, n)}
					out[i] = one.loss(c.Objective, false)[map[string]int{TrainingLoss: 0, Classification: 1}[loss]]
				}
				return out
			}
			slope := make([]float64, len(b.Images))
			for k := range 64 {
				moved := func(by float32) []float64 {
					x := slices.Clone(b.Images)
					for i := range n {
						x[i*64+k] += by
					}
					return each(x)
				}
				up, down := moved(h), moved(-h)
				for i := range n {
					slope[i*64+k] = (up[i] - down[i]) / (2 * h)
				}
			}
			a := adversaryOf(t, p, net, 1)
			// From the image itself, not from a random start.
			a.method = fromImage{c.Adversary.Method.(*PGD)}
			got, err := a.perturb(nil, b, 0, 1, .01)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				dot, gg, ss := 0., 0., 0.
				for k := range 64 {
					d, s := float64(got[i*64+k])-float64(b.Images[i*64+k]), slope[i*64+k]
					dot, gg, ss = dot+d*s, gg+d*d, ss+s*s
				}
				if cosine := dot / math.Sqrt(gg*ss); !(cosine > .998) || math.Abs(math.Sqrt(gg)-.01) > 1e-5 {
					t.Errorf("%s, target %s, image %d: want a step of .01 along the slope, got %g at cosine %g", loss, target, i, math.Sqrt(gg), cosine)
				}
			}
		}
	}
}

// A training step sees clean images as they are and adversarial ones beside
// them, with labels and views to match.
func TestRows(t *testing.T) {
	const n, px = 6, 64
	for text, share := range map[string][2]int{"fgsm(eps=.1)": {6, 6}, "fgsm(eps=.1,clean=.25)": {2, 6}, "fgsm(eps=.1,clean=.75)": {6, 2}, "fgsm(eps=.1,clean=0)": {0, 6}} {
		c := DefaultConfig()
		c.Adversary, c.Augment = mustAdversary(t, text), mustAugment(t, "deform(stretch=1..2,shift=1..2,step=1)")
		p, net := declared(t, 3, c, linearModel(3), littleShape)
		b := firstBatch(t, littleDots(n), pipelines.Options{Batch: n, Augment: c.Augment})
		a := adversaryOf(t, p, net, 1)
		all, err := a.perturb(nil, b, 0, .1, .1)
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.stepBatch(stepBatch{Batch: b}, 0, .1, .1)
		if err != nil {
			t.Fatal(err)
		}
		join := func(x, y []float32) []float32 { return append(slices.Clone(x[:share[0]*px]), y[:share[1]*px]...) }
		graphtest.Equal(t, text+": images", r.Images, join(b.Images, all))
		graphtest.Equal(t, text+": targets", r.originals, join(b.Images, b.Images))
		graphtest.Equal(t, text+": views", r.DeformedViews, join(b.DeformedViews, b.DeformedViews))
		if want := append(slices.Clone(b.Labels[:share[0]]), b.Labels[:share[1]]...); !slices.Equal(r.Labels, want) || r.N != len(want) {
			t.Errorf("%s: want labels %v, got %v, N %d", text, want, r.Labels, r.N)
		}
	}
}

// What Declare trains on with an adversary is the objective of the rows, with
// the clean images as targets where that is asked for.
func TestAdversarialLoss(t *testing.T) {
	for _, c := range []struct{ adversary, kind, augment string }{
		{"pgd(eps=.3,steps=2)", "disentangled", ""},
		{"pgd(eps=.3,steps=2,target=clean)", "disentangled", ""},
		{"fgsm(eps=.3,target=clean)", "reconstruction", ""},
		{"fgsm(eps=.3,target=clean)", "base", ""},
		{"fast(eps=.3,clean=.5,target=clean)", "disentangled", "deform(stretch=1..2,shift=1..2,step=1)"},
		{"trades(eps=.3,steps=2,beta=3)", "base", ""},
		{"trades(eps=.3,steps=2,beta=3,target=clean)", "disentangled", ""},
		{"fgsm(eps=.3,codes=2)", "base", ""},
		{"fgsm(eps=.3,codes=2,of=both)", "disentangled", "deform(stretch=1..2,shift=1..2,step=1)"},
		{"pgd(eps=.3,steps=2,clean=.5,codes=.5,of=appearance)", "disentangled", ""},
		{"fast(eps=.3,clean=.5,codes=3,of=geometry)", "disentangled", "deform(stretch=1..2,shift=1..2,step=1)"},
		{"trades(eps=.3,steps=2,beta=3,codes=2,of=geometry)", "disentangled", ""},
	} {
		config := DefaultConfig()
		config.Adversary, config.Augment = mustAdversary(t, c.adversary), mustAugment(t, c.augment)
		config.Objective = Objective{Lambda: .4, Gamma: 3, Norm: graphs.L1, Temperature: 1}
		p, net := declared(t, 1, config, littleModel(c.kind), littleShape)
		b := firstBatch(t, littleDots(12), pipelines.Options{Batch: 5, Augment: config.Augment, Seed: 4})
		a := adversaryOf(t, p, net, 1)
		r, err := a.stepBatch(stepBatch{Batch: b}, 0, .3, .3)
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.newInputBuffers()
		if err != nil {
			t.Fatal(err)
		}
		feeds, err := f.feedStep(r, 3, stepParams{rate: 1, eps: .3, alpha: .3})
		if err != nil {
			t.Fatal(err)
		}
		losses := stepLosses(t, p, net, feeds)
		images, labels, targets := slices.Clone(r.Images), slices.Clone(r.Labels), slices.Clone(r.Images)
		if config.Adversary.settings().Target == CleanImage {
			targets = slices.Clone(r.originals)
		}
		if p.Views {
			images, labels, targets = append(images, r.DeformedViews...), append(labels, labels...), append(targets, r.DeformedViews...)
		}
		whole := pipelines.Batch{Images: images, Labels: labels, N: len(labels)}
		if feeds, err = f.feedBatch(whole, false); err != nil {
			t.Fatal(err)
		}
		x := fetchSeen(t, net, p.Inference, feeds, images, labels)
		x.images = targets
		want, kl := x.loss(config.Objective, p.Views), 0.
		if strings.HasPrefix(c.adversary, "trades") {
			want, kl = x.trades(config.Objective, 3)
		}
		shift := 0.
		if a := config.Adversary.settings().codes; a.Weight > 0 {
			codes := map[string]tf.Output{"appearance": p.Inference.Appearance, "geometry": p.Inference.Geometry, "both": p.Inference.Embedding}[a.Of]
			z, rows := fetchAll(t, net, feeds, codes)[0].Data, len(labels)
			for i := range b.N { // the clean images come first, then their adversarial versions
				shift += difference(graphs.Frobenius, row(z, i, rows), row(z, b.N+i, rows)) / float64(b.N)
			}
			want[0] += float64(a.Weight) * shift
			if !(shift > 0) {
				t.Errorf("%s: the codes do not move", c.adversary)
			}
		}
		graphtest.Near(t, c.adversary+" "+c.kind, append(losses.ofEq8(), losses.Divergence, losses.CodeShift), append(want[:], kl, shift), 1e-5)
	}
}

// trades is the loss of Zhang et al. 2019 with eq. 5's reconstruction error.
func (x seen) trades(o Objective, beta float64) (terms [4]float64, divergence float64) {
	n := len(x.labels)
	all := x.loss(o, false)
	for i := range n / 2 {
		terms[1] += crossEntropy(row(x.logits, i, n), x.labels[i]) / float64(n/2)
		p, q := softmax64(doubles(row(x.logits, i, n))), softmax64(doubles(row(x.logits, n/2+i, n)))
		for k := range p {
			divergence += p[k] * math.Log(p[k]/q[k]) / float64(n/2)
		}
	}
	terms[2] = all[2]
	terms[0] = terms[1] + float64(o.Lambda)*terms[2] + beta*divergence
	return terms, divergence
}

// The gradient of the TRADES objective goes through both sides of the
// divergence.
func TestTradesGradient(t *testing.T) {
	m := littleModel("base", func(m *graphs.Disentangled) { m.Encoder = bent{} })
	o := Objective{Lambda: .6, Norm: graphs.Frobenius, Temperature: 1}
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		f := m.Apply(s, in[0])
		return []tf.Output{(&TRADES{Beta: 2}).loss(s.In("objective"), o, f, targets{labels: op.Const(s.Op("labels"), []int32{0, 1, 2, 0, 1, 2})}).Total}
	}
	graphtest.Gradient(t, fn, []graphtest.Array{graphtest.Uniform(3, .1, .9, 6, 8, 8, 1)}, graphtest.Step(1e-2), graphtest.Within(3e-2))
}

// free moves the perturbation along the gradient of the very step that moves
// the weights: with a linear model both are known in closed form.
func TestFree(t *testing.T) {
	const n, rate, alpha, eps = 6, .5, .15, .2
	c := DefaultConfig()
	c.Batch = n
	c.Optimizer.Name, c.Optimizer.Momentum = "sgd", 0
	c.Adversary = mustAdversary(t, "free(eps=.2,alpha=.15,replays=3)")
	p, net := declared(t, 3, c, linearModel(3), littleShape)
	b := outside(t, n)
	f, err := p.newInputBuffers()
	if err != nil {
		t.Fatal(err)
	}
	v := values(t, net)
	delta := make([]float64, len(b.Images))
	for step := range 4 {
		l := linear{v["classifier/kernel"], v["classifier/bias"]}
		kernel := doubles(l.w)
		var moved []float64
		for i := range n {
			x, target := make([]float64, 64), make([]float64, 3)
			target[b.Labels[i]] = 1
			origin := doubles(row(b.Images, i, n))
			for k := range x {
				x[k] = math.Max(math.Min(0, origin[k]), math.Min(math.Max(1, origin[k]), origin[k]+delta[i*64+k]))
			}
			for k, q := range softmax64(l.logits(x)) {
				for j := range x {
					kernel[j*3+k] -= rate * x[j] * (q - target[k]) / n
				}
			}
			for k, g := range l.gradient(x, target) {
				moved = append(moved, math.Max(-eps, math.Min(eps, delta[i*64+k]+alpha*math.Copysign(1, g))))
			}
		}
		feeds, err := f.feedStep(stepBatch{Batch: b}, step, stepParams{rate: rate, eps: eps, alpha: alpha})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := net.Run(feeds, []tf.Output{p.terms.vector}, p.update); err != nil {
			t.Fatal(err)
		}
		v, delta = values(t, net), moved
		graphtest.Near(t, fmt.Sprint("weights after ", step+1), v["classifier/kernel"], kernel, 1e-5)
		graphtest.Near(t, fmt.Sprint("perturbation after ", step+1), v["adversary/perturbation"], delta, 1e-6)
	}
}
