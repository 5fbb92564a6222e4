package main

import (
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// TestRequire: the exit code says whether requirements are met, a line says of each
// what decided, in the text, in JSON and of shards; what is not measured is refused
// before any work.
func TestRequire(t *testing.T) {
	run := trained(t)
	attack := func(args ...string) result {
		t.Helper()
		return unwarp(t, append([]string{"attack", run, "--out", t.TempDir(), "--images", "8", "--checks", "0"}, args...)...)
	}
	if r := attack("--require", "clean >= 0%", "--require", "linf .3 at most 100%"); r.code != exitDone || strings.Count(r.out, "\nmet: ") != 2 {
		t.Errorf("met: exit code %d, %s", r.code, r.out)
	}
	r := attack("--require", "linf .1 >= 100%", "--set", "attack.attacks=[random, fgsm]", "--require", "clean at least 0 %")
	if r.code != exitUnmet || !strings.Contains(r.out, "\nNOT MET: linf 0.1 >= 100%: ") || !strings.Contains(r.out, "sampling error not considered") || !strings.Contains(r.last(), "1 of 2 not met: linf 0.1 >= 100%") {
		t.Errorf("unmet: exit code %d, %s%s", r.code, r.out, r.err)
	}
	var record report.Record
	r = attack("--set", "attack.require=[linf .3 attacked >= 100%]", "--json")
	if r.decode(t, &record); r.code != exitUnmet || len(record.Requirements) != 1 || record.Requirements[0].Met || !strings.Contains(r.err, "NOT MET: linf 0.3 attacked") {
		t.Errorf("JSON: exit code %d, %+v, %s", r.code, record.Requirements, r.err)
	}
	attack("--require", "linf .2 >= 70%").fails(t, exitUsage, "--require", "linf 0.1, 0.3")
	attack("--require", "linf .1 proven >= 70%").fails(t, exitUsage, "--certify")
	attack("--require", "linf .1 > 70%").fails(t, exitUsage, "--require", "linf .1 >= 70%")
	unwarp(t, "certify", run, "--eps", ".1", "--require", "linf .2 proven >= 1%").fails(t, exitUsage, "linf 0.1")
	home := t.TempDir()
	sharded(t, home, 2, "--require", "linf .3 attacked >= 100%")
	if r := unwarp(t, "attack", "merge", home); r.code != exitUnmet || !strings.Contains(r.out, "NOT MET") {
		t.Errorf("shards: exit code %d, %s", r.code, r.out)
	}
	if r := unwarp(t, "attack", "merge", home, "--require", "clean >= 0%"); r.code != exitDone || !strings.Contains(r.out, "\nmet: ") {
		t.Errorf("another requirement of shards: exit code %d, %s", r.code, r.out)
	}
}
