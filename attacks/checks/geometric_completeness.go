package checks

import (
	"fmt"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

// geometricRequirement is an attack that a claim about a geometric threat needs.
type geometricRequirement struct {
	name, remedy string
	met          func(r attacks.AttackResult) bool
}

// geometricRequirements are those of a threat: all changes where they can be
// tried, else the paper's grid (Engstrom et al. 2019) and its ascent, of fields an
// ascent.
func geometricRequirements(t geometry.Threat) []geometricRequirement {
	has := func(name string, least map[string]int) func(attacks.AttackResult) bool {
		return func(r attacks.AttackResult) bool {
			if r.Name != name || param(r, "target") != "" {
				return false
			}
			for key, n := range least {
				if v, err := strconv.Atoi(param(r, key)); err != nil || v < n {
					return false
				}
			}
			return true
		}
	}
	switch {
	case t.Whole:
		return []geometricRequirement{{"every move", "moves", has("moves", nil)}}
	case t.IsField():
		return []geometricRequirement{{"field-pgd of at least 50 steps and 2 starts", "field-pgd", has("field-pgd", map[string]int{"steps": 50, "restarts": 2})}}
	}
	grid := geometricRequirement{"a grid of at least 31 points and 5 moves", "grid", has("grid", map[string]int{"points": 31, "moves": 5})}
	if len(t.Parameters()) > 3 { // more combinations than a grid may have
		grid = geometricRequirement{"a grid", "grid(points=7,moves=3)", has("grid", nil)}
	}
	return []geometricRequirement{
		grid,
		{"affine-pgd of at least 20 steps and 5 starts", "affine-pgd", has("affine-pgd", map[string]int{"steps": 20, "restarts": 5})},
	}
}

// joinRequirements lists what a threat needs.
func joinRequirements(t geometry.Threat) string {
	var words []string
	for _, q := range geometricRequirements(t) {
		words = append(words, q.name)
	}
	return strings.Join(words, "; ")
}

// judgeGeometricCompleteness is judgeCompleteness for a geometric threat.
func judgeGeometricCompleteness(ev *attacks.Evaluation) (verdict, error) {
	v := verdict{status: Pass, threshold: fmt.Sprintf("on all of at least %d correctly classified images: %s", leastImages, joinRequirements(ev.Threat))}
	var ran, missing, remedies []string
	if ev.CleanCorrect < leastImages {
		missing = append(missing, fmt.Sprintf("at least %d images that are classified correctly (%d are)", leastImages, ev.CleanCorrect))
		remedies = append(remedies, "evaluate more images")
	}
	for _, q := range geometricRequirements(ev.Threat) {
		text, remedy := q.name, "add "+q.remedy
		for a, r := range ev.Attacks {
			if !q.met(r) {
				continue
			}
			open := unfinishedImages(ev, []int{a})
			if len(open) == 0 {
				ran, text = append(ran, r.Attack), ""
				break
			}
			text, remedy, v.images = fmt.Sprintf("%s (%s has not ended on %d images)", q.name, r.Attack, len(open)), "resume the evaluation", open
		}
		if text != "" {
			missing, remedies = append(missing, text), append(remedies, remedy)
		}
	}
	if len(missing) == 0 {
		v.value = "ran on all images: " + strings.Join(ran, ", ")
		return v, nil
	}
	v.status, v.value = Fail, "missing: "+strings.Join(missing, "; ")
	v.advice = strings.Join(remedies, "; ") + "; until then the evaluation does not show what the model withstands"
	return v, nil
}
