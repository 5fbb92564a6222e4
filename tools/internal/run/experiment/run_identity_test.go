package experiment

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"unwarp/tools/internal/run/config"
)

// A run that was begun before there were replicas goes on as one; with several it
// is another.
func TestRunBeforeReplicas(t *testing.T) {
	hash := func(more map[string]string) string {
		id := RunIdentity{Config: map[string]string{"train.batch": "8", "workers": "a:1", "cluster.wait": "3"}}
		for key, value := range more {
			id.Config[key] = value
		}
		h, err := id.hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	before := hash(nil)
	if now := hash(map[string]string{"train.replicas": "1", "train.gradients": "float32", "workers": "", "devices": "auto"}); now != before {
		t.Error("want the same training")
	}
	if hash(map[string]string{"train.replicas": "2"}) == before || hash(map[string]string{"train.gradients": "bfloat16"}) == before {
		t.Error("want another training")
	}
}

// A run of a version that had fewer keys goes on where these are at their defaults, and
// its checkpoints, which hold the hash of then, are its own.
func TestResumeAfterKeysWereAdded(t *testing.T) {
	x := identified(t, small())
	dir := t.TempDir()
	if err := x.WriteIdentity(dir); err != nil {
		t.Fatal(err)
	}
	begun, err := x.Identity(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, IdentityFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fewer := regexp.MustCompile(`\n *"train\.(objective\.l1|replicas|verified)": "[^"]*",`)
	if n := len(fewer.FindAll(raw, -1)); n != 3 {
		t.Fatalf("want three keys to take away, got %d of\n%s", n, raw)
	}
	if err := os.WriteFile(path, fewer.ReplaceAll(raw, nil), 0o600); err != nil {
		t.Fatal(err)
	}

	if err := x.CheckResume(dir); err != nil {
		t.Errorf("want the run to go on: %v", err)
	}
	if now, err := x.Identity(dir); err != nil || now != begun {
		t.Errorf("want the hash %s of the checkpoints, got %s, %v", begun, now, err)
	}
	x.Config.Train.Objective.L1 = 1e-5
	if err := x.CheckResume(dir); err == nil || !strings.Contains(err.Error(), "train.objective.l1 is 1e-05, and was not set") {
		t.Errorf("want a refusal of train.objective.l1, got %v", err)
	}
}

// A run whose network or method had fewer keys then is opened, and goes on: what was added
// is at its default.
func TestRunBeforeKeysOfATextWereAdded(t *testing.T) {
	c := small()
	c.Model.Kind, c.Model.Encoder = "base", "dm-small"
	x := identified(t, c)
	dir := t.TempDir()
	if err := x.WriteIdentity(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, IdentityFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	then := strings.Replace(string(raw), `"dm-small(norm=none)"`, `"dm-small"`, 1)
	if then == string(raw) {
		t.Fatalf("want dm-small with its keys in %s", raw)
	}
	if err := os.WriteFile(path, []byte(then), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := x.CheckResume(dir); err != nil {
		t.Errorf("want the run to go on: %v", err)
	}
	was, err := readIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := was.compareConfig(dir, config.Recorded{Config: x.Config}); err != nil {
		t.Errorf("want the run to be opened: %v", err)
	}
	other := x.Config
	other.Model.Encoder = "dm-small(norm=batch)"
	if _, err := was.compareConfig(dir, config.Recorded{Config: other}); err == nil || !strings.Contains(err.Error(), "norm=batch") {
		t.Errorf("want a refusal of batch norm, got %v", err)
	}
}
