package checks

import (
	"slices"
	"strings"

	"unwarp/attacks"
)

// comparison counts the successes of two groups of attacks at one radius, on
// the images on which the second group was run.
type comparison struct {
	eps          float32
	onlyA, onlyB int   // images misclassified under one group alone
	compared     int   // images given to both
	ended        int   // images on which the second group has ended, or had nothing left to find
	images       []int // places of those misclassified under the first group alone
}

// judge judges the successes of the first group alone, which should be at most
// the share limit of the images on which the second has ended.
func (c comparison) judge(limit float64) Status { return judgeAtMost(c.onlyA, c.ended, limit) }

// compareGroups compares the attacks at places a and b of an evaluation.
func compareGroups(ev *attacks.Evaluation, a, b []int, eps float32) comparison {
	c := comparison{eps: eps}
	for i := range ev.Images {
		if !ev.Correct(i) {
			continue
		}
		if slices.ContainsFunc(b, func(at int) bool { return ev.Attacks[at].Results[i].Done }) {
			c.ended++
		}
		inA, inB := misclassifiedUnderAny(ev, a, i, eps), misclassifiedUnderAny(ev, b, i, eps)
		if !inB && !failedUnderAny(ev, b, i, eps) {
			continue
		}
		c.compared++
		switch {
		case inA && !inB:
			c.onlyA++
			c.images = append(c.images, ev.Index[i])
		case inB && !inA:
			c.onlyB++
		}
	}
	return c
}

// largestLead is the comparison at the radius at which the first group alone
// has most successes; false where no image was given to both.
func largestLead(ev *attacks.Evaluation, a, b []int) (comparison, bool) {
	var out comparison
	found := false
	for _, eps := range ev.Radii {
		c := compareGroups(ev, a, b, eps)
		if c.compared > 0 && (!found || c.onlyA > out.onlyA) {
			out, found = c, true
		}
	}
	return out, found
}

// misclassifiedUnderAny tells whether image i is misclassified within eps under
// one of the attacks.
func misclassifiedUnderAny(ev *attacks.Evaluation, list []int, i int, eps float32) bool {
	return slices.ContainsFunc(list, func(a int) bool { return ev.Misclassified(a, i, eps) })
}

// failedUnderAny tells whether one of the attacks was run and failed.
func failedUnderAny(ev *attacks.Evaluation, list []int, i int, eps float32) bool {
	return slices.ContainsFunc(list, func(a int) bool { return wasRunAndFailed(ev, a, i, eps) })
}

// wasRunAndFailed tells whether attack a was run on image i at eps, or at any
// distance, and found nothing within it. It is false where the engine skipped
// the image because an earlier attack had succeeded, and at radii that no
// search was run at: where a larger one failed, the comparison is made there.
func wasRunAndFailed(ev *attacks.Evaluation, a, i int, eps float32) bool {
	attack := &ev.Attacks[a]
	r := attack.Results[i]
	if !r.Done || r.Skipped || ev.Misclassified(a, i, eps) {
		return false
	}
	if attack.Search == attacks.MinimumNorm {
		// It searched only radii at which no earlier attack had succeeded.
		return ev.Exhaustive || !misclassifiedUnderAny(ev, firstPlaces(a), i, eps)
	}
	k := slices.Index(attack.Radii, eps)
	return k >= 0 && k < len(r.Tried) && r.Tried[k] == '0'
}

// firstPlaces are 0 to n-1.
func firstPlaces(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// unfinishedImages are the places of the correctly classified images on which
// one of the attacks has not ended.
func unfinishedImages(ev *attacks.Evaluation, list []int) []int {
	var out []int
	for i := range ev.Images {
		if ev.Correct(i) && slices.ContainsFunc(list, func(a int) bool { return !ev.Attacks[a].Results[i].Done }) {
			out = append(out, ev.Index[i])
		}
	}
	return out
}

// joinNames writes the attacks at some places of an evaluation.
func joinNames(ev *attacks.Evaluation, list []int) string {
	var out []string
	for _, a := range list {
		out = append(out, ev.Attacks[a].Attack)
	}
	return strings.Join(out, ", ")
}
