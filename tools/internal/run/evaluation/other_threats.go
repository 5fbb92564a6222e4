package evaluation

import (
	"unwarp/attacks/corruption"
	"unwarp/tools/internal/report"
)

// otherThreats are the threats that the same model was evaluated under, as the
// results in a folder say.
func (e *Evaluator) otherThreats(folder string) (threats []string) {
	for _, dir := range report.ThreatFolders(folder) {
		if r, _, err := report.Load(dir); err == nil && r.ModelHash == e.Weights {
			threats = append(threats, r.Evaluation.Threat.String())
		}
	}
	if r, err := report.LoadCorruptions(report.CorruptionFolder(folder)); err == nil && r.ModelHash == e.Weights {
		threats = append(threats, corruption.Name)
	}
	return threats
}
