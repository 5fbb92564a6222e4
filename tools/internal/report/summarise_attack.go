package report

import (
	"math"
	"slices"

	"unwarp/attacks"
)

// successes are, for each image and one radius, the first attack under which it
// is misclassified, -1 for none, and the number of such attacks.
type successes struct{ first, count []int }

func countSuccesses(e *attacks.Evaluation) map[float32]successes {
	t := map[float32]successes{}
	for _, eps := range e.Radii {
		b := successes{make([]int, e.Images), make([]int, e.Images)}
		for i := range e.Images {
			b.first[i] = -1
			for s := range e.Attacks {
				if e.Correct(i) && e.Misclassified(s, i, eps) {
					if b.count[i]++; b.first[i] < 0 {
						b.first[i] = s
					}
				}
			}
		}
		t[eps] = b
	}
	return t
}

func summariseAttack(e *attacks.Evaluation, s int, t map[float32]successes) AttackSummary {
	series := &e.Attacks[s]
	runs := e.Runs(s)
	a := AttackSummary{
		Attack: series.Attack, Name: series.Name, Paper: series.Paper, Family: series.Family, Norm: series.Norm,
		MinimumNorm: series.Search == attacks.MinimumNorm, NoRadius: !hasRadius(*series), Losses: series.Losses, Params: series.Params, Radii: series.Radii,
		Of: runs.Of - runs.NotNeeded, NotNeeded: runs.NotNeeded, Attempted: runs.Made + runs.CutShort, Median: attacks.NoDistance,
	}
	if !a.wasRun() {
		return a
	}
	found := 0
	for i, at := range series.Results {
		if !wasRun(at) || !e.Correct(i) {
			continue
		}
		a.Invalid += at.Invalid
		a.Cost.Forward += at.Forward
		a.Cost.Backward += at.Backward
		a.Cost.Referee += at.Referee
		if !math.IsInf(float64(validDistance(at.Distance)), 1) {
			found++
		}
	}
	share := NewRate(found, a.Attempted)
	a.Found, a.Median = &share, medianDistance(e, s)
	a.Loss, a.Traced = averageLosses(series.Results)
	if series.Family == attacks.Score || series.Family == attacks.Decision {
		a.Queries = countQueries(series.Results)
	}
	if a.NoRadius {
		a.Accuracy = accuracyWithoutRadius(e, a.Attempted, found)
		return a
	}
	for k, eps := range series.Radii {
		a.Points = append(a.Points, newAttackPoint(e, s, k, eps, t[eps]))
	}
	return a
}

func newAttackPoint(e *attacks.Evaluation, s, k int, eps float32, b successes) AttackPoint {
	var p AttackPoint
	own, among, only := 0, 0, 0 // misclassified under s; under s or any before it; under s alone
	for i, first := range b.first {
		if first >= 0 && first <= s {
			among++
		}
		if first == s {
			p.NewlyMisclassified++
		}
		if e.Correct(i) && e.Misclassified(s, i, eps) {
			own++
			if b.count[i] == 1 {
				only++
			}
		}
	}
	misclassified, counted := among, attacksUpTo(e, s)
	if e.Exhaustive {
		misclassified, p.OnlyThis, counted = own, &only, []int{s}
	}
	p.Point = newPoint(eps, e.CleanCorrect-misclassified, e.OpenCount(eps, counted...), e.CleanCorrect, e.Images)
	p.Succeeded, p.Tried = e.SingleRuns(s, k)
	p.Steps, p.Alpha = stepsAt(e.Attacks[s], eps)
	p.WeakerThan = findStrongerBaseline(e, s, eps)
	return p
}

// attacksUpTo are the places of the attacks that were run, up to that of s.
func attacksUpTo(e *attacks.Evaluation, s int) []int {
	return slices.DeleteFunc(e.AttacksRun(), func(a int) bool { return a > s })
}

// stepsAt returns the number and the size of an attack's steps at a radius, 0 where
// the attack does not say.
func stepsAt(r attacks.AttackResult, eps float32) (int, float32) {
	a, err := attacks.Parse(r.Attack)
	stepper, ok := a.(attacks.Stepper)
	if err != nil || !ok {
		return 0, 0
	}
	p := stepper.Plan(eps, r.Norm)
	return p.Steps, p.Size
}

// findStrongerBaseline names a baseline that succeeds on more images at eps than
// attack s, which follows a gradient: then that gradient does not follow the
// classifier. Only images that s has seen count. Where the evaluation is not
// exhaustive, s has not seen the images of baselines before it, so only those
// after it are compared; their successes are a lower bound.
func findStrongerBaseline(e *attacks.Evaluation, s int, eps float32) string {
	if len(e.Attacks[s].Losses) == 0 || e.Attacks[s].Family != attacks.WhiteBox && e.Attacks[s].Family != attacks.Adaptive {
		return ""
	}
	for b := range e.Attacks {
		if e.Attacks[b].Family != attacks.Baseline || !e.Exhaustive && b < s {
			continue
		}
		own, noise := 0, 0
		for i, at := range e.Attacks[s].Results {
			if !wasRun(at) || !e.Correct(i) {
				continue
			}
			if e.Misclassified(s, i, eps) {
				own++
			}
			if e.Misclassified(b, i, eps) {
				noise++
			}
		}
		if noise > own {
			return baselineName(e.Attacks[b].Name)
		}
	}
	return ""
}

// baselineName names a baseline for people.
func baselineName(name string) string {
	if name == "random" {
		return "random signs"
	}
	return name + " noise"
}

// medianDistance returns the median over the images that an attack was run on.
func medianDistance(e *attacks.Evaluation, s int) attacks.Distance {
	var all []float64
	for i, a := range e.Attacks[s].Results {
		if wasRun(a) && e.Correct(i) {
			all = append(all, float64(validDistance(a.Distance)))
		}
	}
	if len(all) == 0 {
		return attacks.Distance(math.Inf(1))
	}
	slices.Sort(all)
	return attacks.Distance(all[(len(all)-1)/2])
}
