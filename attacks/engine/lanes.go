package engine

import (
	"iter"
	"slices"

	"unwarp/attacks"
)

// laneLimit is how many searches of one attack run side by side: their iterates
// have to fit in memory for all workers.
const laneLimit = 16

// Lanes implements [attacks.Model]. The lanes take turns: each runs to its next
// request, and then the requests of all are computed together. So the course of an
// attack depends on nothing but its image.
func (m *imageOracle) Lanes(n, lead int, search func(i int, o *attacks.Oracle) bool) bool {
	for from := 0; from < n; from += laneLimit {
		group := make(lanes, min(laneLimit, n-from))
		for i := range group {
			group[i] = m.newLane(from+i, search)
		}
		if m.runLanes(group, lead) {
			return true
		}
		lead = 0
	}
	return false
}

// lane is one of several searches side by side: a coroutine that stops at each
// request.
type lane struct {
	*imageOracle
	next      func() (struct{}, bool) // goes on to the next request; false: the search has ended
	stop      func()
	waits     bool // for responses
	kind      requestKind
	requests  []attacks.Request
	responses []response
	found     bool
}

type lanes []*lane

// newLane is lane i before its first request. Its random numbers are keyed by i;
// the first has those of a single search.
func (m *imageOracle) newLane(i int, search func(i int, o *attacks.Oracle) bool) *lane {
	l := &lane{imageOracle: new(imageOracle)}
	*l.imageOracle = *m
	l.lane = m.lane*(1<<20) + uint64(i)
	l.losses, l.path, l.beside = nil, path{}, true
	problem := *m.problem
	problem.Rand, problem.Memo = m.stream(l.lane), nil
	o := &attacks.Oracle{Problem: problem, Model: l.imageOracle}
	l.problem = &o.Problem
	l.next, l.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if p := recover(); p != nil && p != any(laneStopped{}) {
				panic(p)
			}
		}()
		l.ask = func(kind requestKind, requests []attacks.Request) []response {
			if len(requests) == 0 {
				return nil
			}
			l.kind, l.requests, l.responses = kind, requests, nil
			if !yield(struct{}{}) {
				panic(laneStopped{})
			}
			return l.responses
		}
		l.found = search(i, o)
	})
	return l
}

// laneStopped unwinds a lane when another one has found what all look for.
type laneStopped struct{}

// runLanes runs a group until all have ended, or one reports success: the first in
// order of those that do so in the same round.
func (m *imageOracle) runLanes(group lanes, lead int) (found bool) {
	defer func() {
		for _, l := range group {
			l.stop()
			m.losses = append(m.losses, l.losses...)
			m.path.join(l.path)
		}
	}()
	first, others := slices.Clone(group[:1]), slices.Clone(group[1:])
	for ; lead > 0 && len(first) > 0; lead-- {
		if first, found = m.round(first); found {
			return true
		}
	}
	for open := slices.Concat(first, others); len(open) > 0; {
		if open, found = m.round(open); found {
			return true
		}
	}
	return false
}

// round lets each lane that waits for nothing go on to its next request, or to its
// end, and has requests computed. It returns the lanes that have not ended.
func (m *imageOracle) round(open lanes) (still lanes, found bool) {
	for _, l := range open {
		if l.waits {
			continue
		}
		if _, l.waits = l.next(); !l.waits && l.found {
			return nil, true
		}
	}
	open = slices.DeleteFunc(open, func(l *lane) bool { return !l.waits })
	for _, kind := range open.due() {
		m.serveLanes(kind, open)
	}
	return open, false
}

// due are the kinds of requests to compute now: all verifications, because a
// success ends the attack, and of the others the one with most requests, so that
// lanes fall into step.
func (open lanes) due() (kinds []requestKind) {
	count := map[requestKind]int{}
	var most requestKind
	for _, l := range open {
		if costOf(l.kind.what, 1).Referee > 0 {
			if !slices.Contains(kinds, l.kind) {
				kinds = append(kinds, l.kind)
			}
		} else if count[l.kind] += len(l.requests); count[l.kind] > count[most] {
			most = l.kind
		}
	}
	if count[most] > 0 {
		kinds = append(kinds, most)
	}
	return kinds
}

// serveLanes has the requests of a kind computed.
func (m *imageOracle) serveLanes(kind requestKind, open lanes) {
	var requests []attacks.Request
	for _, l := range open {
		if l.kind == kind && l.waits {
			requests = append(requests, l.requests...)
		}
	}
	responses := m.ask(kind, requests)
	for _, l := range open {
		if n := len(l.requests); l.kind == kind && l.waits {
			l.responses, responses, l.waits = responses[:n:n], responses[n:], false
		}
	}
}
