package engine

import (
	"errors"
	"fmt"
	"time"

	"unwarp/attacks"
)

// errBudget says that the budget of the evaluation does not suffice for what
// was asked.
var errBudget = errors.New("the budget of the evaluation is used up")

// budget is what an evaluation may spend. Passes are counted when they are
// computed, those of attempts that a journal holds when they are read.
// Verification of claims is free, so that an example that an attack has found
// counts; not so that of an attack which asks for nothing else, such as random.
type budget struct {
	passes int           // forward and backward, 0 for no limit
	time   time.Duration // 0 for no limit
	began  time.Time

	spent    int // passes
	training int // of them, to train models of attacks
	ended    bool
}

// allows tells whether one request of a kind may still be computed.
func (b *budget) allows(what computation) bool {
	cost := priceOf(what, 1)
	if cost == 0 {
		return true
	}
	if b.ended {
		return false
	}
	return b.affordable(what, 1) == 1 && (b.time == 0 || time.Since(b.began) < b.time)
}

// affordable is how many requests of a kind, at most n, the passes that are
// left suffice for.
func (b *budget) affordable(what computation, n int) int {
	cost := priceOf(what, 1)
	if b.passes == 0 || cost == 0 {
		return n
	}
	return max(0, min(n, (b.passes-b.spent)/cost))
}

func (b *budget) spend(passes int) { b.spent += passes }

// plannedPasses are those of attack a at its largest radius, if it says which
// steps it takes; 0 otherwise.
func (e *Engine) plannedPasses(a int) int {
	s, ok := e.o.Attacks[a].(attacks.Stepper)
	if !ok {
		return 0
	}
	radii := e.radii(e.o.Attacks[a])
	plan := s.Plan(radii[len(radii)-1], e.sessions[referenceSession].Graph.Threat.Norm)
	const perStep = 2 // a forward and a backward pass
	return perStep * plan.Steps * plan.Restarts * max(1, e.o.Attacks[a].Settings().EOT)
}

// passesOf are the forward and backward passes.
func passesOf(c attacks.Cost) int { return c.Forward + c.Backward }

// priceOf is what a budget counts for n requests of a kind.
func priceOf(what computation, n int) int {
	if what == claimedLogits {
		return n
	}
	return passesOf(costOf(what, n))
}

// priceOfResult is what a budget counts for an attempt that a journal holds.
func priceOfResult(c attacks.Cost) int {
	if c.Forward == 0 {
		return c.Referee
	}
	return passesOf(c)
}

// reason says why an evaluation ended early, "" if it did not.
func (b *budget) reason() string {
	if !b.ended {
		return ""
	}
	training := ""
	if b.training > 0 {
		training = fmt.Sprintf(", %d of them to train models of attacks", b.training)
	}
	if b.time > 0 && time.Since(b.began) >= b.time {
		return fmt.Sprintf("the budget of %s is used up (%d passes%s)", b.time.Round(time.Millisecond), b.spent, training)
	}
	return fmt.Sprintf("the budget of %d passes is used up (%d spent%s)", b.passes, b.spent, training)
}
