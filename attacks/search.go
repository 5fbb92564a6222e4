package attacks

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
)

// search is one attack on one image over its radii.
type search struct {
	attack     Attack
	about      Entry
	c          *Case
	radii      []float32 // all of the series, ascending
	open       int       // how many of them are still to be broken, from the smallest
	exhaustive bool
	tried      []byte
}

// search prepares the case of a lane.
func (r *schedule) search(l *lane) *search {
	k := r.o.Attacks[l.attack]
	common, v := k.common(), r.stages[0].Arena.Victim
	s := &search{attack: k, about: About(k), radii: r.ev.Series[l.attack].Radii, exhaustive: r.o.Exhaustive}
	s.open = len(s.radii)
	if !s.exhaustive {
		for s.open > 0 && r.ev.within(l.bound, s.radii[s.open-1]) {
			s.open--
		}
	}
	s.tried = []byte(strings.Repeat(".", len(s.radii)))
	s.c = &Case{
		Image: r.pixels(l.image, r.ev.Pixels), Label: int(r.set.Labels[l.image]), Index: r.set.Index[l.image],
		H: v.H, W: v.W, C: v.C, Classes: v.Classes,
		Threat: r.stages[0].Arena.Threat, Norm: r.ev.Series[l.attack].Norm,
		Clean: slices.Clone(r.logits[l.image]), Bound: math.Inf(1),
		further: r.o.Exhaustive, lane: l, stage: r.source(l.attack), eot: max(1, common.EOT), limit: common.Budget,
		Known: v.CodeNames, example: r.example,
		keep: l.image < r.o.Keep, record: l.image < r.o.Traces,
	}
	return s
}

// example draws an image of class that is classified right.
func (r *schedule) example(class int, g *rand.Rand) []float32 {
	if class < 0 || class >= len(r.right) || len(r.right[class]) == 0 {
		return nil
	}
	return r.pixels(r.right[class][g.IntN(len(r.right[class]))], r.ev.Pixels)
}

// Sourced is an attack that follows the gradient of another model, by its name
// in [Options.Sources].
type Sourced interface{ Source() string }

// source is the stage that answers attack a's gradients.
func (r *schedule) source(a int) int {
	if stage, ok := r.prepared[a]; ok {
		return stage
	}
	if k, ok := r.o.Attacks[a].(Sourced); ok {
		return r.sources[k.Source()]
	}
	return 1
}

// run makes the attempt and posts its result.
func (l *lane) run(s *search) {
	defer func() {
		switch p := recover().(type) {
		case nil, abandoned:
		default:
			l.err = fmt.Errorf("the attack failed: %v\n%s", p, debug.Stack())
		}
		l.ended = true
		select {
		case l.posted <- struct{}{}:
		case <-l.quit:
		}
	}()
	l.result = s.attempt()
}

// attempt runs the attack over the open radii as its schedule says.
func (s *search) attempt() Attempt {
	c := s.c
	var reached bool
	c.Target, reached = aim(s.attack.common().Target, c.Label, c.Clean, s.random(0))
	if s.open == 0 || !reached {
		return Attempt{Done: true, Skipped: true, Distance: none, Reach: none, Tried: string(s.tried)}
	}
	switch s.about.Schedule {
	case Whole:
		c.Radii = s.radii[:s.open]
		s.try(s.open-1, float32(math.Inf(1)))
		clear(s.tried)
		s.tried = nil
	case Ascending:
		for k := range s.open {
			if s.try(k, s.radii[k]) && !s.exhaustive {
				break
			}
		}
	default:
		if s.exhaustive {
			for k := range s.open {
				s.try(k, s.radii[k])
			}
		} else {
			s.bisect()
		}
	}
	at := Attempt{Done: true, Distance: none, Reach: none, Invalid: c.invalid, Cost: c.Spent, Tried: string(s.tried), Trace: c.trace, Last: c.last}
	if f := c.found; f != nil {
		at.Distance, at.Reach, at.Class, at.Queries, at.Image = Far(f.distance), Far(f.reach), f.class, f.queries, f.image
	}
	return at
}

// bisect looks for the smallest radius at which the attack succeeds, taking a
// failure for one at all smaller radii; the largest comes first.
func (s *search) bisect() {
	fails, breaks := -1, s.open
	for k := s.open - 1; breaks-fails > 1; k = (fails + breaks) / 2 {
		if !s.try(k, s.radii[k]) {
			fails = k
			continue
		}
		// The example may be smaller than it had to be.
		for breaks = k; breaks > fails+1 && s.c.found.reach <= float64(s.radii[breaks-1]); {
			breaks--
		}
	}
}

// try runs the attack once at radius k.
func (s *search) try(k int, eps float32) (success bool) {
	c := s.c
	c.Eps, c.hit, c.trace = eps, false, nil
	c.Rand = s.random(0)
	if s.about.Schedule == PerRadius {
		c.Rand = s.random(math.Float32bits(eps))
	}
	c.start = c.Spent
	s.tried[k] = '0'
	defer func() {
		switch p := recover().(type) {
		case nil, overBudget:
		default:
			panic(p)
		}
		if c.hit {
			s.tried[k] = '1'
		}
		success = c.hit
	}()
	s.attack.Attack(c)
	return c.hit
}

// random is the generator of one search: the same whatever the batch, the
// order, and the other attacks are; that of ascending attacks is the same at
// every radius too.
func (s *search) random(radius uint32) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(s.about.Name))
	return rand.New(rand.NewPCG(s.attack.common().Seed^h.Sum64(), uint64(s.c.Index)<<32|uint64(radius)))
}
