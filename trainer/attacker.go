package trainer

import (
	"math"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// attacker makes adversarial versions of images, one session call per step.
type attacker struct {
	plan *Plan
	net  *graphs.Net
	how  Adversary
	step ascent
	seed pipelines.Seed // of starts
	feed *feeder
}

func (p *Plan) newAttacker(net *graphs.Net, how Adversary, step ascent, seed pipelines.Seed) (*attacker, error) {
	f, err := p.newFeeder()
	if err != nil {
		return nil, err
	}
	return &attacker{plan: p, net: net, how: how, step: step, seed: seed, feed: f}, nil
}

// images appends the adversarial versions of a batch to dst, row-major
// [N,H,W,C]: each differs from its image by at most eps, and stays in [0,1].
// Random starts depend on the seed, on at, and on each image's index.
func (a *attacker) images(dst []float32, b pipelines.Batch, at int, eps, alpha float32) ([]float32, error) {
	feeds, err := a.feed.batch(b, false)
	if err != nil {
		return nil, err
	}
	a.feed.radius(feeds, eps, alpha)
	in := a.plan.perturb
	origin := feeds[a.plan.Images.Feed]
	if a.how.Method == "trades" {
		feeds[in.iterate.Feed] = origin
		clean, err := a.net.Run(feeds, []tf.Output{a.step.logits})
		if err != nil {
			return nil, err
		}
		feeds[in.reference.Feed] = clean[0]
	}
	start := a.feed.sets[b.N].iterate
	size := a.plan.Shape.Len()
	for i, index := range b.Index {
		a.start(start.Float32()[i*size:(i+1)*size], b.Images[i*size:(i+1)*size], eps, a.seed.Split("start", at, index))
	}
	feeds[in.iterate.Feed] = start.Tensor
	for range a.how.Steps {
		out, err := a.net.Run(feeds, []tf.Output{a.step.next})
		if err != nil {
			return nil, err
		}
		feeds[in.iterate.Feed] = out[0]
	}
	return append(dst, graphs.Floats(nil, feeds[in.iterate.Feed])...), nil
}

// start writes where the first step begins: the image itself, a point drawn
// uniformly from the ball round it, or a normal one near it.
func (a *attacker) start(dst, image []float32, eps float32, seed pipelines.Seed) {
	copy(dst, image)
	if a.how.Method == "fgsm" {
		return
	}
	r := seed.Rand()
	switch {
	case a.how.Method == "trades":
		for i := range dst {
			dst[i] += a.how.Noise * float32(r.NormFloat64())
		}
	case a.how.Norm == linf:
		for i := range dst {
			dst[i] += eps * (2*r.Float32() - 1)
		}
	default:
		uniformBall(dst, eps, r)
	}
	for i, v := range image { // the box, which reaches to where the image is
		dst[i] = min(max(dst[i], min(v, 0)), max(v, 1))
	}
}

// uniformBall adds a vector drawn uniformly from the L2 ball of radius eps: a
// normal direction, and a length whose power len(x) is uniform.
func uniformBall(x []float32, eps float32, r *rand.Rand) {
	d, squares := make([]float64, len(x)), 0.
	for i := range d {
		d[i] = r.NormFloat64()
		squares += d[i] * d[i]
	}
	scale := float64(eps) * math.Pow(r.Float64(), 1/float64(len(x))) / math.Sqrt(squares)
	for i, v := range d {
		x[i] += float32(scale * v)
	}
}

// rows is what a training step sees of a batch: its clean images, then their
// adversarial versions. Index and Step are those of the batch.
type rows struct {
	pipelines.Batch
	targets []float32 // [N,H,W,C], the clean image of each row
	teacher []float32 // [N,K], the teacher's logits, and then those of the twins
}

// rows attacks a batch, which has no targets yet, at a step of the run. The
// slices of the result are new.
func (a *attacker) rows(in rows, step int, eps, alpha float32) (rows, error) {
	b := in.Batch
	clean, attacked := a.how.shares(b.N)
	if a.how.Method == "trades" {
		clean = b.N
	}
	size := a.plan.Shape.Len()
	r := rows{Batch: b}
	r.N = clean + attacked
	target := b
	target.N, target.Labels, target.Images, target.Index = attacked, b.Labels[:attacked], b.Images[:attacked*size], b.Index[:attacked]
	var err error
	if r.Images, err = a.images(append([]float32(nil), b.Images[:clean*size]...), target, step, eps, alpha); err != nil {
		return rows{}, err
	}
	twice := func(x []float32, size int) []float32 {
		return append(append([]float32(nil), x[:clean*size]...), x[:attacked*size]...)
	}
	r.Labels = append(append([]int32(nil), b.Labels[:clean]...), b.Labels[:attacked]...)
	r.targets = twice(b.Images, size)
	if b.Twins != nil {
		r.Twins = twice(b.Twins, size)
	}
	for classes := a.plan.Model.Classes; len(in.teacher) > 0; in.teacher = in.teacher[b.N*classes:] {
		r.teacher = append(r.teacher, twice(in.teacher, classes)...)
	}
	return r, nil
}
