package checks

import (
	"slices"

	"unwarp/attacks"
)

// Standing says how far the accuracy under attack at a radius can be trusted.
type Standing string

const (
	// NotAttacked: no image was classified correctly, or no attack was run.
	NotAttacked Standing = "not attacked"
	// Refuted: a failed check says that examples which were counted may be none.
	// The figure may be too low or wrong.
	Refuted Standing = "refuted"
	// Broken: no image is left, each has a verified example. Weak attacks cannot
	// have made this too high: failed checks of their strength change nothing.
	Broken Standing = "broken"
	// Doubted: a failed check says that the attacks are weak. The figure is an
	// upper bound and may be too high, by all that is left.
	Doubted Standing = "doubted"
	// Unchecked: no check was made. The figure is an upper bound.
	Unchecked Standing = "unchecked"
	// Unrefuted: no check that bears on the figure failed. It is an upper bound.
	Unrefuted Standing = "unrefuted"
)

// Assessment is what the checks of an evaluation mean for its figures.
type Assessment struct {
	Passed, Warned, Failed, Skipped []string // ids of the checks
	Weakness                        []string // of those that failed: the figures may be too high
	Faults                          []string // of those that failed: the figures may be too low or wrong
	Aside                           []string // of those that failed: they do not touch the figures
	Radii                           []RadiusAssessment
}

// RadiusAssessment is what the checks mean for the accuracy under attack at one
// radius.
type RadiusAssessment struct {
	Eps      float32
	Left     int // images classified correctly under every attack: at most so many, unless Refuted
	Found    int // images with a verified example within Eps
	Standing Standing
	MayClaim bool // a report may use the word robust of this figure
}

// Made is how many checks were made.
func (a Assessment) Made() int { return len(a.Passed) + len(a.Warned) + len(a.Failed) }

// At is the assessment at radius eps; false where the evaluation has none.
func (a Assessment) At(eps float32) (RadiusAssessment, bool) {
	i := slices.IndexFunc(a.Radii, func(r RadiusAssessment) bool { return r.Eps == eps })
	if i < 0 {
		return RadiusAssessment{}, false
	}
	return a.Radii[i], true
}

// MayClaim tells whether a report may use the word robust of each radius.
func (a Assessment) MayClaim() bool {
	return len(a.Radii) > 0 && !slices.ContainsFunc(a.Radii, func(r RadiusAssessment) bool { return !r.MayClaim })
}

// Assess says what the results of checks mean for the figures of an evaluation.
func Assess(results []Result, ev *attacks.Evaluation) Assessment {
	var a Assessment
	for _, r := range results {
		switch r.Status {
		case Pass:
			a.Passed = append(a.Passed, r.ID)
		case Warn:
			a.Warned = append(a.Warned, r.ID)
		case Skip:
			a.Skipped = append(a.Skipped, r.ID)
		case Fail:
			a.addFailed(r.ID)
		}
	}
	claim := slices.Contains(a.Passed, "C35") && len(a.Weakness)+len(a.Faults) == 0
	for _, eps := range ev.Radii {
		r := RadiusAssessment{Eps: eps, Left: ev.RobustCount(eps)}
		r.Found = ev.CleanCorrect - r.Left
		r.Standing = a.standing(r, ev)
		r.MayClaim = claim && r.Standing == Unrefuted && eps >= leastRadius
		a.Radii = append(a.Radii, r)
	}
	return a
}

// addFailed files a failed check by its bearing.
func (a *Assessment) addFailed(id string) {
	a.Failed = append(a.Failed, id)
	b := BearingOf(id)
	if b&TooHigh != 0 {
		a.Weakness = append(a.Weakness, id)
	}
	if b&Unreliable != 0 {
		a.Faults = append(a.Faults, id)
	}
	if b == NoBearing {
		a.Aside = append(a.Aside, id)
	}
}

// standing of the figure at one radius.
func (a *Assessment) standing(r RadiusAssessment, ev *attacks.Evaluation) Standing {
	switch {
	case ev.CleanCorrect == 0 || len(ev.AttacksRun()) == 0:
		return NotAttacked
	case len(a.Faults) > 0:
		return Refuted
	case r.Left == 0:
		return Broken
	case len(a.Weakness) > 0:
		return Doubted
	case a.Made() == 0:
		return Unchecked
	}
	return Unrefuted
}
