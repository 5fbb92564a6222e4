package cells

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// prover is a [certify.Prover] of one threat. Its sizes are those of the threat
// ([geometry.Threat.At]).
type prover struct {
	threat   geometry.Threat
	method   *Method
	victim   attacks.Victim
	verifier *bounds.Verifier // nil where no bounds are needed
	classes  interface {
		Misclassified(net *graphs.Net, images []float32, labels []int32) ([]bool, error)
	}
	slope *certify.Slope // of a field; nil: of a threat with parameters
	// moved bounds moves with a remainder, of a smooth field.
	moved *bounds.Verifier
	net   *graphs.Net
}

// declare writes the bounds of a victim into the graph of b.
func declare(b *graphs.Builder, v attacks.Victim, t geometry.Threat, m *Method) (*prover, error) {
	if v.H < 2 || v.W < 2 {
		return nil, fmt.Errorf("threat %s: want images of at least 2x2 pixels, got %dx%d", t, v.H, v.W)
	}
	p := &prover{threat: t, method: m, victim: v}
	bound := func(name string, parameters int, by bounds.Method) (*bounds.Verifier, error) {
		return bounds.NewVerifier(b, name, []int64{int64(v.H), int64(v.W), int64(v.C)}, v.Logits, bounds.Settings{
			Norm: bounds.Boxes, Parameters: parameters, Method: by, Images: m.Batch, Time: m.time(),
		}, v.Pass...)
	}
	var err error
	if t.Whole {
		p.classes, err = newClassifier(b, v)
		return p, err
	}
	if p.verifier, err = bound("cells", len(t.Parameters()), m.bounds(t)); err != nil {
		return p, err
	}
	if p.classes = p.verifier; !t.IsField() {
		return p, nil
	}
	if t.Smooth > 0 && newRemainder(t, v.H, v.W).decides() {
		if p.moved, err = bound("moved", 2, bounds.CROWNIBP); err != nil {
			return p, err
		}
	}
	p.slope, err = certify.NewSlope(b, v, "cells")
	return p, err
}

// Name implements [certify.Prover].
func (p *prover) Name() string {
	if p.threat.Whole {
		return "exhaustive"
	}
	return p.method.name()
}

// SizeOf implements [certify.Judge]: an example is the transform of the image by
// its parameters, of a field [H,W,2], to the bit.
func (p *prover) SizeOf(image, example []float32, parameters []float64) (size float64, ok bool) {
	v := p.victim
	again := make([]float32, len(image))
	if p.threat.IsField() {
		field := make([]float32, len(parameters))
		for i, d := range parameters {
			field[i] = float32(d)
		}
		if size = geometry.MeasureField(field); size > 0 {
			at, err := p.threat.At(size)
			if err != nil || !at.ContainsField(field, v.H, v.W) {
				return 0, false
			}
		}
		p.threat.ApplyField(again, image, field, v.H, v.W, v.C)
		return size, slices.Equal(again, example)
	}
	if len(parameters) != len(p.threat.Parameters()) {
		return 0, false
	}
	p.threat.Apply(again, image, parameters, v.H, v.W, v.C)
	return p.threat.Measure(parameters), slices.Equal(again, example)
}

// Prove implements [certify.Prover]. Images are proven one after the other, so
// that results do not depend on which come together.
func (p *prover) Prove(ctx context.Context, images attacks.Images, size float64) ([]certify.Result, error) {
	if err := images.Check(p.victim); err != nil {
		return nil, err
	}
	threat, err := p.threat.At(size)
	if err != nil {
		return nil, err
	}
	var out []certify.Result
	n := p.victim.Size()
	for i, label := range images.Labels {
		began := time.Now()
		s := &subject{prover: p, ctx: ctx, at: threat, image: images.Pixels[i*n : (i+1)*n], label: label, until: began.Add(p.method.time())}
		if err := s.prove(); err != nil {
			return nil, err
		}
		s.result.Seconds = time.Since(began).Seconds()
		out = append(out, s.result)
	}
	return out, nil
}

// subject is one image that is being proven.
type subject struct {
	*prover
	ctx    context.Context
	at     geometry.Threat // the threat at the size asked for
	stray  *remainder      // of the positions; nil: none
	image  []float32
	label  int32
	until  time.Time
	result certify.Result
}

// prove finds the result of the image.
func (s *subject) prove() error {
	s.result = certify.Result{Status: certify.Open, Method: string(s.method.bounds(s.at))}
	wrong, err := s.classes.Misclassified(s.net, s.image, []int32{s.label})
	switch {
	case err != nil:
		return err
	case wrong[0]:
		s.result.Status = certify.Misclassified
		return nil
	case s.at.IsField():
		return s.proveField()
	case s.at.Whole || len(s.at.Parameters()) == 0:
		return s.proveAll(s.at.Moves())
	}
	return s.proveCells()
}

// overflowed is the note on such a bound.
const overflowed = "a bound overflowed, and counts as none"

// over tells whether the budget of the image is spent.
func (s *subject) over() bool {
	return s.result.Domains >= s.method.Cells || !time.Now().Before(s.until)
}

// each calls do for 0 to n-1, on all processors.
func each(n int, do func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}
