package attacks

import (
	"context"
	"fmt"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

var _ = register(Entry{
	Name: "substitute", Paper: "Papernot et al. 2017", Family: Transfer,
	New: func() Attack { return new(Substitute) },
})

// Substitute trains a model of the victim from its answers alone (Papernot et
// al. 2017, algorithm 1) and attacks that: from Holdout images, labelled by the
// victim, the set doubles Rounds times by steps along the sign of the
// substitute's Jacobian row of the label (Jacobian-based augmentation), and the
// substitute is trained anew on it each time. The images at the beginning are
// the first of those attacked, without their labels.
type Substitute struct {
	Common
	Holdout int     `key:"holdout" in:"[2,1e6]" default:"150" help:"images at the beginning"`
	Rounds  int     `key:"rounds" in:"[0,20]" default:"6" help:"doublings of the set"`
	Epochs  int     `key:"epochs" in:"[1,1e4]" default:"10" help:"of training in each round"`
	Lambda  float32 `key:"lambda" in:"[0,1]" default:".1" help:"size of the augmenting step"`
	Rate    float32 `key:"rate" in:"[0,1]" default:".001" help:"Adam's learning rate"`
	Batch   int     `key:"batch" in:"[1,1e5]" default:"128" help:"of training"`
	Hidden  int     `key:"hidden" in:"[1,1e5]" default:"200" help:"units in each of the two hidden layers"`
	Steps   int     `key:"steps" in:"[1,1e6]" default:"1" help:"of the attack on the substitute; 1 is FGSM"`
}

// Needs is nothing of the victim.
func (a *Substitute) Needs(Victim) []Loss { return nil }

// Attack climbs on the substitute and shows the victim the end.
func (a *Substitute) Attack(c *Case) {
	x, alpha := clone(c.Image), c.Eps
	if a.Steps > 1 {
		alpha = 2.5 * c.Eps / float32(a.Steps)
	}
	for range a.Steps {
		s := c.Uphill(Classification, x)
		c.Trace(s.Loss)
		c.Threat.Steepest(s.Gradient, s.Gradient)
		axpy(x, x, alpha, s.Gradient)
		c.Threat.Project(x, c.Image, c.Eps)
	}
	c.Claim(x)
}

// substitute is the net that learns.
type substitute struct {
	stage  Stage
	images graphs.Input
	labels graphs.Input
	train  *tf.Operation
	loss   tf.Output
}

// declare builds two hidden layers, Adam, and an arena around them.
func (a *Substitute) declare(v Victim, t Threat) (*substitute, error) {
	s := &substitute{}
	model := Victim{H: v.H, W: v.W, C: v.C, Classes: v.Classes, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		x = s.Flatten(x)
		for _, name := range []string{"hidden1", "hidden2"} {
			x = op.Relu(s.Op("relu"), graphs.Dense{Out: a.Hidden}.Apply(s.In(name), x))
		}
		return graphs.Dense{Out: v.Classes, Init: graphs.GlorotUniform}.Apply(s.In("out"), x)
	}}
	var err error
	s.stage.Net, err = graphs.Build(graphs.Options{Seed: a.Seed, Device: graphs.CPU}, func(b *graphs.Builder) error {
		s.images = b.Input("images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))
		s.labels = b.Input("labels", tf.Int32, -1)
		scope := b.Pass("train", graphs.Training)
		logits := model.Logits(scope, s.images.Value)
		s.loss = graphs.Mean(scope, graphs.CrossEntropy(scope.In("loss"), logits, s.labels.Value))
		vars := b.Variables().All(graphs.Trainable)
		reads := make([]tf.Output, len(vars))
		for i, w := range vars {
			reads[i] = w.Read
		}
		grads := graphs.Gradients(scope, s.loss, reads...)
		u := b.Pass("update", graphs.Training)
		if !u.OK() {
			return b.Err()
		}
		var ops []*tf.Operation
		for i, w := range vars {
			ops = append(ops, a.adam(u, w, grads[i]))
		}
		s.train = op.NoOp(u.Op("step").WithControlDependencies(ops...))
		if s.stage.Arena, err = NewArena(b, model, t); err != nil {
			return err
		}
		return s.stage.Arena.declare(Classification)
	})
	return s, err
}

// adam is Adam without its correction of the first steps' bias, which only
// shortens those.
func (a *Substitute) adam(s *graphs.Scope, v *graphs.Variable, g tf.Output) *tf.Operation {
	m := s.Builder().Declare("adam/m/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
	sq := s.Builder().Declare("adam/v/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
	zero := op.Const(s.Op("power"), float32(0))
	c := func(name string, x float32) tf.Output { return op.Const(s.Op(name), x) }
	return op.ResourceApplyAdam(s.Op("adam"), v.Handle, m.Handle, sq.Handle, zero, zero, c("rate", a.Rate), c("beta1", .9), c("beta2", .999), c("epsilon", 1e-7), g)
}

// Prepare trains the substitute.
func (a *Substitute) Prepare(ctx context.Context, judge Stage, set Set) (Stage, error) {
	s, err := a.declare(judge.Arena.Victim, judge.Arena.Threat)
	if err != nil {
		return Stage{}, err
	}
	px := judge.Arena.Victim.pixels()
	n := min(a.Holdout, set.Len())
	if n < 2 {
		return Stage{}, fmt.Errorf("want at least 2 images to begin with, got %d", n)
	}
	oracle := NewProbe(judge, 128)
	var images [][]float32
	for i := range n {
		images = append(images, set.Pixels[i*px:(i+1)*px])
	}
	labels, err := answers(oracle, images)
	if err != nil {
		return Stage{}, err
	}
	g := rand.New(rand.NewPCG(a.Seed, 4))
	for round := 0; ; round++ {
		if err := s.learn(ctx, a, images, labels, g); err != nil {
			return Stage{}, err
		}
		if round == a.Rounds {
			return s.stage, nil
		}
		fresh, err := s.augment(a, judge.Arena.Threat, images, labels)
		if err != nil {
			return Stage{}, err
		}
		more, err := answers(oracle, fresh)
		if err != nil {
			return Stage{}, err
		}
		images, labels = append(images, fresh...), append(labels, more...)
	}
}

// answers are the classes that the victim gives.
func answers(oracle *Probe, images [][]float32) ([]int, error) {
	logits, err := oracle.Logits(images...)
	classes := make([]int, len(logits))
	for i, z := range logits {
		classes[i] = argmax(z)
	}
	return classes, err
}

// learn trains for the epochs of one round.
func (s *substitute) learn(ctx context.Context, a *Substitute, images [][]float32, labels []int, g *rand.Rand) error {
	size := min(a.Batch, len(images))
	v := s.stage.Arena.Victim
	x, err := graphs.NewBuffer(tf.Float, int64(size), int64(v.H), int64(v.W), int64(v.C))
	if err != nil {
		return err
	}
	y, err := graphs.NewBuffer(tf.Int32, int64(size))
	if err != nil {
		return err
	}
	for range a.Epochs {
		order := g.Perm(len(images))
		for from := 0; from+size <= len(order); from += size {
			if err := ctx.Err(); err != nil {
				return err
			}
			for k, i := range order[from : from+size] {
				copy(x.Float32()[k*v.pixels():(k+1)*v.pixels()], images[i])
				y.Int32()[k] = int32(labels[i])
			}
			if _, err := s.stage.Net.Run(graphs.Feeds{s.images.Feed: x.Tensor, s.labels.Feed: y.Tensor}, nil, s.train); err != nil {
				return err
			}
		}
	}
	return nil
}

// augment makes a new image of each: x + lambda·sign of the gradient of the
// log-probability of its label (Papernot et al. 2017, eq. 4, take the softmax
// output's; the signs are the same).
func (s *substitute) augment(a *Substitute, t Threat, images [][]float32, labels []int) ([][]float32, error) {
	questions := make([]Question, len(images))
	for i, x := range images {
		questions[i] = Question{Image: x, Label: labels[i]}
	}
	slopes, err := NewProbe(s.stage, 128).Slopes(Classification, questions...)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(images))
	for i, x := range images {
		out[i] = clone(x)
		for k, v := range slopes[i].Gradient {
			out[i][k] -= a.Lambda * sign(v) // the loss falls where the probability grows
		}
		t.Clip(out[i])
	}
	return out, nil
}
