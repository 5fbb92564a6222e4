package main

import (
	"strings"
	"testing"

	"unwarp/tools/configs"
	"unwarp/tools/internal/run/config"
)

// A preset is a configuration below files and flags; each one is accepted, but for
// data that are not here.
func TestPresets(t *testing.T) {
	for _, name := range configs.Names() {
		text := must(t, "config", "--preset", name).out
		if !strings.Contains(text, "train:") {
			t.Errorf("%s: %s", name, text)
		}
	}
	text := must(t, "config", "--preset", "robust", "--set", "train.batch=99", "--seed", "7").out
	for _, want := range []string{"batch: 99", "seed: 7", "certified: ibp(", "encoder: dm-medium"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %s", want, text)
		}
	}
	if text := must(t, "train", "--help").out; !strings.Contains(text, "  robust\n") || !strings.Contains(text, "  mnist-trades\n") {
		t.Errorf("train --help lists no presets: %s", text)
	}
	unwarp(t, "config", "--preset", "robst").fails(t, exitUsage, "--preset", `did you mean "robust"`)
	unwarp(t, "train", "--preset", "robust", "--resume", "x").fails(t, exitUsage, "--preset and --resume")
	unwarp(t, "evaluate", "x", "--preset", "robust").fails(t, exitUsage, "unknown flag")
	if r := must(t, "__complete", "train", "--preset", "mnist-p"); !strings.Contains(r.out, "mnist-pgd\n") {
		t.Errorf("completion: %s", r.out)
	}
	f := &configFlags{preset: "mnist-pgd"}
	c, err := f.withPreset(config.Default())
	if err != nil || c.Train.Adversary.Off() || c.Data.Set != "mnist" {
		t.Errorf("got %+v, %v", c.Train.Adversary, err)
	}
}
