package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// withoutProofTimes leaves out of a record's certificates when and how they were
// made.
func withoutProofTimes(tree map[string]any) map[string]any {
	for _, c := range tree["certificates"].([]any) {
		c := c.(map[string]any)
		for _, key := range []string{"seconds", "date", "command", "resumed"} {
			delete(c, key)
		}
		for _, image := range c["images"].([]any) {
			attempts, _ := image.(map[string]any)["attempts"].([]any)
			for _, a := range attempts {
				delete(a.(map[string]any), "seconds")
				delete(a.(map[string]any), "lower") // rounded otherwise in batches of other sizes
			}
		}
	}
	return tree
}

// differing are the places at which two trees differ.
func differing(at string, a, b any) (places []string) {
	x, isMap := a.(map[string]any)
	y, both := b.(map[string]any)
	if isMap && both {
		for key := range x {
			places = append(places, differing(at+"."+key, x[key], y[key])...)
		}
		return places
	}
	list, isList := a.([]any)
	other, both := b.([]any)
	if isList && both && len(list) == len(other) {
		for i := range list {
			places = append(places, differing(fmt.Sprintf("%s[%d]", at, i), list[i], other[i])...)
		}
		return places
	}
	if !reflect.DeepEqual(a, b) {
		places = append(places, fmt.Sprintf("%s: %.80v, %.80v", at, a, b))
	}
	return places
}

// TestShardsWithProofs: shards of an evaluation that proves first give the
// evaluation of one command, with a method that comes before the attacks and with
// one that goes on after them.
func TestShardsWithProofs(t *testing.T) {
	run := provable(t)
	for _, method := range []string{"crown-ibp", "branch-and-bound(seconds=1000,domains=8)"} {
		flags := []string{"--images", "4", "--attack", "fgsm", "--attack", "pgd(steps=3)", "--eps", "5e-4 .3", "--certify=" + method, "--require", "linf 5e-4 proven >= 1%"}
		whole, home := t.TempDir(), t.TempDir()
		one := unwarp(t, append([]string{"attack", run, "--out", whole, "--checks", "0", "--json"}, flags...)...)
		want := withoutProofTimes(comparable(t, one))
		for _, k := range []string{"1/2", "2/2"} {
			must(t, append([]string{"attack", run, "--out", home, "--shard", k, "--checks", "0"}, flags...)...)
		}
		second := filepath.Join(home, "attack", "shard-2-of-2")
		if err := os.Remove(filepath.Join(second, "journal.jsonl")); err != nil { // killed after the proofs
			t.Fatal(err)
		}
		must(t, append([]string{"attack", run, "--out", home, "--shard", "2/2", "--resume", "--checks", "0"}, flags...)...)
		merged := unwarp(t, "attack", "merge", home, "--json")
		if got := withoutProofTimes(comparable(t, merged)); merged.code != one.code || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: exit codes %d and %d; these differ: %v", method, one.code, merged.code, differing("", want, got))
		}
		if method != "crown-ibp" {
			continue
		}
		edit(t, filepath.Join(second, "proofs.json"), func(text string) string { return strings.Replace(text, `"model":"`, `"model":"0`, 1) })
		if r := unwarp(t, "attack", "merge", home); r.code != exitUsage || !strings.Contains(r.last(), "proofs.json") || !strings.Contains(r.last(), "--restart") {
			t.Errorf("damaged proofs: exit code %d, %s", r.code, r.err)
		}
	}
}
