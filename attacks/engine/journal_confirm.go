package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unwarp/attacks"
	"unwarp/attacks/journal"
)

// confirmJournal goes through what the journal knows before it is used. A result
// that this evaluation cannot have had is damage. An example that is stored is
// verified again; one that does not hold is forgotten, and the attempt made anew.
// All others are marked as taken over.
func (r *scheduler) confirmJournal(ctx context.Context) error {
	if r.journal == nil {
		return nil
	}
	var stored [][2]int
	for _, at := range r.journal.sorted() {
		e := r.journal.known[at]
		if err := r.checkEntry(at, e.result); err != nil {
			return fmt.Errorf("attacks: journal %s: line %d: %w: %s", r.journal.Path(), e.line, err, journal.BeginAgain)
		}
		e.result.Resumed = !r.journal.merged
		r.journal.known[at] = e
		if e.result.Image != nil {
			stored = append(stored, at)
		}
	}
	slices.SortFunc(stored, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	for batch := range slices.Chunk(stored, r.o.Batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.confirmStored(batch); err != nil {
			return err
		}
	}
	return nil
}

// confirmStored verifies the stored examples of a batch.
func (r *scheduler) confirmStored(batch [][2]int) error {
	requests := make([]attacks.Request, len(batch))
	for k, at := range batch {
		requests[k].Image = r.journal.known[at].result.Image
	}
	responses, err := r.runners[referenceSession].run(verifiedLogits, requests)
	if err != nil {
		return err
	}
	if !r.journal.merged { // what a merged evaluation cost is what its shards did
		r.ev.Cost.Referee += len(batch)
	}
	for k, at := range batch {
		e := r.journal.known[at]
		if !r.holds(at, e.result, responses[k].logits) {
			r.ev.Refuted++
			if err := r.journal.forget(at); err != nil {
				return err
			}
			continue
		}
		e.result.Resumed = false
		r.journal.known[at] = e
	}
	return nil
}

// holds tells whether the stored example of a result is what the result says.
func (r *scheduler) holds(at [2]int, result attacks.ImageResult, logits []float32) bool {
	s := r.newSearch(&worker{attack: at[0], image: at[1]})
	var reachable bool
	s.o.Target, reachable = s.attack.Settings().ChooseTarget(s.o.Label, s.o.Clean, s.random(0, 0))
	p := &s.o.Problem
	if p.Threat.IsGeometric() {
		return reachable && allFinite(logits) && p.Success(logits) && holdsTransform(p, result)
	}
	if !reachable || !isLegal(result.Image, p.Image, p.Threat, float32(math.Inf(1))) || !allFinite(logits) || !p.Success(logits) {
		return false
	}
	own, threat := distance(p.Norm, result.Image, p.Image), distance(p.Threat.Norm, result.Image, p.Image)
	return own == float64(result.Distance) && (p.Norm != p.Threat.Norm && float64(result.ThreatDistance) <= threat || threat == float64(result.ThreatDistance))
}

// checkEntry refuses a result that cannot be one of this evaluation.
func (r *scheduler) checkEntry(at [2]int, result attacks.ImageResult) error {
	if at[0] < 0 || at[0] >= len(r.ev.Attacks) || at[1] < 0 || at[1] >= r.ev.Images {
		return fmt.Errorf("want attack 0..%d on image 0..%d, got %d on %d", len(r.ev.Attacks)-1, r.ev.Images-1, at[0], at[1])
	}
	classes := r.sessions[referenceSession].Graph.Victim.Classes
	found := !math.IsInf(float64(result.Distance), 1)
	switch {
	case !r.isOwn(at[1]):
		return fmt.Errorf("want an image of shard %s, got image %d", r.o.Shard, at[1])
	case !r.ev.Correct(at[1]):
		return fmt.Errorf("want an image that is classified correctly without attack, got image %d", at[1])
	case !result.Done:
		return fmt.Errorf("want a result that is done")
	case !(result.Distance >= 0) || !(result.ThreatDistance >= 0) || found != !math.IsInf(float64(result.ThreatDistance), 1):
		return fmt.Errorf("want two distances of 0 or more, or none, got %g and %g", result.Distance, result.ThreatDistance)
	case result.Class < 0 || result.Class >= classes || found && result.Class == int(r.images.Labels[at[1]]):
		return fmt.Errorf("want a class of 0..%d that is not the label, got %d", classes-1, result.Class)
	case result.OffLattice != nil && (!(*result.OffLattice >= 0) || r.ev.Lattice == 0):
		return fmt.Errorf("want no distance of an example that rounding has lost, got %g", *result.OffLattice)
	case result.Skipped && (found || result.Image != nil):
		return fmt.Errorf("want no example where there was nothing to find")
	}
	return firstOf(r.checkCounts(at, result, found), r.checkTransform(at, result, found))
}

// firstOf is the first error that is not nil.
func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkTransform is checkEntry of what a geometric threat's example is made by.
func (r *scheduler) checkTransform(at [2]int, result attacks.ImageResult, found bool) error {
	v, g := r.sessions[referenceSession].Graph.Victim, r.ev.Threat
	parameters, field := 0, 0
	if found && r.sessions[referenceSession].Graph.Threat.IsGeometric() {
		parameters = len(g.Parameters())
		if g.IsField() && at[1] < r.o.Keep {
			field = 2 * v.H * v.W
		}
	}
	if len(result.Parameters) != parameters || len(result.Field) != field {
		return fmt.Errorf("want an example made by %d parameters and a field of %d values, got %d and %d", parameters, field, len(result.Parameters), len(result.Field))
	}
	return nil
}

// isOwn tells whether image i is one of the shard's.
func (r *scheduler) isOwn(i int) bool {
	_, found := slices.BinarySearch(r.own, i)
	return found
}

// checkCounts is checkEntry of counts and lists.
func (r *scheduler) checkCounts(at [2]int, result attacks.ImageResult, found bool) error {
	radii := len(r.ev.Attacks[at[0]].Radii)
	switch c := result.Cost; {
	case min(c.Forward, c.Backward, c.Referee, result.Queries, result.Invalid) < 0 || result.Queries > c.Forward:
		return fmt.Errorf("want counts of 0 or more, and at most %d queries, got %d, %d, %d, %d and %d", c.Forward, c.Forward, c.Backward, c.Referee, result.Queries, result.Invalid)
	case len(result.Tried) != 0 && len(result.Tried) != radii || strings.Trim(result.Tried, "01.") != "":
		return fmt.Errorf("want a mark 0, 1 or . for each of %d radii, got %.40q", radii, result.Tried)
	case !found && strings.Contains(result.Tried, "1"):
		return fmt.Errorf("want an example where a radius is marked as a success, got %.40q without one", result.Tried)
	case len(result.LossCurve) > 0 && at[1] >= r.o.LossCurves:
		return fmt.Errorf("want losses of the first %d images, got some of image %d", r.o.LossCurves, at[1])
	case result.Image != nil && (!found || at[1] >= r.o.Keep || len(result.Image) != r.ev.Pixels):
		return fmt.Errorf("want an example of %d values, for one of the first %d images, got %d of image %d", r.ev.Pixels, r.o.Keep, len(result.Image), at[1])
	}
	return nil
}
