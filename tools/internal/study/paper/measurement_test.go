package paper

import (
	"strings"
	"testing"
)

// An evaluation for each defence, source and grid; attacks without radii are apart
// from those with them.
func TestMeasurements(t *testing.T) {
	got := map[string]string{}
	for name, arm := range map[string]string{"defences": "mnist-base", "distillation": "mnist-distilled", "table1": "mnist-base", "transfer": "mnist-disentangled"} {
		table, _ := FindTable(name)
		for _, m := range table.Measurements(arm, Full) {
			got[m.Name] = strings.Join(append(m.Attacks(2), m.Defence, m.Eps()), "; ")
		}
	}
	for name, want := range map[string]string{
		"defences-jpeg-quality-75-":            "pgd(steps=40); pgd(steps=40,gradient=straight-through); jpeg(quality=75); 0.2",
		"defences-jpeg-quality-75--mnist-base": "transfer(from=mnist-base-seed2); jpeg(quality=75); 0.2",
		"defences-mnist-base":                  "transfer(from=mnist-base-seed2); ; 0.2",
		"distillation-steps":                   "jsma; ; ",
		"table1":                               "fgsm; fgsm(loss=margin); random; ; 0.1 0.2 0.3 0.4 0.5",
		"transfer-mnist-base":                  "transfer(from=mnist-base-seed2); ; 0.1 0.2 0.3 0.4 0.5",
	} {
		if got[name] != want {
			t.Errorf("%s: want %q, got %q", name, want, got[name])
		}
	}
	if !strings.HasPrefix(got["table1-match"], "fgsm; ; 0.01 0.02") {
		t.Errorf("want FGSM on the grid, got %q", got["table1-match"])
	}
}
