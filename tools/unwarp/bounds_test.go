package main

import (
	"strings"
	"testing"
)

// Numbers in flags are bounded, and the errors say by what.
func TestFlagsAreBounded(t *testing.T) {
	run := "no-such-run"
	for _, row := range [][]string{
		{"--count: want 1 to 1000 images", "data", "--sheet", "x.png", "--count", "1000000000"},
		{"--count: want 10 to 100000 images", "embed", run, "--count", "1000000000"},
		{"--fit: want 10 to 100000 images", "embed", run, "--fit", "9000000000000000000"},
		{"--perplexity: want 1 to 500", "embed", run, "--perplexity", "1e300"},
		{"--iterations: want 1 to 100000", "embed", run, "--iterations", "2000000000"},
		{"--pairs: want 1 to 50 pairs", "swap", run, "--pairs", "1000000000"},
		{"--steps: want 2 to 60", "swap", run, "--gif", "x.gif", "--steps", "1000000000"},
		{"--count: want 0 (no count) to 20000", "swap", run, "--count", "1000000000"},
		{"--count: want 1 to 10000", "export", run, "--count", "1000000000"},
		{"--seeds: want 1 to 1000", "reproduce", "table9", "--plan", "--seeds", "2000000000"},
		{"--count: want a whole number", "swap", run, "--count", "99999999999999999999"},
		{"attack.images: want a whole number in 0..100000000", "config", "--set", "attack.images=99999999999"},
		{"threads: want a whole number in 0..4096", "config", "--set", "threads=1000000"},
	} {
		r := unwarp(t, row[1:]...)
		if text := r.out + r.err; !strings.Contains(text, row[0]) || strings.Contains(text, "goroutine ") {
			t.Errorf("%q: want %q, got exit code %d and %s", row[1:], row[0], r.code, text)
		}
	}
}
