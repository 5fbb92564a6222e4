package evaluation

import (
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// judgeRequirements says in a record which of the configured requirements that are
// about it are met.
func (e *Evaluator) judgeRequirements(r *report.Record) error {
	all, err := e.subject.Config.Attack.Requirements()
	if err != nil {
		return experiment.NewConfigError(err)
	}
	r.Requirements = report.JudgeRequirements(r, all)
	return nil
}
