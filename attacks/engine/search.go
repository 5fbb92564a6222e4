package engine

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unwarp/attacks"
)

// search is one attack on one image over its radii.
type search struct {
	attack     attacks.Attack
	entry      attacks.Entry
	o          *attacks.Oracle
	image      *imageOracle // o's model
	radii      []float32    // all of the attack, ascending
	proven     int          // how many of them, from the smallest, proofs decide
	open       int          // where those end that are still to be searched
	exhaustive bool
	tried      []byte
}

// newSearch prepares the search of a worker.
func (r *scheduler) newSearch(w *worker) *search {
	a := r.o.Attacks[w.attack]
	common, v, result := a.Settings(), r.sessions[referenceSession].Graph.Victim, r.ev.Attacks[w.attack]
	s := &search{attack: a, entry: attacks.About(a), radii: result.Radii, proven: r.provenRadii(w.attack, w.image), open: len(result.Radii), exhaustive: r.o.Exhaustive}
	if !s.exhaustive {
		for s.open > s.proven && r.ev.Within(w.bound, s.radii[s.open-1]) {
			s.open--
		}
	}
	s.tried = []byte(strings.Repeat(".", len(s.radii)))
	s.o = &attacks.Oracle{Problem: attacks.Problem{
		Image: r.image(w.image), Label: int(r.images.Labels[w.image]), Index: r.images.Index[w.image],
		H: v.H, W: v.W, C: v.C, Classes: v.Classes,
		Threat: r.sessions[referenceSession].Graph.Threat, Norm: result.Norm,
		Clean: slices.Clone(r.logits[w.image]), Ties: r.ties, Exhaustive: r.o.Exhaustive,
	}}
	gradients := r.runners[r.gradientSessionOf(w.attack)].Graph
	s.image = &imageOracle{
		findings: &findings{}, problem: &s.o.Problem, worker: w, rounded: r.hasRounded(), session: r.gradientSessionOf(w.attack), eot: max(1, common.EOT), budget: common.Budget,
		temperature: r.temperatureOf(w), followed: func(l attacks.Loss) computation { return gradients.gradientOf(l, common.Gradient) },
		examples: r.example, keepImages: w.image < r.o.Keep, keepLosses: w.image < r.o.LossCurves,
	}
	s.image.ask = s.image.request
	s.o.Model = s.image
	return s
}

// hasRounded tells whether gradients are computed in another precision than logits.
func (r *scheduler) hasRounded() bool {
	reference, gradient := r.sessions[referenceSession].Net, r.sessions[gradientSession].Net
	return reference.Precision != gradient.Precision
}

// temperatureOf is the temperature of the cross-entropy of a worker's image; that
// of another model has its own logits.
func (r *scheduler) temperatureOf(w *worker) float32 {
	if r.gradientSessionOf(w.attack) != gradientSession {
		return 1
	}
	return attacks.Temperature(r.logits[w.image])
}

// example draws an image of class that is classified correctly.
func (r *scheduler) example(class int, g *rand.Rand) []float32 {
	if class < 0 || class >= len(r.correct) || len(r.correct[class]) == 0 {
		return nil
	}
	return r.image(r.correct[class][g.IntN(len(r.correct[class]))])
}

// gradientSessionOf is the session that computes the gradients of attack a.
func (r *scheduler) gradientSessionOf(a int) int {
	if session, ok := r.prepared[a]; ok {
		return session
	}
	if t, ok := r.o.Attacks[a].(attacks.Transferrer); ok {
		return r.sources[t.SourceName()]
	}
	return gradientSession
}

// run runs the attack over the open radii as its catalogue entry says, until the
// evaluation's budget ends.
func (s *search) run() (result attacks.ImageResult) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case budgetEnded:
			result = s.image.result(s.tried)
			result.Done, result.CutShort = false, true
		default:
			panic(p)
		}
	}()
	var reachable bool
	s.o.Target, reachable = s.attack.Settings().ChooseTarget(s.o.Label, s.o.Clean, s.random(0, 0))
	if s.open == s.proven || !reachable {
		return attacks.ImageResult{Done: true, Skipped: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance, Tried: string(s.tried)}
	}
	switch {
	case s.entry.Search == attacks.MinimumNorm:
		s.o.Radii = s.radii[s.proven:s.open]
		s.try(s.open-1, float32(math.Inf(1)))
	case s.entry.Search == attacks.Ascending || s.exhaustive:
		for k := s.proven; k < s.open; k++ {
			if s.try(k, s.radii[k]) && !s.exhaustive {
				break
			}
		}
	default:
		s.bisect()
	}
	return s.image.result(s.tried)
}

// bisect looks for the smallest radius at which the attack succeeds, taking a
// failure for one at all smaller radii; the largest comes first.
func (s *search) bisect() {
	fails, succeeds := s.proven-1, s.open
	for k := s.open - 1; succeeds-fails > 1; k = (fails + succeeds) / 2 {
		if !s.try(k, s.radii[k]) {
			fails = k
			continue
		}
		// The example may be smaller than it had to be.
		for succeeds = k; succeeds > fails+1 && s.image.best.threatDistance <= float64(s.radii[succeeds-1]); {
			succeeds--
		}
	}
}

// try runs the attack once at radius k.
func (s *search) try(k int, eps float32) (success bool) {
	m := s.image
	s.o.Eps, m.verified, m.losses, m.path = eps, false, nil, path{}
	m.stream = func(lane uint64) *rand.Rand { return s.random(0, lane) }
	if s.entry.Search == attacks.Bisection {
		m.stream = func(lane uint64) *rand.Rand { return s.random(math.Float32bits(eps), lane) }
	}
	s.o.Rand = m.stream(0)
	m.costBefore = m.cost
	defer func() {
		p := recover()
		s.mark(k, p == any(budgetEnded{}))
		m.addEffort()
		if p != nil && p != any(overBudget{}) {
			panic(p)
		}
		success = m.verified
	}()
	s.attack.Run(s.o)
	return m.verified
}

// mark records what running the attack at radius k gave. One that the
// evaluation's budget has cut short has not failed.
func (s *search) mark(k int, cutShort bool) {
	switch {
	case s.entry.Search == attacks.MinimumNorm:
		s.tried = nil
	case s.image.verified:
		s.tried[k] = '1'
	case !cutShort:
		s.tried[k] = '0'
	}
}

// random is the generator of one search, or of one of its lanes: the same whatever
// the batch, the order, and the other attacks are; that of ascending attacks is the
// same at every radius too.
func (s *search) random(radius uint32, lane uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(s.entry.Name))
	if lane > 0 {
		h.Write(binary.LittleEndian.AppendUint64(nil, lane))
	}
	return rand.New(rand.NewPCG(s.attack.Settings().Seed^h.Sum64(), uint64(s.o.Index)<<32|uint64(radius)))
}
