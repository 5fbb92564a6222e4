package evaluation

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// A baseline is an evaluation of the same images in the same norm, or refused
// before an attack runs.
func TestBaseline(t *testing.T) {
	set := attacks.Images{Pixels: []float32{.6, .53, .1}, Labels: []int32{1, 1, 0}, Index: []int{0, 1, 2}}
	attack := func(set attacks.Images, change func(a *config.Attack)) (string, error) {
		e, err := New(t.Context(), subject(change), 0)
		if err != nil {
			return "", err
		}
		defer e.Close()
		folder := t.TempDir()
		_, err = e.Run(t.Context(), set, Options{Folder: folder, Log: io.Discard})
		if err != nil {
			if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		}
		return folder, err
	}
	base, err := attack(set, func(*config.Attack) {})
	if err != nil {
		t.Fatal(err)
	}
	with := func(a *config.Attack) { a.Baseline = base }
	if _, err := attack(set, with); err != nil {
		t.Errorf("the same images: %v", err)
	}
	for want, c := range map[string]struct {
		set    attacks.Images
		change func(a *config.Attack)
	}{
		"the same 2 images":          {attacks.Images{Pixels: set.Pixels[:2], Labels: set.Labels[:2], Index: set.Index[:2]}, with},
		"others of the set":          {attacks.Images{Pixels: set.Pixels, Labels: set.Labels, Index: []int{0, 1, 3}}, with},
		"same images and labels":     {attacks.Images{Pixels: []float32{.6, .53, .11}, Labels: set.Labels, Index: set.Index}, with},
		"images and labels (data":    {attacks.Images{Pixels: set.Pixels, Labels: []int32{1, 0, 0}, Index: set.Index}, with},
		"want an evaluation in l2, ": {set, func(a *config.Attack) { a.Baseline, a.Norm = base, attacks.L2 }},
	} {
		_, err := attack(c.set, c.change)
		var wrong *experiment.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "attack.baseline") || len(err.Error()) >= 300+len(base) {
			t.Errorf("want a ConfigError with %q, got %v", want, err)
		}
	}
	if err := os.Remove(filepath.Join(base, report.AttackDir, "evaluation.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := attack(set, with); err == nil || !strings.Contains(err.Error(), "attack.baseline") {
		t.Errorf("no evaluation there: %v", err)
	}
}
