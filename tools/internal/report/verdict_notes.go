package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
)

// listNotes returns the facts without which the results at p would be misread.
func listNotes(f SummaryData, p Point, ran []AttackSummary) []string {
	out := slices.Concat(listStop(f), listFurther(f, p, ran), listOtherRadii(f, p))
	for _, a := range ran {
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
	for _, a := range ran {
		if i := slices.IndexFunc(a.Params, func(q attacks.Param) bool { return q.Key == "target" && q.Value != "" }); i >= 0 {
			out = append(out, fmt.Sprintf("%s looks for one class alone (target=%s): images of that class are not attacked, and an image that becomes another class counts as correct.", a.Title, a.Params[i].Value))
		}
	}
	if text := describeTies(f, p); text != "" {
		out = append(out, text)
	}
	return append(out, listFew(f, &p.Robust)...)
}

// listStop says why and where an evaluation ended early.
func listStop(f SummaryData) []string {
	if f.Stopped == "" {
		return nil
	}
	text := fmt.Sprintf("The evaluation ended early (%s): attempts not made: %d; they can only lower the accuracy under attack.", f.Stopped, f.Missing)
	var none, some []string
	for _, a := range f.Attacks {
		switch runs := a.describeRuns(); {
		case a.Of == 0 || runs == "":
		case !a.wasRun():
			none = append(none, a.Title)
		default:
			some = append(some, fmt.Sprintf("%s %s", a.Title, runs))
		}
	}
	if len(some) > 0 {
		text += " Not on all images: " + strings.Join(some, "; ") + "."
	}
	if len(none) > 0 {
		text += fmt.Sprintf(" %s %s not run: %s.", capitalise(printable.Count(len(none), "attack")), wasOrWere(len(none)), strings.Join(none, "; "))
	}
	return []string{text}
}

// listFurther names attacks that found examples, though none within the radius.
func listFurther(f SummaryData, p Point, ran []AttackSummary) []string {
	if p.Misclassified.Count > 0 {
		return nil
	}
	var out []string
	for _, a := range ran {
		if a.MinimumNorm && a.Found.Count > 0 && !math.IsInf(float64(a.Median), 1) {
			out = append(out, fmt.Sprintf("%s found examples of %d of %s further away: median distance %s in %s.", a.Title, a.Found.Count, countImages(a.Attempted), formatDistance(a.Median), f.distanceUnit(a)))
		}
	}
	return out
}

// listOtherRadii says where failed checks mean something else than at p.
func listOtherRadii(f SummaryData, p Point) []string {
	if len(judge(f.Checks).failed) == 0 {
		return nil
	}
	first := slices.Index(f.Standing, checks.Broken)
	switch {
	case first < 0:
	case f.Worst[first].Eps > p.Eps:
		return []string{describeBroken(f.measure().at(f.Worst[first].Eps), judge(f.Checks))}
	case first > 0 && slices.Contains(f.Standing[:first], checks.Doubted):
		return []string{"At smaller radii the accuracy may be lower than these figures, since checks failed."}
	}
	return nil
}

// listFew gives the interval of a figure of few images.
func listFew(f SummaryData, r *Rate) []string {
	if f.Images >= 1000 {
		return nil
	}
	return []string{fmt.Sprintf("%s %s few: with 95 %% confidence the accuracy under these attacks is between %s and %s.", capitalise(countImages(f.Images)), isOrAre(f.Images), formatPercent(r.Low), formatPercent(r.High))}
}
