package checks

import (
	"context"
	"fmt"
	"slices"
)

// Run runs the checks in the order of their ids. A check that does not apply
// is skipped with the reason as its value; an error within one check makes it
// WARN and leaves the others alone. progress may be nil. On cancellation Run
// returns ctx.Err().
func Run(ctx context.Context, in Input, progress func(Progress)) ([]Result, error) {
	c := &checkContext{Input: in, ctx: ctx, progress: progress, notRun: map[string]string{}}
	chosen := All()
	if in.Only != nil {
		chosen = slices.DeleteFunc(chosen, func(k Check) bool { return !slices.Contains(in.Only, k.ID) })
	}
	if in.Reference.Graph != nil {
		if err := c.prepare(); err != nil {
			return nil, err
		}
		if err := c.runAttacks(chosen); err != nil {
			return nil, err
		}
	}
	var out []Result
	for _, k := range chosen {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.report(k.ID + " " + k.Title)
		v := c.runCheck(k)
		if ctx.Err() != nil { // v may be cut short
			return nil, ctx.Err()
		}
		if v.threshold == "" {
			v.threshold = k.Threshold
		}
		out = append(out, Result{k.ID, k.Title, v.status, v.value, v.threshold, v.images, v.advice, k.Source})
		c.done++
	}
	c.report("")
	return out, nil
}

// runCheck skips a check that lacks what it needs.
func (c *checkContext) runCheck(k Check) verdict {
	if reason := c.missingNeed(k); reason != "" {
		return verdict{status: Skip, value: reason}
	}
	v, err := k.judge(c)
	if err != nil {
		return verdict{status: Warn, value: "the check failed: " + err.Error(), advice: "run it again; until then its result is unknown"}
	}
	return v
}

// missingNeed says what check k lacks, "" for nothing.
func (c *checkContext) missingNeed(k Check) string {
	if reason := c.applies(k); reason != "" {
		return reason
	}
	lacks := func(n needs, present bool) bool { return k.needs&n != 0 && !present }
	switch {
	case lacks(needsEvaluation, c.Evaluation != nil):
		return "there is no evaluation to read"
	case lacks(needsEvaluation, c.Evaluation != nil && len(c.Evaluation.Radii) > 0):
		return "the evaluation has no attack"
	case lacks(needsAttempts, c.Evaluation != nil && c.Evaluation.CleanCorrect > 0):
		return "no image was attacked: the model classifies none correctly"
	case lacks(needsAttempts, c.Evaluation != nil && len(c.Evaluation.AttacksRun()) > 0):
		return "no attack was run on any image"
	case lacks(needsBaseline, c.Baseline != nil):
		return "there is no evaluation of an undefended model to compare with"
	case lacks(needsModel, c.Reference.Graph != nil):
		return "there is no model to run"
	case lacks(needsModel, c.sample.Len() > 0):
		return "the model classifies no image correctly"
	case k.follows != "" && !c.Gradient.Graph.Has(k.follows):
		return fmt.Sprintf("the loss %s was not declared in the graph", k.follows)
	case lacks(needsDeterminism, !c.isRandom()):
		return randomModel
	}
	return ""
}

// randomModel is why checks that compare logits are skipped.
const randomModel = "the model's logits differ from pass to pass (C13)"
