package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var knownLosses = []attacks.Loss{
	attacks.Classification, attacks.Training, attacks.Margin, attacks.ProbabilityMargin, attacks.DLR, attacks.TargetedDLR, attacks.Linear, attacks.Embedding, attacks.Appearance, attacks.Geometry,
}

// checkAttack refuses a wrong result of attack k.
func (r *Record) checkAttack(k int) error {
	e := &r.Evaluation
	a, field := &e.Attacks[k], fmt.Sprintf("evaluation.attacks[%d]", k)
	if err := firstError(
		checkWord(field+".family", a.Family, attacks.WhiteBox, attacks.Adaptive, attacks.Score, attacks.Decision, attacks.Transfer, attacks.Baseline, attacks.Natural),
		r.checkNorm(field+".norm", a.Norm, attacks.Linf, attacks.L2, attacks.L1, attacks.L0),
		checkRange(field+".radius_search", int(a.Search), float64(attacks.MinimumNorm)), checkRadii(field+".radii", a.Radii),
	); err != nil {
		return err
	}
	for _, l := range a.Losses {
		if !slices.Contains(knownLosses, l) {
			return fieldError(field+".losses", "a loss that attacks follow, such as classification or dlr", string(l))
		}
	}
	for _, eps := range a.Radii {
		if !slices.Contains(e.Radii, eps) {
			return fieldError(field+".radii", "some of the evaluation's", eps)
		}
	}
	if len(a.Results) != e.Images {
		return fmt.Errorf("%s.results: attack %q: want an attempt for each of %d images, got %d", field, shortName(a.Attack), e.Images, len(a.Results))
	}
	for i := range a.Results {
		if err := r.checkResult(a, &a.Results[i]); err != nil {
			return fmt.Errorf("%s.results[%d].%w", field, i, err)
		}
	}
	return nil
}

// checkResult refuses a wrong result of an attack on one image.
func (r *Record) checkResult(a *attacks.AttackResult, at *attacks.ImageResult) error {
	if len(at.Tried) > len(a.Radii) || strings.Trim(at.Tried, "01.") != "" {
		return fieldError("tried", fmt.Sprintf("at most one mark for each of %d radii: 0, 1 or .", len(a.Radii)), at.Tried)
	}
	if at.CutShort && (at.Done || at.Skipped) || at.Skipped && !at.Done {
		return fieldError("done", "done, skipped and cut_short to agree", fmt.Sprint(at.Done, at.Skipped, at.CutShort))
	}
	if n := finitePrefix(at.LossCurve); n < len(at.LossCurve) {
		return fieldError("loss_curve", "finite losses", at.LossCurve[n])
	}
	if err := r.checkTransform(at); err != nil {
		return err
	}
	if at.OffLattice != nil {
		if err := checkDistance("off_lattice", *at.OffLattice); err != nil {
			return err
		}
	}
	if at.Effort != nil {
		if err := checkRange("effort.passes", at.Effort.Passes, maxCount); err != nil {
			return err
		}
	}
	return firstError(
		checkDistance("distance", at.Distance), checkDistance("threat_distance", at.ThreatDistance), r.checkClass("class", at.Class),
		checkRange("queries", at.Queries, maxCount), checkRange("invalid", at.Invalid, maxCount), checkCost("", at.Cost, maxCount),
	)
}

// checkDistance refuses distances that are none; nothing found is infinite.
func checkDistance(field string, d attacks.Distance) error {
	if d == attacks.NoDistance {
		return nil
	}
	return checkRange(field, float64(d), maxSize)
}
