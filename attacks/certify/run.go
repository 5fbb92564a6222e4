package certify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"unwarp/attacks"
)

// run is one call of [Run].
type run struct {
	o        Options
	images   attacks.Images
	cert     *Certificate
	journal  *Journal
	progress func(Progress)
	ctx      context.Context      // ends with the budget
	fails    map[string][]float32 // by prover, the smallest size at which it left each image open, or notTried
	own      []bool               // the images that are asked about
	final    string               // the prover of the last stage
	searches bool                 // radii are searched now
	doing    string
	correct  int
}

// errBudget says that the time of the run is over.
var errBudget = errors.New("the budget is used up")

// Run looks for proofs of images at the sizes of the options. The fastest stage
// of a prover begins at the largest size, and what it leaves open goes down to
// smaller ones; those after it begin at the smallest, and what they leave open is
// not tried at larger ones. What the journal holds already is not done again, though its
// examples are verified; each new result is written to it; journal and progress
// may be nil. On cancellation Run returns ctx.Err(), and a later Run with the same
// journal goes on.
func Run(ctx context.Context, p Prover, images attacks.Images, o Options, journal *Journal, progress func(Progress)) (*Certificate, error) {
	o, err := o.check(images)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	r := &run{o: o, images: images, journal: journal, progress: progress, ctx: ctx, cert: newCertificate(p, images, o), fails: map[string][]float32{}}
	r.own = make([]bool, images.Len())
	for _, i := range o.Shard.Images(images.Labels) {
		r.own[i] = true
	}
	if o.Time > 0 {
		var stop context.CancelFunc
		r.ctx, stop = context.WithDeadline(ctx, began.Add(o.Time))
		defer stop()
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	err = r.prove(p)
	if errors.Is(err, errBudget) {
		r.cert.Stopped = fmt.Sprintf("the budget of %s is used up", o.Time.Round(time.Millisecond))
		err = nil
	}
	r.cert.Seconds += time.Since(began).Seconds()
	if end := ctx.Err(); end != nil {
		return nil, end
	}
	return r.cert, err
}

// newCertificate is the certificate before anything is known.
func newCertificate(p Prover, images attacks.Images, o Options) *Certificate {
	c := &Certificate{Threat: o.Threat, Unit: o.Unit, Lattice: o.Lattice, Method: p.Name(), Pixels: len(images.Pixels) / images.Len(), Sizes: o.Sizes, Radius: o.Radius}
	if _, ok := p.(RadiusProver); ok {
		c.Radius = true
	}
	if m, ok := p.(OtherModel); ok {
		c.Proves = m.ProvenModel()
	}
	if m, ok := p.(Confident); ok {
		c.Confidence = m.Confidence(images.Len())
	}
	for i, label := range images.Labels {
		c.Images = append(c.Images, ImageProof{Index: images.Index[i], Label: label, Broken: attacks.NoDistance})
	}
	return c
}

// begin classifies the images, whatever the budget is, and takes over what is known
// of them.
func (r *run) begin(ctx context.Context) error {
	const rows = 256
	for from := 0; from < r.images.Len(); from += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.classify(from, min(from+rows, r.images.Len())); err != nil {
			return err
		}
	}
	if r.o.Known != nil {
		r.takeOver(r.o.Known)
	}
	return r.journal.check(r)
}

// takeOver begins with what another certificate knows.
func (r *run) takeOver(k *Certificate) {
	r.cert.Provers = slices.Clone(k.Provers)
	r.cert.addEarlier(k)
	r.cert.Sizes, r.cert.Radius = mergeSizes(r.cert.Sizes, k.Sizes), r.cert.Radius || k.Radius
	r.cert.Resumed, r.cert.Refuted, r.cert.Seconds = k.Resumed, k.Refuted, k.Seconds
	for i, was := range k.Images {
		is := &r.cert.Images[i]
		if !is.Correct {
			continue
		}
		if r.cert.Proves != "" && !was.Correct { // which its proofs alone tell
			is.Correct = false
			if r.own[i] {
				r.correct--
			}
		}
		is.Proven, is.Method, is.Attempts = was.Proven, was.Method, slices.Clone(was.Attempts)
		if r.cert.takesExamplesOf(k.Lattice) {
			is.Broken, is.Class = was.Broken, was.Class
		} else {
			is.Attempts = slices.DeleteFunc(is.Attempts, func(a Attempt) bool { return a.Status == Broken })
		}
		for _, a := range is.Attempts {
			if a.Status != Proven {
				r.addFailure(k.Provers[a.By], attempt{i, a.Size})
			}
		}
	}
}

// mergeSizes are the sizes of two lists, ascending.
func mergeSizes(a, b []float32) []float32 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *run) image(i int) []float32 {
	n := r.cert.Pixels
	return r.images.Pixels[i*n : (i+1)*n : (i+1)*n]
}

func (r *run) classify(from, to int) error {
	var rows [][]float32
	for i := from; i < to; i++ {
		rows = append(rows, r.image(i))
	}
	logits, err := r.o.Logits(rows...)
	if err != nil {
		return err
	}
	for k, z := range logits {
		proof := &r.cert.Images[from+k]
		// Which images another model classifies correctly, its proofs tell.
		if proof.Correct = attacks.Correct(z, int(proof.Label)) || r.cert.Proves != ""; proof.Correct && r.own[from+k] {
			r.correct++
		}
	}
	return nil
}

// end is what the end of the context means: that of the budget, or of the run.
func (r *run) end(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && r.o.Time > 0 {
		return errBudget
	}
	return err
}
