package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Level says how far the results can be trusted.
type Level string

// Levels, best first.
const (
	Sound     Level = "sound"     // no check found a fault
	Doubtful  Level = "doubtful"  // a check warns, or none was run
	Unsound   Level = "unsound"   // a check failed
	Worthless Level = "worthless" // no attack was run, or the model has learned nothing
)

// Verdict is the result of an evaluation in a few sentences.
type Verdict struct {
	Level     Level
	Trust     string   // whether the results can be trusted
	Eps       float32  // the radius of the sentences
	Robust    Rate     // classified correctly at that radius
	Sentences []string // at most three
	Notes     []string // facts without which the results would be misread
}

// mayClaimRobustness tells whether a report on these evaluations may use the word
// "robust": only if each of them may.
func mayClaimRobustness(all ...SummaryData) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(f SummaryData) bool { return !checks.MayClaim(f.Checks) })
}

// newVerdict returns the verdict on f; claim tells whether it may use the word
// "robust".
func newVerdict(f SummaryData, claim bool) Verdict {
	v := Verdict{}
	v.Level, v.Trust = rateTrust(f)
	switch {
	case f.Images == 0 || len(f.Worst) == 0 || len(f.Attacks) == 0:
		v.Level, v.Sentences = Worthless, []string{"Nothing was attacked, so nothing is known."}
		return v
	case f.Clean.Count == 0 || f.Commonest < f.Images && f.Clean.Count <= f.Commonest:
		v.Level, v.Robust = Worthless, f.Worst[len(f.Worst)/2].Robust
		v.Eps = f.Worst[len(f.Worst)/2].Eps
		v.Sentences = []string{
			fmt.Sprintf("Without attack the model classifies %s of %s correctly.", formatPercent(f.Clean.Share), countImages(f.Images)),
			"That is no better than always predicting one class: it has learned nothing.",
			"Attacks on it show nothing.",
		}
		return v
	}
	p := f.Worst[len(f.Worst)/2]
	v.Eps, v.Robust = p.Eps, p.Robust
	v.Sentences = append([]string{fmt.Sprintf("Without attack the model classifies %s of %s correctly.", formatPercent(f.Clean.Share), countImages(f.Images))},
		describeEffect(f, p, claim)...)
	v.Notes = listNotes(f, p)
	return v
}

// describeEffect says what the attacks reached at one radius.
func describeEffect(f SummaryData, p Point, claim bool) []string {
	change, attacks := capitalise(describeChange(f.Norm, p.Eps)), describeAttacks(f)
	if p.Misclassified.Count == 0 {
		return []string{
			fmt.Sprintf("%s, %s changed no correct prediction.", change, attacks),
			"A stronger attack may; where attacks find nothing, suspect the attacks first.",
		}
	}
	effect := fmt.Sprintf("%s is enough to reduce that to %s%s.", change, formatPercent(p.Robust.Share), boundSuffix(p.Robust))
	switch {
	case p.Robust.Count == 0 && len(f.Attacks) == 1:
		return []string{effect, "Under this attack each image that was classified correctly is misclassified."}
	case p.Robust.Count == 0:
		return []string{effect, fmt.Sprintf("Each image that was classified correctly is misclassified under at least one of these %d attacks.", len(f.Attacks))}
	case claim:
		return []string{effect, fmt.Sprintf("So the robust accuracy at this radius is at most %s; a stronger attack can only lower that.", formatPercent(p.Robust.Share))}
	}
	return []string{effect, fmt.Sprintf("The accuracy under %s is %s; a stronger attack can only lower that.", attacks, formatPercent(p.Robust.Share))}
}

// listNotes returns the facts without which the results would be misread.
func listNotes(f SummaryData, p Point) []string {
	var out []string
	if f.Stopped != "" {
		out = append(out, fmt.Sprintf("The evaluation ended early (%s): attempts not made: %d; they can only lower the accuracy under attack.", f.Stopped, f.Missing))
	}
	for _, a := range f.Attacks {
		var weaker []string
		than := ""
		for _, q := range a.Points {
			if q.WeakerThan != "" {
				weaker, than = append(weaker, formatEps(q.Eps)), q.WeakerThan
			}
		}
		if than != "" {
			out = append(out, fmt.Sprintf("%s succeeds on fewer images than %s of the same size (at eps %s): this gradient does not follow the classifier.", a.Title, than, strings.Join(weaker, ", ")))
		}
		if i := slices.IndexFunc(a.Points, func(q AttackPoint) bool { return q.Eps == p.Eps }); f.Exhaustive && i >= 0 &&
			slices.Contains(a.Losses, attacks.Training) && a.Points[i].Robust.Count > p.Robust.Count {
			out = append(out, fmt.Sprintf("The accuracy under an attack along the gradient of the whole training loss is %s: that measures the weakness of this attack, not the strength of the model.", formatPercent(a.Points[i].Robust.Share)))
		}
	}
	if f.Images < 1000 {
		out = append(out, fmt.Sprintf("%s %s few: with 95 %% confidence the accuracy under these attacks is between %s and %s.", capitalise(countImages(f.Images)), isOrAre(f.Images), formatPercent(p.Robust.Low), formatPercent(p.Robust.High)))
	}
	return out
}

// rateTrust says whether the results can be trusted.
func rateTrust(f SummaryData) (Level, string) {
	n := map[checks.Status]int{}
	var failed, warned []string
	for _, c := range f.Checks {
		n[c.Status]++
		switch c.Status {
		case checks.Fail:
			failed = append(failed, c.ID)
		case checks.Warn:
			warned = append(warned, c.ID)
		}
	}
	made := len(f.Checks) - n[checks.Skip]
	switch {
	case len(failed) > 0:
		return Unsound, fmt.Sprintf("Do not trust these results yet: %d of %d checks failed (%s).", len(failed), made, listSome(failed))
	case made == 0:
		return Doubtful, "The evaluation was not checked: the attacks may be too weak. unwarp attack RUN checks it."
	case len(warned) > 0:
		return Doubtful, fmt.Sprintf("Read the warnings: %d of %d checks were not conclusive (%s).", len(warned), made, listSome(warned))
	}
	return Sound, fmt.Sprintf("%s found nothing wrong with this evaluation.", capitalise(countNoun(made, "check")))
}
