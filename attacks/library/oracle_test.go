package library

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// newOracle is an oracle without a model, for functions that ask for nothing.
func newOracle(n attacks.Norm, h, w, c int, eps float32) *attacks.Oracle {
	r := rand.New(rand.NewPCG(3, 4))
	o := &attacks.Oracle{Problem: attacks.Problem{H: h, W: w, C: c, Threat: attacktest.UnitBox(n), Norm: n, Eps: eps, Rand: r, Target: -1, Image: make([]float32, h*w*c)}}
	for i := range o.Image {
		o.Image[i] = .3 + .4*r.Float32()
	}
	return o
}

// funcAttack is an attack written by a test: run gets an oracle of the engine.
type funcAttack struct {
	attacks.Common
	losses []attacks.Loss
	run    func(o *attacks.Oracle)
}

func (s *funcAttack) Losses(attacks.Victim) []attacks.Loss { return s.losses }
func (s *funcAttack) Run(o *attacks.Oracle)                { s.run(o) }

// recorder is a model that counts what an attack asks for.
type recorder struct {
	attacks.Model
	forward  int       // images whose logits were asked for
	verified []float32 // the first image that was verified, as an example
	refused  int       // claims that were no examples
}

func (r *recorder) Logits(images ...[]float32) [][]float32 {
	r.forward += len(images)
	return r.Model.Logits(images...)
}

func (r *recorder) Scores(rounded bool, visit func(i int, logits []float32) bool, images ...[]float32) {
	r.Model.Scores(rounded, func(i int, z []float32) bool {
		r.forward++
		return visit(i, z)
	}, images...)
}

func (r *recorder) Confirm(images ...[]float32) int {
	k := r.Model.Confirm(images...)
	if k < 0 {
		r.refused += len(images)
	} else if r.verified == nil {
		r.verified = slices.Clone(images[k])
	}
	return k
}

// recorderOf is the recorder of an oracle of runOnImages.
func recorderOf(o *attacks.Oracle) *recorder { return o.Model.(*recorder) }

// runOnImages calls do for each image of set that is classified correctly, with a
// radius that holds all of the box.
func runOnImages(t *testing.T, v attacks.Victim, n attacks.Norm, set attacks.Images, needs []attacks.Loss, do func(o *attacks.Oracle)) *attacks.Evaluation {
	t.Helper()
	s := &funcAttack{attacks.Common{EOT: 1}, needs, func(o *attacks.Oracle) {
		o.Model = &recorder{Model: o.Model}
		do(o)
	}}
	eps := map[attacks.Norm]float32{attacks.Linf: 1, attacks.L2: 1e3, attacks.L1: 1e3}[n]
	return attacktest.Evaluate(t, attacktest.NewSession(t, v, attacktest.UnitBox(n), s), set, engine.Options{Attacks: []attacks.Attack{s}, Eps: []float32{eps}, Batch: 64, Exhaustive: true})
}
