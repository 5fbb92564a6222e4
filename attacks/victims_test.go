package attacks

import (
	"math"
	"math/rand/v2"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// box is the threat of images in [0,1].
func box(n Norm) Threat { return Threat{Norm: n, Lo: 0, Hi: 1} }

// linear is a classifier whose logits are w·x + b, so that what an attack does
// to it is known in closed form. Its training loss is the cross-entropy plus
// pull times the squared distance from a grey image.
type linear struct {
	h, w, c, k int
	weights    [][]float32 // [k][h*w*c]
	bias       []float32
}

const pull, grey = .5, .25

func newLinear(seed uint64, h, w, c, k int) linear {
	r := rand.New(rand.NewPCG(seed, 5))
	l := linear{h: h, w: w, c: c, k: k, bias: make([]float32, k)}
	for i := range k {
		row := make([]float32, h*w*c)
		for j := range row {
			row[j] = float32(r.NormFloat64())
		}
		l.weights = append(l.weights, row)
		l.bias[i] = float32(.1 * r.NormFloat64())
	}
	return l
}

func (l linear) victim() Victim {
	px := l.h * l.w * l.c
	logits := func(s *graphs.Scope, images tf.Output) tf.Output {
		columns := make([][]float32, px)
		for i := range columns {
			for k := range l.k {
				columns[i] = append(columns[i], l.weights[k][i])
			}
		}
		z := op.MatMul(s.Op("logits"), s.Reshape(images, int64(px)), op.Const(s.Op("w"), columns))
		return op.BiasAdd(s.Op("biased"), z, op.Const(s.Op("b"), l.bias))
	}
	return Victim{
		H: l.h, W: l.w, C: l.c, Classes: l.k, Logits: logits,
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, z tf.Output) {
			z = logits(s, images)
			ce := graphs.CrossEntropy(s.In("ce"), z, labels)
			d := op.Sub(s.Op("d"), s.Reshape(images, int64(px)), op.Const(s.Op("grey"), float32(grey)))
			far := op.Sum(s.Op("far"), op.Square(s.Op("square"), d), op.Const(s.Op("axis"), int32(1)))
			return op.AddV2(s.Op("sum"), ce, graphs.Weighted(s, pull, far)), z
		},
	}
}

// logits of one image in float64.
func (l linear) logits(x []float32) []float64 {
	z := make([]float64, l.k)
	for k := range z {
		z[k] = float64(l.bias[k])
		for i, v := range x {
			z[k] += float64(l.weights[k][i]) * float64(v)
		}
	}
	return z
}

// loss of one image in float64.
func (l linear) loss(kind Loss, x []float32, label int32) float64 {
	z := l.logits(x)
	if kind == Margin {
		return z[rivalOf(z, int(label))] - z[label]
	}
	top, sum := z[largest(z)], 0.
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	loss := top + math.Log(sum) - z[label]
	if kind == Training {
		for _, v := range x {
			loss += pull * (float64(v) - grey) * (float64(v) - grey)
		}
	}
	return loss
}

// gradient of the loss with respect to one image, in float64.
func (l linear) gradient(kind Loss, x []float32, label int32) []float64 {
	z := l.logits(x)
	share := make([]float64, l.k) // of each class's weights in the gradient
	if kind == Margin {
		share[rivalOf(z, int(label))] = 1
	} else {
		top, sum := z[largest(z)], 0.
		for _, v := range z {
			sum += math.Exp(v - top)
		}
		for k, v := range z {
			share[k] = math.Exp(v-top) / sum
		}
	}
	share[label]--
	g := make([]float64, len(x))
	for i := range g {
		for k := range share {
			g[i] += share[k] * float64(l.weights[k][i])
		}
		if kind == Training {
			g[i] += 2 * pull * (float64(x[i]) - grey)
		}
	}
	return g
}

func largest(z []float64) int {
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	return best
}

// rivalOf is the largest logit of another class.
func rivalOf(z []float64, label int) int {
	best := -1
	for k, v := range z {
		if k != label && (best < 0 || v > z[best]) {
			best = k
		}
	}
	return best
}

// labelled are n images with values in [lo,hi) that the victim classifies
// right, except every fourth, whose label is the next class.
func (l linear) labelled(seed uint64, n int, lo, hi float32) Set {
	r := rand.New(rand.NewPCG(seed, 6))
	var s Set
	px := l.h * l.w * l.c
	for i := range n {
		for range px {
			s.Pixels = append(s.Pixels, lo+(hi-lo)*r.Float32())
		}
		label := largest(l.logits(s.Pixels[i*px:][:px]))
		if i%4 == 3 {
			label = (label + 1) % l.k
		}
		s.Labels = append(s.Labels, int32(label))
		s.Index = append(s.Index, 100+i)
	}
	return s
}

// smooth is a small trained-looking network whose loss is neither linear nor
// convex; its weights are drawn from the net's seed. Its codes are the halves
// of its hidden layer.
func smooth(h, w, c, k int) Victim {
	hidden := func(s *graphs.Scope, images tf.Output) tf.Output {
		x := graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("conv"), images)
		return s.Flatten(op.Tanh(s.Op("tanh"), x))
	}
	read := func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Dense{Out: k, Init: graphs.TruncatedNormal(1)}.Apply(s.In("out"), x)
	}
	return Victim{
		H: h, W: w, C: c, Classes: k,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output { return read(s, hidden(s, images)) },
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, z tf.Output) {
			z = read(s, hidden(s, images))
			return op.AddV2(s.Op("sum"), graphs.CrossEntropy(s.In("ce"), z, labels), graphs.Margin(s.In("margin"), z, labels)), z
		},
		CodeNames: []Loss{Embedding, Appearance, Geometry},
		Codes: func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[Loss]tf.Output) {
			x := hidden(s, images)
			half := op.Split(s.Op("halves"), op.Const(s.Op("axis"), int32(1)), x, 2)
			return read(s, x), map[Loss]tf.Output{Embedding: x, Appearance: half[0], Geometry: half[1]}
		},
	}
}

// stage is an open net with an arena for some attacks.
func newStage(t testing.TB, v Victim, threat Threat, attacks ...Attack) Stage {
	t.Helper()
	var a *Arena
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if a, err = NewArena(b, v, threat); err != nil {
			return err
		}
		return a.Declare(attacks...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return Stage{a, net}
}

// evaluate runs attacks on set.
func evaluate(t testing.TB, s Stage, set Set, o Options) *Evaluation {
	t.Helper()
	o.Keep, o.Batch = set.Len(), max(o.Batch, 1)
	o.Sources = map[string]Stage{"other": s}
	e, err := NewEngine(s, s, o)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := e.Run(t.Context(), set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// parse reads attacks that must be right.
func parse(t testing.TB, texts ...string) []Attack {
	t.Helper()
	var out []Attack
	for _, text := range texts {
		a, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// seen makes the victim's own answers the labels of n random images, but for
// every fourth.
func seen(t testing.TB, s Stage, n int) Set {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 7))
	px := s.Arena.Victim.pixels()
	set := Set{}
	for i := range n {
		for range px {
			set.Pixels = append(set.Pixels, r.Float32())
		}
		set.Index, set.Labels = append(set.Index, 100+i), append(set.Labels, 0)
	}
	p := newPlayer(s, n)
	rows := make([]Question, n)
	for i := range rows {
		rows[i].Image = image(set.Pixels, i, px)
	}
	answers, err := p.run(forwardPass, rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		set.Labels[i] = int32(argmax(a.logits))
		if i%4 == 3 {
			set.Labels[i] = (set.Labels[i] + 1) % int32(s.Arena.Victim.Classes)
		}
	}
	return set
}

// image is image i of pixels.
func image(pixels []float32, i, px int) []float32 { return pixels[i*px : (i+1)*px] }
