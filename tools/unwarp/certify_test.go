package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/tools/internal/report"
)

// provableConfig trains, in seconds, a net of which something can be proven.
const provableConfig = `
data: {train: 600, validation: 20, test: 30, size: 12}
model: {kind: base, encoder: dm-small, appearance: 8, geometry: 8}
train: {batch: 32, duration: 150st, checkpoint: 150st, evaluate: 150st, augment: ''}
attack: {images: 8, batch: 8, eps: 5e-4 .3, attacks: []}
export: {inference_only: true}
`

// provable is that net, which all tests may read and none may change.
func provable(t *testing.T) string {
	t.Helper()
	provableRun.once.Do(func() {
		dir, err := os.MkdirTemp("", "provable-")
		if err != nil {
			t.Fatal(err)
		}
		provableRun.dir = filepath.Join(dir, "run")
		must(t, "train", "--config", configFile(t, provableConfig), "--run", provableRun.dir)
	})
	return provableRun.dir
}

var provableRun struct {
	once sync.Once
	dir  string
}

// provenOf are the largest radii proven of the images of a record with one
// certificate.
func provenOf(t *testing.T, r report.Record) []float32 {
	t.Helper()
	if len(r.Certificates) != 1 {
		t.Fatalf("want one certificate, got %d", len(r.Certificates))
	}
	return r.Certificates[0].Proven()
}

// TestCertify: proofs stand in the evaluation beside the attacks, which leave out
// what is proven; neither command loses what the other has found.
func TestCertify(t *testing.T) {
	run, home := provable(t), t.TempDir()
	flags := []string{run, "--out", home, "--images", "8", "--eps", "5e-4 .3", "--json"}
	certify := func(method string) (r report.Record) {
		t.Helper()
		must(t, append([]string{"certify", "--method", method}, flags...)...).decode(t, &r)
		return r
	}
	first := certify("ibp")
	if len(first.Evaluation.Attacks) != 0 || len(first.Certificates[0].Images) != 8 {
		t.Errorf("proofs alone: %+v", first.Evaluation)
	}
	tighter := certify("crown-ibp")
	proven := provenOf(t, tighter)
	for i, p := range provenOf(t, first) {
		if proven[i] < p {
			t.Errorf("image %d: %g proven before, now %g", i, p, proven[i])
		}
	}
	if slices.Max(proven) == 0 || slices.Max(proven) >= .3 {
		t.Fatalf("want some of %v proven at 5e-4 alone", proven)
	}

	var both report.Record
	must(t, append([]string{"attack", "--certify=crown-ibp", "--checks", "0", "--attack", "fgsm", "--attack", "bim"}, flags...)...).decode(t, &both)
	for i, p := range both.Certificates[0].Images {
		for a := range both.Evaluation.Attacks {
			at := both.Evaluation.Attacks[a].Results[i]
			if p.Proven > 0 && strings.HasPrefix(at.Tried, "0") || p.Proven > 0 && strings.HasPrefix(at.Tried, "1") {
				t.Errorf("image %d is proven at 5e-4 and was attacked there: %q", i, at.Tried)
			}
		}
	}
	if len(both.Checks) != 1 || both.Checks[0].ID != "C36" || both.Checks[0].Status != "PASS" || !slices.Equal(both.Evaluation.Proven, provenOf(t, both)) {
		t.Errorf("checks %+v, proven %v", both.Checks, both.Evaluation.Proven)
	}
	again := certify("crown-ibp")
	if len(again.Evaluation.Attacks) != 2 || len(again.Checks) != 1 || !slices.Equal(provenOf(t, again), provenOf(t, both)) {
		t.Errorf("after the attacks: %d attacks, checks %+v", len(again.Evaluation.Attacks), again.Checks)
	}
	must(t, "attack", run, "--out", home, "--images", "8", "--eps", "5e-4 .3", "--checks", "0", "--attack", "fgsm")
	r, _, err := report.Load(home)
	if err != nil || !slices.Equal(provenOf(t, r), provenOf(t, both)) {
		t.Errorf("after other attacks the proofs are lost: %v", err)
	}
	text := must(t, "report", home, "--text").out
	for _, want := range []string{"stay right at eps", "proofs by crown-ibp", "worst case per image", "for images like these"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(home, "attack", "*.jsonl")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestCertifyRadiusAndShards: radii by bisection, and shards that are put together.
func TestCertifyRadiusAndShards(t *testing.T) {
	run, home := provable(t), t.TempDir()
	folder := func(name string) string { return filepath.Join(home, name) }
	certified := func(args ...string) (r report.Record) {
		t.Helper()
		must(t, append([]string{"certify", run, "--images", "8", "--eps", ".001", "--method", "crown-ibp", "--radius", "--json"}, args...)...).decode(t, &r)
		return r
	}
	whole := certified("--out", folder("whole"))
	radii := provenOf(t, whole)
	if max := slices.Max(radii); max == 0 || slices.Contains([]float32{.001, .002, .0005}, max) {
		t.Errorf("radii %v", radii)
	}
	certified("--out", folder("a"), "--shard", "1/2")
	certified("--out", folder("b"), "--shard", "2/2")
	merged := certified("--out", folder("c"), "--from", folder("a"), "--from", folder("b"))
	if !slices.Equal(provenOf(t, merged), radii) {
		t.Errorf("of the shards %v, want %v", provenOf(t, merged), radii)
	}
	for _, row := range []struct {
		args  []string
		names []string
	}{
		{[]string{"--shard", "3/2"}, []string{"--shard", "K/N"}},
		{[]string{"--from", folder("none")}, []string{"--from", "none"}},
		{[]string{"--from", folder("a"), "--norm", "l2"}, []string{"--from", "l2"}},
		{[]string{"--resume"}, []string{"--resume", "leave"}},
		{[]string{"--resume", "--restart"}, []string{"exclude"}},
		{[]string{"--method", "crwn"}, []string{"attack.certify", "crown-ibp"}},
		{[]string{"--method", "ibp(steps=4)"}, []string{"attack.certify", "steps"}},
		{[]string{"--eps", "0"}, []string{"eps"}},
		{[]string{"--eps", "3"}, []string{"eps"}},
		{[]string{"--set", "attack.defence=quantise"}, []string{"certify", "Floor", "attacks and smoothing remain"}},
	} {
		args := append([]string{"certify", run, "--images", "8", "--out", t.TempDir()}, row.args...)
		r := unwarp(t, args...)
		if r.code != exitUsage || !strings.HasPrefix(r.last(), "unwarp: ") || len(r.last()) > 300 {
			t.Errorf("%v: exit code %d: %s", row.args, r.code, r.err)
		}
		for _, name := range row.names {
			if !strings.Contains(r.last(), name) {
				t.Errorf("%v: want %q in %q", row.args, name, r.last())
			}
		}
	}
	unwarp(t, "attack", "--certify", "crown", run).fails(t, exitUsage, "--certify=crown")
	if list := must(t, "certify", "--list").out; !strings.Contains(list, "branch-and-bound") || !strings.Contains(list, "split_steps") {
		t.Errorf("--list:\n%s", list)
	}
}

// TestCertifyRefusesNormalisation: a model without bounds is refused at once, by
// name, and with what remains.
func TestCertifyRefusesNormalisation(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--config", configFile(t, tiny), "--run", run, "--set", "model.normalise=image", "--set", "attack.attacks=[]")
	for _, command := range [][]string{{"certify", run, "--images", "4"}, {"attack", run, "--certify", "--images", "4"}} {
		r := unwarp(t, command...)
		if r.code != exitUsage || !strings.Contains(r.last(), "normalisation by the image") || !strings.Contains(r.last(), "attack only") {
			t.Errorf("%v: exit code %d: %s", command, r.code, r.err)
		}
	}
}

// TestContradiction: an image that is proven and broken at once fails the command,
// and no figure is printed.
func TestContradiction(t *testing.T) {
	run, home := provable(t), t.TempDir()
	flags := []string{run, "--out", home, "--images", "8", "--eps", ".3"}
	must(t, append([]string{"attack", "--certify=ibp", "--attack", "bim", "--checks", "0"}, flags...)...)
	path := filepath.Join(home, "attack", "evaluation.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Record
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	broken := slices.IndexFunc(r.Evaluation.Attacks[0].Results, func(a attacks.ImageResult) bool { return float64(a.ThreatDistance) <= .3 })
	if broken < 0 {
		t.Fatal("want an image that bim breaks at .3")
	}
	r.Certificates[0].Images[broken].Proven = .3
	if raw, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	failed := unwarp(t, append([]string{"certify", "--method", "ibp"}, flags...)...)
	if failed.code != exitFailed || failed.out != "" || !strings.Contains(failed.last(), fmt.Sprintf("C36: image %d is proven and broken at once", r.Evaluation.Index[broken])) {
		t.Errorf("exit code %d: %s\n%s", failed.code, failed.err, failed.out)
	}
	if text := must(t, "report", home, "--text").out; strings.Contains(text, "%") || !strings.Contains(text, "no figure is given") {
		t.Errorf("want no figure in\n%s", text)
	}
}

// TestCertifyKilled ends proofs in the middle by signals and resumes them: they are
// those of a command that was left alone.
func TestCertifyKilled(t *testing.T) {
	run := provable(t)
	args := func(out string, more ...string) []string {
		return append([]string{"certify", run, "--out", out, "--images", "16", "--eps", "5e-4 .01", "--method", "alpha-crown(batch=1)", "--json"}, more...)
	}
	var want report.Record
	must(t, args(t.TempDir())...).decode(t, &want)
	for _, row := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGKILL, -1}, {syscall.SIGINT, exitInterrupted}} {
		out := t.TempDir()
		c := child(t, args(out)...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		journal := filepath.Join(out, "attack", "proofs.jsonl")
		waitFor(t, c, func() bool { raw, _ := os.ReadFile(journal); return bytes.Count(raw, []byte("\n")) > 4 })
		if err := c.Process.Signal(row.signal); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		if got := c.ProcessState.ExitCode(); got != row.code || row.code == exitInterrupted && !strings.Contains(stderr.String(), "--resume") {
			t.Fatalf("%v: exit code %d, want %d (if 0, it was done before the signal): %s", row.signal, got, row.code, stderr.String())
		}
		if r := unwarp(t, args(out)...); r.code != exitUsage || !strings.Contains(r.last(), "--resume") {
			t.Errorf("without --resume: exit code %d: %s", r.code, r.last())
		}
		if r := unwarp(t, args(out, "--resume", "--method", "crown-ibp")...); r.code != exitUsage || !strings.Contains(r.last(), "method") {
			t.Errorf("with another method: exit code %d: %s", r.code, r.last())
		}
		var got report.Record
		must(t, args(out, "--resume")...).decode(t, &got)
		if !slices.EqualFunc(got.Certificates[0].Images, want.Certificates[0].Images, func(a, b certify.ImageProof) bool {
			return a.Proven == b.Proven && a.Broken == b.Broken && len(a.Attempts) == len(b.Attempts)
		}) || got.Certificates[0].Resumed == 0 {
			t.Errorf("%v: resumed %d; proven %v, want %v", row.signal, got.Certificates[0].Resumed, provenOf(t, got), provenOf(t, want))
		}
	}
}
