package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks/corruption"
)

// JudgeCorruptions are the checks of a table of corruptions: how many images it
// counts (C31), and whether each kind does more harm in its worst severity than
// in its mildest (C41).
func JudgeCorruptions(t *corruption.Table) []Result {
	size := Result{ID: "C31", Title: "Enough images", Status: Pass, Threshold: "at least 1,000 under each kind and severity", Source: thisProject}
	least := t.CleanImages
	for _, k := range t.Kinds {
		for _, c := range k.Cells {
			least = min(least, c.Images)
		}
	}
	if size.Value = fmt.Sprintf("%d images", least); least < 1000 {
		size.Status, size.Advice = Warn, "report the intervals, or measure at least 1,000 images"
	}
	return []Result{size, judgeSeverities(t)}
}

// milder is by how much the accuracy may rise from the mildest to the worst
// severity.
const milder = .01

func judgeSeverities(t *corruption.Table) Result {
	r := Result{
		ID: "C41", Title: "Harm grows with severity", Status: Pass, Source: thisProject,
		Threshold: "of no kind the accuracy is higher in the largest severity than in the smallest, by more than a point",
	}
	if len(t.Severities) < 2 {
		r.Status, r.Value = Skip, "there is one severity"
		return r
	}
	var odd []string
	for _, k := range t.Kinds {
		first, last := k.Cells[0], k.Cells[len(k.Cells)-1]
		if first.Error()-last.Error() > milder {
			odd = append(odd, fmt.Sprintf("%s (%.1f %% to %.1f %%)", k.Name, 100*(1-first.Error()), 100*(1-last.Error())))
		}
	}
	if len(odd) == 0 {
		r.Value = fmt.Sprintf("of all %d kinds", len(t.Kinds))
		return r
	}
	slices.Sort(odd)
	r.Status, r.Value = Warn, "higher under "+strings.Join(odd, ", ")
	r.Advice = "the files may be in another order than from the mildest to the worst severity"
	return r
}
