package bounds

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Query are images to be verified.
type Query struct {
	Images []float32 // [n,shape...] with values in [0,1]
	Labels []int32   // [n]
	Eps    []float32 // radii of the balls, [n], or one for all; not of Boxes
	Sets   []Set     // of Boxes, [n]; each image is of its set
	Method Method    // at most that of the settings, which "" means
	// Classified says that the caller has classified the images, so that none is
	// found to be misclassified.
	Classified bool
	// Every bounds every margin of every image by each method, also where an
	// earlier one has decided, with all steps: for comparisons.
	Every bool
}

// Verify bounds the margins of all images, by each method up to that of the
// settings on the images that those before it leave open. net is a session over
// the verifier's graph, in float32. When ctx ends, Verify returns its error.
func (v *Verifier) Verify(ctx context.Context, net *graphs.Net, q Query) ([]Verdict, error) {
	subjects, err := v.subjects(q)
	if err != nil {
		return nil, err
	}
	r := &run{v: v, net: net, ctx: ctx, method: cmp.Or(q.Method, v.set.Method), every: q.Every, classified: q.Classified}
	if r.method.rank() < 0 || !v.set.Method.atLeast(r.method) {
		return nil, fmt.Errorf("bounds: method: want one up to the verifier's %s, got %q", v.set.Method, string(q.Method))
	}
	if v.probed != net {
		if err := v.probe.check(net, v.set.Rounding); err != nil {
			return nil, err
		}
		v.probed = net
	}
	for part := range slices.Chunk(subjects, v.set.Images) {
		if err := r.verify(part); err != nil {
			return nil, err
		}
	}
	out := make([]Verdict, len(subjects))
	for i, s := range subjects {
		out[i] = s.verdict
	}
	return out, nil
}

// subject is an image and what is known of it.
type subject struct {
	image        []float32
	label        int32
	eps          float32
	set          *Set
	lower, upper [][]float32   // known bounds of the activations' inputs
	slopes       [][][]float32 // optimised ones by target, then by ReLU; nil: none yet
	verdict      Verdict
}

// subjects checks a query.
func (v *Verifier) subjects(q Query) ([]*subject, error) {
	n, size := len(q.Labels), int(product(v.shape))
	if v.set.Norm == Boxes {
		q.Eps = []float32{0}
	}
	if len(q.Images) != n*size || len(q.Eps) != 1 && len(q.Eps) != n {
		return nil, fmt.Errorf("bounds: want %d values for each of %d labels and 1 or %d radii, got %d and %d", size, n, n, len(q.Images), len(q.Eps))
	}
	var all []*subject
	for i := range n {
		s := &subject{image: q.Images[i*size : (i+1)*size], label: q.Labels[i], eps: q.Eps[min(i, len(q.Eps)-1)]}
		if s.label < 0 || int(s.label) >= v.net.Classes {
			return nil, fmt.Errorf("bounds: label %d: want a class from 0 to %d, got %d", i, v.net.Classes-1, s.label)
		}
		if !(s.eps >= 0) || math.IsInf(float64(s.eps), 0) {
			return nil, fmt.Errorf("bounds: radius %d: want a finite number that is not negative, got %g", i, s.eps)
		}
		if at := slices.IndexFunc(s.image, func(x float32) bool { return !(x >= 0 && x <= 1) }); at >= 0 {
			return nil, fmt.Errorf("bounds: image %d: want values in [0,1], got %g at %d: the ball within [0,1] would be empty or not hold the image", i, s.image[at], at)
		}
		if err := v.giveSet(s, q, i); err != nil {
			return nil, err
		}
		s.verdict = Verdict{Status: Open, Lower: make([]float32, v.net.Classes), Method: IBP}
		for k := range s.verdict.Lower {
			if k != int(s.label) {
				s.verdict.Lower[k] = -math.MaxFloat32
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// run is one call of [Verifier.Verify].
type run struct {
	v      *Verifier
	net    *graphs.Net
	ctx    context.Context
	method Method
	every  bool
	// classified: see [Query].
	classified bool
	// raising tells that bounds of neurons are raised by their slopes.
	raising bool
}

// verify takes some images through the methods.
func (r *run) verify(subjects []*subject) error {
	for _, step := range []struct {
		method Method
		do     func([]*subject) error
	}{
		{IBP, r.boundMarginsByIBP},
		{CROWNIBP, r.boundMargins},
		{CROWN, r.crown},
		{AlphaCROWN, r.optimise},
		{BranchAndBound, r.branch},
	} {
		if !r.method.atLeast(step.method) {
			break
		}
		open := slices.DeleteFunc(slices.Clone(subjects), func(s *subject) bool { return s.verdict.Status != Open && !r.every })
		if len(open) == 0 {
			break
		}
		for _, s := range open {
			s.verdict.Method = step.method
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := step.do(open); err != nil {
			return err
		}
		if step.method == IBP && !r.classified {
			if err := r.classify(open); err != nil {
				return err
			}
		}
	}
	for _, s := range subjects { // let go of what is not asked for
		s.lower, s.upper, s.slopes = nil, nil, nil
	}
	return nil
}

// classify marks the images that are misclassified as they are; equal logits
// count as that. What is proven needs no such pass.
func (r *run) classify(all []*subject) error {
	subjects := slices.DeleteFunc(slices.Clone(all), func(s *subject) bool { return s.verdict.Status != Open })
	if len(subjects) == 0 {
		return nil
	}
	wrong, err := r.misclassified(imagesOf(subjects), labelsOf(subjects))
	if err != nil {
		return err
	}
	for i, s := range subjects {
		if wrong[i] {
			s.verdict.Status = Misclassified
		}
	}
	return nil
}

// Misclassified tells which images do not have strictly the largest logit at
// their label; images are [n,shape...].
func (v *Verifier) Misclassified(net *graphs.Net, images []float32, labels []int32) ([]bool, error) {
	r, size := &run{v: v, net: net}, int(product(v.shape))
	if len(images) != size*len(labels) {
		return nil, fmt.Errorf("bounds: want %d values for each of %d labels, got %d", size, len(labels), len(images))
	}
	var wrong []bool
	for from := 0; from < len(labels); from += v.set.Images {
		to := min(from+v.set.Images, len(labels))
		part, err := r.misclassified(slices.Collect(slices.Chunk(images[from*size:to*size], size)), labels[from:to])
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, part...)
	}
	return wrong, nil
}

func imagesOf(subjects []*subject) [][]float32 {
	var all [][]float32
	for _, s := range subjects {
		all = append(all, s.image)
	}
	return all
}

func labelsOf(subjects []*subject) []int32 {
	var all []int32
	for _, s := range subjects {
		all = append(all, s.label)
	}
	return all
}

// misclassified tells which images do not have the largest logit at their label.
func (r *run) misclassified(images [][]float32, labels []int32) ([]bool, error) {
	f := r.v.feeding(len(images))
	memory := f.floats(r.v.image)
	size := len(memory) / len(images)
	for i, x := range images {
		copy(memory[i*size:], x)
	}
	out, err := r.fetch(f, r.v.net.Logits)
	if err != nil {
		return nil, err
	}
	return MisclassifiedBy(out[0], labels), nil
}

// MisclassifiedBy tells which rows of logits [n,classes] do not have strictly the
// largest at their label.
func MisclassifiedBy(logits []float32, labels []int32) []bool {
	wrong := make([]bool, len(labels))
	for i, y := range labels {
		k := len(logits) / len(labels)
		z := logits[i*k : (i+1)*k]
		for j, other := range z {
			wrong[i] = wrong[i] || j != int(y) && !(other < z[y])
		}
	}
	return wrong
}

// fetch runs the session.
func (r *run) fetch(f *feeding, outs ...tf.Output) ([][]float32, error) {
	if f.err != nil {
		return nil, f.err
	}
	got, err := r.net.Run(f.feeds, outs)
	if err != nil {
		return nil, err
	}
	values := make([][]float32, len(got))
	for i, t := range got {
		values[i] = graphs.Floats(nil, t)
	}
	return values, nil
}

func (r *run) feedImages(f *feeding, subjects []*subject) {
	images, eps := f.floats(r.v.image), f.floats(r.v.eps)
	size := len(images) / len(subjects)
	for i, s := range subjects {
		copy(images[i*size:], s.image)
		eps[i] = s.eps
	}
	r.feedSets(f, subjects)
}

func (r *run) feedKnown(f *feeding, subjects []*subject) {
	for at := range r.v.known.lower {
		l, u := f.floats(r.v.known.lower[at]), f.floats(r.v.known.upper[at])
		for i, s := range subjects {
			copy(l[i*len(s.lower[at]):], s.lower[at])
			copy(u[i*len(s.upper[at]):], s.upper[at])
		}
	}
}

// intervals cuts what is known of the images by IBP over it.
func (r *run) intervals(subjects []*subject) error {
	if len(r.v.known.lower) == 0 {
		return nil
	}
	f := r.v.feeding(len(subjects))
	r.feedImages(f, subjects)
	r.feedKnown(f, subjects)
	out, err := r.fetch(f, r.v.cut.all()...)
	if err != nil {
		return err
	}
	r.keepIntervals(subjects, out)
	return nil
}

// keepIntervals takes in values of [Intervals.all].
func (r *run) keepIntervals(subjects []*subject, out [][]float32) {
	n := len(out) / 2
	for i, s := range subjects {
		s.lower, s.upper = make([][]float32, n), make([][]float32, n)
		for at := range n {
			size := len(out[at]) / len(subjects)
			s.lower[at] = slices.Clone(out[at][i*size : (i+1)*size])
			s.upper[at] = slices.Clone(out[n+at][i*size : (i+1)*size])
		}
	}
}

// boundMarginsByIBP bounds all margins by IBP, and finds the intervals that the
// other methods start from.
func (r *run) boundMarginsByIBP(subjects []*subject) error {
	f := r.v.feeding(len(subjects))
	r.feedImages(f, subjects)
	r.feedLabels(f, subjects)
	wanted := []tf.Output{r.v.margins[0]}
	if r.method != IBP {
		wanted = append(wanted, r.v.fresh.all()...)
	}
	out, err := r.fetch(f, wanted...)
	if err != nil {
		return err
	}
	if r.method != IBP {
		r.keepIntervals(subjects, out[1:])
	}
	k := r.v.net.Classes
	for i, s := range subjects {
		for j, bound := range out[0][i*k : (i+1)*k] {
			s.raise(j, bound)
		}
		s.conclude()
	}
	return nil
}

// boundMargins bounds margins by CROWN over known intervals, some of each image
// at once.
func (r *run) boundMargins(subjects []*subject) error {
	k := int(r.v.targets.Shape[1])
	wanted := make([][]int, len(subjects))
	for i, s := range subjects {
		wanted[i] = r.targets(s)
	}
	for from := 0; slices.ContainsFunc(wanted, func(all []int) bool { return len(all) > from }); from += k {
		f := r.feedLabelled(subjects)
		targets := f.ints(r.v.targets)
		for i, s := range subjects {
			for j := range k {
				targets[i*k+j] = s.label
				if from+j < len(wanted[i]) {
					targets[i*k+j] = int32(wanted[i][from+j])
				}
			}
		}
		out, err := r.fetch(f, r.v.margins[1])
		if err != nil {
			return err
		}
		for i, s := range subjects {
			for j, class := range targets[i*k : (i+1)*k] {
				s.raise(int(class), out[0][i*k+j])
			}
		}
	}
	for _, s := range subjects {
		s.conclude()
	}
	return nil
}

// feedLabelled feeds images with their labels and what is known of them.
func (r *run) feedLabelled(subjects []*subject) *feeding {
	f := r.v.feeding(len(subjects))
	r.feedImages(f, subjects)
	r.feedKnown(f, subjects)
	r.feedLabels(f, subjects)
	return f
}

func (r *run) feedLabels(f *feeding, subjects []*subject) {
	labels := f.ints(r.v.labels)
	for i, s := range subjects {
		labels[i] = s.label
	}
}

// crown bounds the intervals by back-substitution, then the margins.
func (r *run) crown(subjects []*subject) error {
	if err := r.tightenAll(subjects); err != nil {
		return err
	}
	return r.boundMargins(subjects)
}

// raise keeps a lower bound of the margin over class k if it is finite and
// larger.
func (s *subject) raise(k int, bound float32) {
	switch {
	case k == int(s.label):
	case math.IsNaN(float64(bound)) || math.IsInf(float64(bound), 0):
		s.verdict.Overflow = true
	default:
		s.verdict.Lower[k] = max(s.verdict.Lower[k], bound)
	}
}

// conclude proves the image where all margins are positive.
func (s *subject) conclude() {
	if s.verdict.Status == Open && len(s.open()) == 0 {
		s.verdict.Status = Proven
	}
}

// targets are the classes that a method is to bound the margins over.
func (r *run) targets(s *subject) []int {
	if !r.every {
		return s.open()
	}
	var all []int
	for k := range s.verdict.Lower {
		if k != int(s.label) {
			all = append(all, k)
		}
	}
	return all
}

// open are the classes over which no positive margin is known.
func (s *subject) open() []int {
	var all []int
	for k, x := range s.verdict.Lower {
		if k != int(s.label) && !(x > 0) {
			all = append(all, k)
		}
	}
	return all
}
