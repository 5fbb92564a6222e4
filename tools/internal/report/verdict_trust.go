package report

import (
	"fmt"

	"unwarp/attacks/checks"
	"unwarp/tools/internal/printable"
)

// judged are the checks of an evaluation by their result, and those that failed by
// what that means for its figures.
type judged struct {
	made                     int
	warned, failed           []string
	faults, weakness, beside []string
}

func judge(all []checks.Result) judged {
	var j judged
	for _, c := range all {
		if c.Status == checks.Skip {
			continue
		}
		j.made++
		switch c.Status {
		case checks.Warn:
			j.warned = append(j.warned, c.ID)
		case checks.Fail:
			j.addFailed(c.ID)
		}
	}
	return j
}

func (j *judged) addFailed(id string) {
	j.failed = append(j.failed, id)
	switch b := checks.BearingOf(id); {
	case b&checks.Unreliable != 0:
		j.faults = append(j.faults, id)
	case b&checks.TooHigh != 0:
		j.weakness = append(j.weakness, id)
	default:
		j.beside = append(j.beside, id)
	}
}

// rateTrust says whether the results can be trusted at place k of Worst; nil where
// only attacks without radius were run.
func rateTrust(f SummaryData, k *int) (Level, string) {
	j := judge(f.Checks)
	switch {
	case len(j.faults) > 0:
		return Unsound, fmt.Sprintf("These figures may be too high or too low: %s failed that touch%s the examples found (%s).", countOf(len(j.faults), j.made), thirdPerson(len(j.faults)), listSome(j.faults))
	case k != nil && f.Standing[*k] == checks.Broken:
		return Broken, describeBroken(f.measure().at(f.Worst[*k].Eps), j)
	case f.isExact() && len(j.weakness) > 0:
		return Sound, fmt.Sprintf("%s failed (%s) that look for weak attacks, on which this figure does not depend.", countOf(len(j.weakness), j.made), listSome(j.weakness))
	case len(j.weakness) > 0:
		return Unsound, fmt.Sprintf("%s: %s failed (%s), so the attacks may be too weak.", describeBound(f, k), countOf(len(j.weakness), j.made), listSome(j.weakness))
	case j.made == 0:
		return Doubtful, "The evaluation was not checked: the attacks may be too weak. unwarp attack RUN checks it."
	case len(j.warned) > 0:
		return Doubtful, fmt.Sprintf("Read the warnings: %s were not conclusive (%s).", countOf(len(j.warned), j.made), listSome(j.warned))
	case len(j.beside) > 0:
		return Sound, fmt.Sprintf("%s failed (%s), which does not touch these figures.", countOf(len(j.beside), j.made), listSome(j.beside))
	}
	return Sound, fmt.Sprintf("%s found nothing wrong with this evaluation.", capitalise(printable.Count(j.made, "check")))
}

// describeBroken says that no image is left at a size: each has a verified example,
// which no weakness of an attack can have made up.
func describeBroken(at string, j judged) string {
	text := fmt.Sprintf("Broken: 0 %% left at %s.", at)
	switch {
	case len(j.failed) > 0:
		text += " Failed checks cannot change that."
	case j.made == 0:
		text += " The evaluation was not checked."
	}
	return text
}

// describeBound says that a figure is an upper bound.
func describeBound(f SummaryData, k *int) string {
	if k == nil {
		return "These figures may be too high"
	}
	p := f.Worst[*k]
	return fmt.Sprintf("At most %s at %s, perhaps less", formatPercent(p.Robust.Share), f.measure().at(p.Eps))
}

// countOf counts some of the checks that were made.
func countOf(n, made int) string { return fmt.Sprintf("%d of %s", n, printable.Count(made, "check")) }

// thirdPerson is the ending of a verb of n things.
func thirdPerson(n int) string {
	if n == 1 {
		return "es"
	}
	return ""
}
