package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/evidence"
)

// repacked is a bundle with one file changed, and its hash in the manifest too, as
// someone would who wants it to be believed.
func repacked(t *testing.T, bundle, name string, change func(raw []byte) []byte) string {
	t.Helper()
	raw, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			all[f.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	all[name] = change(all[name])
	if name != "manifest.json" {
		var m map[string]any
		if err := json.Unmarshal(all["manifest.json"], &m); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(all[name])
		m["files"].(map[string]any)[name] = hex.EncodeToString(sum[:])
		all["manifest.json"], _ = json.Marshal(m)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for file, raw := range all {
		f, err := w.Create(file)
		if err == nil {
			_, err = f.Write(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "changed.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// replaced changes the first place where a text stands.
func replaced(t *testing.T, old, fresh string) func([]byte) []byte {
	return func(raw []byte) []byte {
		t.Helper()
		if !bytes.Contains(raw, []byte(old)) {
			t.Fatalf("there is no %q in %.300s", old, raw)
		}
		return bytes.Replace(raw, []byte(old), []byte(fresh), 1)
	}
}

// arraysChanged changes the float32 values of an array of an .npz.
func arraysChanged(t *testing.T, name string, change func(x []float32)) func([]byte) []byte {
	return func(raw []byte) []byte {
		t.Helper()
		all, err := npz.Decode(raw, 1<<28)
		if err != nil {
			t.Fatal(err)
		}
		var list []npz.Array
		for key, a := range all {
			switch x := a.Float32s(); {
			case x != nil:
				if key == name {
					change(x)
				}
				list = append(list, npz.Float32(key, x, a.Shape()...))
			case a.Int32s() != nil:
				list = append(list, npz.Int32(key, a.Int32s(), a.Shape()...))
			default:
				list = append(list, npz.Uint8(key, a.Uint8s(), a.Shape()...))
			}
		}
		out, err := npz.Encode(list...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// asOriginal makes the first example of an .npz the original image of a bundle.
func asOriginal(t *testing.T, bundle string, examples []byte) []byte {
	t.Helper()
	z, err := zip.OpenReader(bundle)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("originals.npz")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	originals, err := npz.Decode(raw, 1<<28)
	if err != nil {
		t.Fatal(err)
	}
	list, err := npz.Decode(examples, 1<<28)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(originals["index"].Int32s(), list["index"].Int32s()[0])
	size := 28 * 28
	return arraysChanged(t, "images", func(x []float32) { copy(x[:size], originals["images"].Float32s()[at*size:(at+1)*size]) })(examples)
}

var distances = regexp.MustCompile(`"threat_distance":0\.[0-9]+`)

// TestVerify: an honest bundle holds; of one in which something was changed, hashes
// included, the claim is named that does not.
func TestVerify(t *testing.T) {
	run, home := trained(t), t.TempDir()
	bundle := filepath.Join(home, "evidence.zip")
	r := must(t, "attack", run, "--out", home, "--images", "20", "--attack", "fgsm", "--attack", "random", "--eps", ".1 .4", "--checks", "0", "--bundle", bundle, "--require", "clean >= 0%", "--json")
	var record report.Record
	if r.decode(t, &record); record.Bundle == nil || record.Bundle.Name != "evidence.zip" || !strings.Contains(r.err, "unwarp verify") {
		t.Fatalf("the record does not name its bundle: %+v, %s", record.Bundle, r.err)
	}
	if page := must(t, "report", home, "--json").out; !strings.Contains(page, record.Bundle.SHA256) {
		t.Error("the report does not name the bundle")
	}
	digest := fileDigest(t, bundle)
	if r := unwarp(t, "verify", bundle, "--digest", strings.Repeat("0", 64)); r.code != exitUnmet || !strings.Contains(r.out, "DOES NOT HOLD   digest") {
		t.Errorf("another digest: code %d, %s", r.code, r.out)
	}
	unwarp(t, "verify", bundle, "--digest", digest[:63]).fails(t, exitUsage, "--digest: want a SHA-256 of 64")
	if r := must(t, "verify", bundle, "--digest", strings.ToUpper(digest)); !strings.Contains(r.out, "holds           digest") || !strings.Contains(r.out, "All claims that were recomputed hold.") || strings.Contains(r.out, "DOES NOT HOLD") {
		t.Errorf("an honest bundle:\n%s", r.out)
	}
	last := func(x []float32) *float32 { return &x[len(x)-1] }
	for name, row := range map[string]struct {
		file   string
		change func([]byte) []byte
		claims string
	}{
		"a figure":              {"manifest.json", replaced(t, `"left": `, `"left": 1`), "figures"},
		"an accuracy":           {"manifest.json", replaced(t, `"clean_correct": `, `"clean_correct": 1`), "figures"},
		"another model":         {"manifest.json", replaced(t, `"weights": "`, `"weights": "00`), "model"},
		"an example outside":    {"examples.npz", arraysChanged(t, "images", func(x []float32) { *last(x) = 1.5 }), "examples"},
		"an example of nothing": {"examples.npz", arraysChanged(t, "images", func(x []float32) { clear(x) }), "examples"},
		"an unchanged image":    {"examples.npz", func(raw []byte) []byte { return asOriginal(t, bundle, raw) }, "examples"},
		"an original":           {"originals.npz", arraysChanged(t, "images", func(x []float32) { *last(x) = 1 - *last(x)/2 }), "originals"},
		"a smaller distance":    {"evaluation.json", func(raw []byte) []byte { return distances.ReplaceAll(raw, []byte(`"threat_distance":0.01`)) }, "examples"},
		"one more example":      {"evaluation.json", replaced(t, `"distance":null,"threat_distance":null`, `"distance":0.1,"threat_distance":0.1`), "examples"},
	} {
		changed := repacked(t, bundle, row.file, row.change)
		r := unwarp(t, "verify", changed, "--json")
		var v evidence.Verdict
		if r.decode(t, &v); r.code != exitUnmet {
			t.Errorf("%s: exit code %d, %s", name, r.code, r.err)
		}
		var failed []string
		for _, c := range v.Failed() {
			failed = append(failed, c.What)
		}
		if c := v.Claims[0]; c.What != "digest" || c.Outcome != evidence.NotRecomputed {
			t.Errorf("%s: without --digest the first claim is %+v", name, c)
		}
		if !strings.Contains(strings.Join(failed, " "), row.claims) {
			t.Errorf("%s: want %s to fail, got %v", name, row.claims, failed)
		}
	}
}

// TestVerifyProofs: proofs are made again, a claimed one that no method finds is
// named; originals are read from the data where the bundle has their hashes.
func TestVerifyProofs(t *testing.T) {
	run, home := provable(t), t.TempDir()
	bundle := filepath.Join(home, "evidence.zip")
	must(t, "attack", run, "--out", home, "--images", "8", "--attack", "fgsm", "--eps", "5e-4 .3", "--checks", "0", "--certify=ibp", "--bundle", bundle, "--without-originals")
	if r := must(t, "verify", bundle, run); !strings.Contains(r.out, "proofs made again") {
		t.Errorf("proofs:\n%s", r.out)
	}
	if r := must(t, "verify", bundle, "--prove", "none"); !strings.Contains(r.out, "not recomputed") {
		t.Errorf("without proofs:\n%s", r.out)
	}
	changed := repacked(t, bundle, "evaluation.json", func(raw []byte) []byte {
		return bytes.ReplaceAll(raw, []byte(`"proven":0,`), []byte(`"proven":0.01,`))
	})
	if r := unwarp(t, "verify", changed); r.code != exitUnmet || !strings.Contains(r.out, "left them open") {
		t.Errorf("made-up proofs: %s", r.out)
	}
	if r := unwarp(t, "verify", bundle, run, "--set", "data.seed=9"); r.code != exitUnmet || !strings.Contains(r.out, "DOES NOT HOLD   originals") {
		t.Errorf("other images: %s", r.out)
	}
}

// TestVerifyRefuses: wrong uses end before any work.
func TestVerifyRefuses(t *testing.T) {
	run, home := trained(t), t.TempDir()
	text := filepath.Join(home, "text.zip")
	if err := os.WriteFile(text, []byte("no zip"), 0o644); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "verify", text).fails(t, exitUsage, "text.zip", "want a bundle")
	unwarp(t, "verify", filepath.Join(home, "none.zip")).fails(t, exitUsage, "none.zip")
	unwarp(t, "verify").fails(t, exitUsage, "want a bundle")
	unwarp(t, "verify", text, "--prove", "magic").fails(t, exitUsage, "--prove")
	attack := func(args ...string) result {
		return unwarp(t, append([]string{"attack", run, "--out", home}, args...)...)
	}
	attack("--bundle", filepath.Join(home, "a.txt")).fails(t, exitUsage, "--bundle", ".zip")
	attack("--without-originals").fails(t, exitUsage, "--bundle")
	attack("--bundle", filepath.Join(home, "a.zip"), "--shard", "1/2").fails(t, exitUsage, "merge")
	attack("--bundle", filepath.Join(home, "a.zip"), "--threat", "corruption").fails(t, exitUsage, "corruptions")
	attack("--bundle", filepath.Join(home, "a.zip"), "--threat", "rotate(9)", "--threat", "linf").fails(t, exitUsage, "one threat")
}

// fileDigest is the SHA-256 of a file.
func fileDigest(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
