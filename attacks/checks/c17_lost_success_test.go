package checks

import (
	"strings"
	"testing"
)

func TestLostSuccess(t *testing.T) {
	index := make([]int, 60)
	for i := range index {
		index[i] = 100 + i
	}
	some := func(n int) []bool {
		b := make([]bool, len(index))
		for i := range n {
			b[i] = true
		}
		return b
	}
	v := compareWithCounted(index, some(30), some(20), some(30))
	if v.status != Pass || !strings.Contains(v.value, "10 of them no longer at the end") {
		t.Errorf("%s %q: want PASS, and 10 that are correct again at the end", v.status, v.value)
	}
	if v := compareWithCounted(index, some(30), some(20), some(20)); v.status != Fail || len(v.images) != 10 {
		t.Errorf("%s %v: want FAIL with 10 images", v.status, v.images)
	}
	if v := compareWithCounted(index, some(30), some(20), some(29)); v.status != Warn {
		t.Errorf("%s: want WARN where one image is not counted", v.status)
	}
	// An attack that overshoots: many images are misclassified on the way only, and
	// all are counted.
	ev := newEvaluation(10, .12).add(t, "bim(steps=15,alpha=.12)", 5)
	expect(t, checkModel(t, plainNet().victim(0), func(in *Input) { in.Evaluation = ev.Evaluation }, "C17")["C17"], Pass)
}
