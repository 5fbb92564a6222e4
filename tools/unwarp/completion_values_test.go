package main

import (
	"strings"
	"testing"
)

// A shell completes the words that a key takes, with the key before them.
func TestCompleteValues(t *testing.T) {
	for typed, want := range map[string]string{
		"model.kind=":          "model.kind=base model.kind=reconstruction model.kind=disentangled :4",
		"train.schedule.name=": "train.schedule.name=constant train.schedule.name=cosine train.schedule.name=steps :4",
		"train.verified=":      "train.verified=auto train.verified=off train.verified=ibp( train.verified=crown-ibp( :6",
		"train.batch=":         ":0",
		"model.kin":            "model.kind=",
	} {
		out := unwarp(t, "__complete", "train", "--set", typed).out
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("%s: want %q, got %q", typed, want, out)
		}
	}
}
