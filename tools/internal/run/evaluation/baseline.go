package evaluation

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// loadBaseline reads the evaluation to compare with, before any work is done.
func (e *Evaluator) loadBaseline() error {
	c := e.subject.Config.Attack
	if c.Baseline == "" {
		return nil
	}
	base, _, err := report.Load(report.ThreatFolder(c.Baseline, e.threat))
	if err != nil {
		return refuseBaseline("%w", err)
	}
	if was := (attacks.Threat{Norm: base.Evaluation.Norm, Geometry: base.Evaluation.Threat}); was.String() != e.threat.String() {
		return refuseBaseline("%s: want an evaluation in %s, got one in %s: attack it in the same norm, or under the same threat", c.Baseline, e.threat, was)
	}
	e.baseline = &base
	return nil
}

// checkBaseline refuses an evaluation to compare with of other images than set.
func (e *Evaluator) checkBaseline(set attacks.Images) error {
	if e.baseline == nil {
		return nil
	}
	dir, base := e.subject.Config.Attack.Baseline, e.baseline
	switch {
	case base.Evaluation.Images != set.Len():
		return refuseBaseline("%s: want an evaluation of the same %d images, got one of %d: attack it with --images %d", dir, set.Len(), base.Evaluation.Images, set.Len())
	case !slices.Equal(base.Evaluation.Index, set.Index):
		return refuseBaseline("%s: want an evaluation of the same %d images, got one of others of the set: attack it with the same data and seed", dir, set.Len())
	case base.DataHash != HashData(set):
		return refuseBaseline("%s: want an evaluation of the same images and labels (data %.12s), got one of %s (data %.12s): attack it on the same data set", dir, HashData(set), base.Set, base.DataHash)
	}
	return nil
}

// baselineEvaluation is nil without one.
func (e *Evaluator) baselineEvaluation() *attacks.Evaluation {
	if e.baseline == nil {
		return nil
	}
	return &e.baseline.Evaluation
}

func refuseBaseline(format string, args ...any) error {
	return experiment.NewConfigError(fmt.Errorf("attack.baseline: "+format, args...))
}
