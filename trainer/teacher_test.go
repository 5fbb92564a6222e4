package trainer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// declaredStudent declares a student of a run named "teacher".
func declaredStudent(t testing.TB, c Config, m graphs.Disentangled) (*TrainGraph, *graphs.Net) {
	t.Helper()
	c.Teacher = "teacher"
	return declared(t, 7, c, m, littleShape)
}

// stepped makes one training step and returns the losses.
func stepped(t *testing.T, p *TrainGraph, net *graphs.Net, in stepBatch, at stepParams) Losses {
	t.Helper()
	f, err := p.newInputBuffers()
	if err != nil {
		t.Fatal(err)
	}
	feeds, err := f.feedStep(in, 0, at)
	if err != nil {
		t.Fatal(err)
	}
	return stepLosses(t, p, net, feeds, p.update)
}

// A teacher that is certain of the labels, at temperature 1, gives the same step
// as the labels: with deformed views and with adversarial images.
func TestCertainTeacher(t *testing.T) {
	for _, adversary := range []string{"", "pgd(eps=.2,steps=2,clean=.25)", "trades(eps=.2,steps=2)"} {
		config := DefaultConfig()
		config.Adversary, config.Attacked = mustAdversary(t, adversary), mustValidationAttack(t, "off")
		if !strings.HasPrefix(adversary, "trades") {
			config.Augment = mustAugment(t, "deform(stretch=1..2,shift=1..2,step=1)")
		}
		in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: 8, Augment: config.Augment, Seed: 4})}
		run := func(p *TrainGraph, net *graphs.Net, in stepBatch) (Losses, map[string][]float32) {
			if p.adversaryStep.next.Op != nil {
				a := adversaryOf(t, p, net, 1)
				var err error
				if in, err = a.stepBatch(in, 0, .2, .1); err != nil {
					t.Fatal(err)
				}
			}
			return stepped(t, p, net, in, stepParams{rate: .01}), values(t, net)
		}
		p, net := declared(t, 7, config, littleModel("base"), littleShape)
		wantLosses, want := run(p, net, in)
		for range 1 + len(in.DeformedViews)/len(in.Images) {
			for _, label := range in.Labels {
				z := make([]float32, 3)
				z[label] = 200 // exp(-200) is 0 in float32
				in.teacher = append(in.teacher, z...)
			}
		}
		p, net = declaredStudent(t, config, littleModel("base"))
		gotLosses, got := run(p, net, in)
		if gotLosses != wantLosses {
			t.Errorf("%s: want losses %+v, got %+v", adversary, wantLosses, gotLosses)
		}
		sameValues(t, adversary, got, want)
	}
}

// One step of a linear student: the gradient of the soft cross-entropy with
// respect to the logits is (p-q)/T.
func TestDistillation(t *testing.T) {
	const n, rate = 6, .5
	for _, temperature := range []float64{1, 5} {
		config := DefaultConfig()
		config.Objective.Temperature = float32(temperature)
		config.Optimizer.Name, config.Optimizer.Momentum = "sgd", 0
		p, net := declaredStudent(t, config, linearModel(3))
		in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Seed: 4})}
		in.teacher = graphtest.Normal(9, 3, n, 3).Data
		before := values(t, net)
		losses := stepped(t, p, net, in, stepParams{rate: rate})
		l, kernel, entropy := linear{before["classifier/kernel"], before["classifier/bias"]}, doubles(before["classifier/kernel"]), 0.
		cooled := func(z []float64) []float64 {
			for k := range z {
				z[k] /= temperature
			}
			return softmax64(z)
		}
		for i := range n {
			x := doubles(row(in.Images, i, n))
			p, q := cooled(l.logits(x)), cooled(doubles(row(in.teacher, i, n)))
			for k := range p {
				entropy -= q[k] * math.Log(p[k]) / n
				for j, v := range x {
					kernel[j*3+k] -= rate * v * (p[k] - q[k]) / temperature / n
				}
			}
		}
		graphtest.Near(t, "loss", losses.ofEq8()[:2], []float64{entropy, entropy}, 1e-5)
		graphtest.Near(t, "kernel", values(t, net)["classifier/kernel"], kernel, 1e-5)
	}
}

// linearTeacher is a teacher that is known in closed form.
func linearTeacher(t testing.TB, seed uint64, classes int, shape pipelines.Shape) (*Teacher, linear) {
	t.Helper()
	var p *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: seed, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		p, err = DeclareInference(b, DefaultConfig(), linearModel(classes), shape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	teacher, err := NewTeacher(p, net)
	if err != nil {
		t.Fatal(err)
	}
	v := values(t, net)
	return teacher, linear{v["classifier/kernel"], v["classifier/bias"]}
}

// The teacher sees each image as the student does, then each deformed view. Its
// output for an image is also that for its adversarial version.
func TestTeach(t *testing.T) {
	const n = 8
	teacher, l := linearTeacher(t, 11, 3, littleShape)
	config := DefaultConfig()
	config.Augment, config.Adversary, config.Attacked = mustAugment(t, "flip|deform(stretch=1..2,shift=1..2,step=1)"), mustAdversary(t, "pgd(eps=.2,clean=.25)"), mustValidationAttack(t, "off")
	p, net := declaredStudent(t, config, littleModel("base"))
	in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Augment: config.Augment, Seed: 4})}
	var err error
	if in.teacher, err = teacher.batchLogits(in.Batch); err != nil {
		t.Fatal(err)
	}
	var want [2][][]float64 // of images, of views
	for k, images := range [][]float32{in.Images, in.DeformedViews} {
		for i := range n {
			want[k] = append(want[k], l.logits(doubles(row(images, i, n))))
		}
	}
	graphtest.Near(t, "logits", in.teacher, slices.Concat(slices.Concat(want[0]...), slices.Concat(want[1]...)), 1e-5)
	a := adversaryOf(t, p, net, 1)
	r, err := a.stepBatch(in, 0, .2, .1)
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for _, z := range want { // a quarter of the rows clean: 3 of 8 images, then all attacked
		all = append(append(all, slices.Concat(z[:3]...)...), slices.Concat(z...)...)
	}
	graphtest.Near(t, "logits of the rows", r.teacher, all, 1e-5)
}

// A run with a teacher that is interrupted while lambda rises goes on as if nothing had
// happened, whatever replays an adversary makes of a batch.
func TestTeacherResumes(t *testing.T) {
	teacher, _ := linearTeacher(t, 11, 3, littleShape)
	config := fullConfig(t)
	config.Objective.LambdaRamp = mustDuration(t, "11st")
	config.Objective.Temperature, config.Adversary, config.Attacked, config.Teacher = 4, mustAdversary(t, "free(eps=.1,replays=3)"), mustValidationAttack(t, "off"), "teacher"
	in := func(dir string, teacher *Teacher) Inputs {
		i := fullInputs(dir)
		i.Teacher = teacher
		return i
	}
	want, _, err := session(t, t.Context(), config, in(t.TempDir(), teacher))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, before := cancelling(t, "step 8")
	if _, _, err := session(t, ctx, config, in(dir, teacher), before); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("want ErrInterrupted, got %v", err)
	}
	rest := in(dir, teacher)
	rest.Resume = true
	got, _, err := session(t, t.Context(), config, rest)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, "resumed", got, want)
	other, _ := linearTeacher(t, 12, 3, littleShape)
	if got, _, err = session(t, t.Context(), config, in(t.TempDir(), other)); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(got["classifier/kernel"], want["classifier/kernel"]) {
		t.Error("want another teacher to give other weights")
	}
}

func TestTeacherIdentity(t *testing.T) {
	id := func(seed uint64) string {
		teacher, _ := linearTeacher(t, seed, 3, littleShape)
		id, err := teacher.Identity()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if a, b, c := id(1), id(1), id(2); a != b || a == c || len(a) != 64 {
		t.Errorf("want the weights to tell teachers apart, got %s, %s and %s", a, b, c)
	}
}

func TestTeacherRefused(t *testing.T) {
	right, _ := linearTeacher(t, 1, 3, littleShape)
	wide, _ := linearTeacher(t, 1, 3, pipelines.Shape{H: 8, W: 9, C: 1})
	many, _ := linearTeacher(t, 1, 4, littleShape)
	with, _ := declaredStudent(t, DefaultConfig(), linearModel(3))
	without, _ := declared(t, 1, DefaultConfig(), linearModel(3), littleShape)
	for _, c := range []struct {
		p       *TrainGraph
		teacher *Teacher
		names   string
	}{
		{with, nil, "train.teacher;got none"},
		{without, right, "train.teacher;no key"},
		{with, wide, "train.teacher: want a model of images;8x8x1;8x9x1"},
		{with, many, "train.teacher: want a model of 3 classes;got one of 4"},
		{with, right, ""},
		{without, nil, ""},
	} {
		err := c.p.CheckTeacher(c.teacher)
		if c.names == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		for _, name := range strings.Split(c.names, ";") {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("want an error that names %s, got %v", name, err)
			}
		}
	}
	if _, err := with.Run(t.Context(), nil, Inputs{Train: littleDots(24)}); err == nil || !strings.Contains(err.Error(), "train.teacher") {
		t.Errorf("a run without its teacher: got %v", err)
	}
	if graphs.HasBfloat16() {
		net, err := right.net.Copy(graphs.Options{Device: graphs.CPU, Precision: graphs.Bfloat16})
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		if _, err := NewTeacher(right.graph, net); err == nil || !strings.Contains(err.Error(), "float32") {
			t.Errorf("a teacher in bfloat16: got %v", err)
		}
	}
}
