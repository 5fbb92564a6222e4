package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// someImages are 11 images of the threshold model, of which one is misclassified.
func someImages() attacks.Images {
	set := attacks.Images{}
	for i, x := range []float32{.6, .53, .1, .45, .52, .9, .7, .2, .48, .3, .55} {
		label := int32(0)
		if x > .5 {
			label = 1
		}
		set.Pixels, set.Labels, set.Index = append(set.Pixels, x), append(set.Labels, label), append(set.Index, i)
	}
	set.Labels[4] = 0
	return set
}

// fewAttacks are those of these tests; change changes them.
func fewAttacks(change func(a *config.Attack)) func(a *config.Attack) {
	return func(a *config.Attack) {
		a.Attacks, a.Checks = []string{"random", "fgsm", "pgd(steps=5)", "square(queries=30)"}, 0
		if change != nil {
			change(a)
		}
	}
}

// runShard attacks one shard into home.
func runShard(t *testing.T, home string, shard attacks.Shard, o Options, change func(a *config.Attack)) (Shard, error) {
	t.Helper()
	e, err := NewShard(t.Context(), subject(fewAttacks(change)), 3, shard)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	o.Folder, o.Log = home, io.Discard
	s, _, err := e.RunShard(t.Context(), someImages(), o)
	return s, err
}

// runShards attacks all shards into a new folder, and returns theirs.
func runShards(t *testing.T, n int, change func(a *config.Attack)) (folders []string) {
	t.Helper()
	home := t.TempDir()
	for k := 1; k <= n; k++ {
		s, err := runShard(t, home, attacks.Shard{K: k, N: n}, Options{}, change)
		if err != nil || !s.Finished {
			t.Fatalf("shard %d/%d: %+v, %v", k, n, s, err)
		}
		folders = append(folders, s.Folder)
	}
	return folders
}

// merge joins shards into a new folder; problems are those of [OpenShards].
func merge(t *testing.T, dirs []string, change func(a *config.Attack)) (folder string, problems []string, err error) {
	return mergeSaying(t, dirs, io.Discard, change)
}

func mergeSaying(t *testing.T, dirs []string, log io.Writer, change func(a *config.Attack)) (folder string, problems []string, err error) {
	t.Helper()
	shards, problems := OpenShards(dirs)
	if len(problems) > 0 {
		return "", problems, nil
	}
	e, err := New(t.Context(), subject(fewAttacks(change)), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folder = t.TempDir()
	_, err = e.Merge(t.Context(), someImages(), shards, Options{Folder: folder, Log: log})
	return folder, nil, err
}

// withoutTimes is the record in a folder without what may differ between an
// evaluation that was divided and one that was not.
func withoutTimes(t *testing.T, folder string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, report.AttackDir, "evaluation.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"date", "machine", "command", "shards"} {
		delete(tree, key)
	}
	delete(tree["evaluation"].(map[string]any), "seconds")
	return tree
}

func wholeEvaluation(t *testing.T, change func(a *config.Attack)) map[string]any {
	t.Helper()
	e, err := New(t.Context(), subject(fewAttacks(change)), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folder := t.TempDir()
	if _, err := e.Run(t.Context(), someImages(), Options{Folder: folder, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	return withoutTimes(t, folder)
}

// TestMerge: shards in any order, one of them cut off and resumed, and more of
// them than images, give the evaluation of one command.
func TestMerge(t *testing.T) {
	want := wholeEvaluation(t, nil)
	folders := runShards(t, 3, nil)
	cutJournal(t, folders[1])
	if s, err := runShard(t, home(folders[1]), attacks.Shard{K: 2, N: 3}, Options{Resume: true}, nil); err != nil || !s.Finished {
		t.Fatalf("resumed: %+v, %v", s, err)
	}
	orders := [][]string{{home(folders[0])}, {filepath.Dir(folders[0])}}
	for _, o := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		orders = append(orders, []string{folders[o[0]], folders[o[1]], folders[o[2]]})
	}
	orders = append(orders, runShards(t, 1, nil), runShards(t, 13, nil)) // more than images
	for _, dirs := range orders {
		folder, problems, err := merge(t, dirs, nil)
		if err != nil || problems != nil {
			t.Errorf("%v: %v %v", dirs, problems, err)
			continue
		}
		if got := withoutTimes(t, folder); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: the merged evaluation differs: got %v, want %v", dirs, got, want)
		}
		if r, _, err := report.Load(folder); err != nil || r.Shards != len(dirs) && len(dirs) > 1 {
			t.Errorf("%v: record of %d shards, %v", dirs, r.Shards, err)
		}
	}
}

// TestMergeChecks: the checks are those of an evaluation that was not divided.
func TestMergeChecks(t *testing.T) {
	checked := func(a *config.Attack) { a.Checks, a.Minutes = 2, 1000 }
	var said strings.Builder
	folder, problems, err := mergeSaying(t, runShards(t, 2, nil), &said, checked)
	if err != nil || problems != nil {
		t.Fatal(problems, err)
	}
	if !strings.Contains(said.String(), "--minutes") { // which does not bound the checks
		t.Errorf("want a remark on what --minutes bounds, got %q", said.String())
	}
	got, want := withoutTimes(t, folder), wholeEvaluation(t, checked)
	if all, ok := want["checks"].([]any); !ok || len(all) < 30 {
		t.Fatalf("want all checks, got %v", want["checks"])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func home(shard string) string { return filepath.Dir(filepath.Dir(shard)) }

// cutJournal takes the last line from a shard's journal, and half of the one
// before, as kill -9 may leave it.
func cutJournal(t *testing.T, folder string) {
	t.Helper()
	editFile(t, filepath.Join(folder, journalFile), func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		n := len(lines) - 3
		return strings.Join(lines[:n], "") + lines[n][:len(lines[n])/2]
	})
	editFile(t, filepath.Join(folder, shardFile), func(text string) string {
		return strings.Replace(text, `"finished": true`, `"finished": false`, 1)
	})
}

func editFile(t *testing.T, path string, change func(text string) string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(raw))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpenShardsNames: each shard that is amiss is named, a line each.
func TestOpenShardsNames(t *testing.T) {
	good, other := runShards(t, 3, nil), runShards(t, 3, func(a *config.Attack) { a.Eps = ".07" })
	two := runShards(t, 2, nil)
	spoil := func(name string, change func(text string) string) string {
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(good[1])); err != nil {
			t.Fatal(err)
		}
		editFile(t, filepath.Join(to, name), change)
		return to
	}
	middle := func(text string) string { return text[:len(text)/2] + "~" + text[len(text)/2+1:] }
	stopped := t.TempDir()
	if s, err := runShard(t, stopped, attacks.Shard{K: 2, N: 3}, Options{}, func(a *config.Attack) { a.Passes = 3 }); err != nil || s.Finished {
		t.Fatalf("want a shard that its budget stopped, got %+v, %v", s, err)
	}
	for name, c := range map[string]struct {
		dirs  []string
		wants []string
	}{
		"missing":     {good[:1], []string{"shard 2/3 is missing", "shard 3/3 is missing"}},
		"double":      {append(slices.Clone(good), spoil(shardFile, func(s string) string { return s })), []string{"shard 2/3 is there twice: in " + good[1]}},
		"foreign":     {[]string{good[0], other[1], good[2]}, []string{other[1] + ": shard 2/3: it is of another evaluation: attack.eps: it has 0.07, the others 0.05 0.2"}},
		"version":     {[]string{good[0], spoil(journalFile, ofOtherVersion), good[2]}, []string{"shard 2/3: it is of another evaluation: version: it has 0.0, the others"}},
		"division":    {append(slices.Clone(good), two[0]), []string{two[0] + ": shard 1/2 is of another division"}},
		"budget":      {[]string{good[0], stopped, good[2]}, []string{"shard 2/3 is unfinished", "the budget of 3 passes is used up", "--resume"}},
		"cut":         {[]string{good[0], spoil(journalFile, func(s string) string { return s[:len(s)-5] }), good[2]}, []string{"shard 2/3 is unfinished", "its journal was cut"}},
		"damaged":     {[]string{good[0], spoil(journalFile, middle), good[2]}, []string{"shard 2/3: attacks: journal", "its checksum is wrong"}},
		"emptied":     {[]string{good[0], spoil(journalFile, func(string) string { return "" }), good[2]}, []string{"shard 2/3: attacks: journal", "empty file"}},
		"state":       {[]string{good[0], spoil(shardFile, func(string) string { return "{" }), good[2]}, []string{"shard.json: want what unwarp attack --shard writes", "shard 2/3 is missing"}},
		"forged":      {[]string{good[0], spoil(shardFile, func(s string) string { return strings.Replace(s, "2/3", "9/3", 1) }), good[2]}, []string{`want K/N, got "9/3"`}},
		"no shard":    {[]string{t.TempDir()}, []string{"found none"}},
		"no folder":   {[]string{"no/such"}, []string{"no/such: want the folder of a shard"}},
		"all at once": {[]string{good[0], other[1], two[1]}, []string{"shard 3/3 is missing", "another division", "another evaluation"}},
	} {
		shards, problems := OpenShards(c.dirs)
		if name == "all at once" && len(problems) != 3 {
			t.Errorf("%s: want 3 lines, got %q", name, problems)
		}
		for _, want := range c.wants {
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
				t.Errorf("%s: want %q in %q (%d shards)", name, want, problems, len(shards))
			}
		}
	}
	if _, problems := OpenShards([]string{good[0], good[1], good[1] + "/.", good[2]}); len(problems) > 0 {
		t.Errorf("a folder that is named twice: %v", problems)
	}
}

// ofOtherVersion is a journal that another version of unwarp wrote: its head
// alone, with the checksum of a writer.
func ofOtherVersion(text string) string {
	head, _, _ := strings.Cut(text, "\n")
	var tree struct {
		Identity map[string]any `json:"identity"`
	}
	if err := json.Unmarshal([]byte(head), &tree); err != nil {
		panic(err)
	}
	tree.Identity["version"] = "0.0"
	path := filepath.Join(os.TempDir(), fmt.Sprintf("unwarp-other-version-%d", os.Getpid()))
	defer os.Remove(path)
	j, err := engine.OpenJournal(path, tree.Identity)
	if err != nil {
		panic(err)
	}
	j.Close()
	raw, _ := os.ReadFile(path)
	return string(raw)
}

// TestMergeRefuses what is not of the model and the data at hand, or lacks an
// attempt although its folder says that it is finished.
func TestMergeRefuses(t *testing.T) {
	folders := runShards(t, 2, nil)
	var wrong *experiment.ConfigError
	if _, _, err := merge(t, folders, func(a *config.Attack) { a.Exhaustive = true }); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "attack.exhaustive: the shards have false, now true") {
		t.Errorf("other settings: %v", err)
	}
	lines := 0
	editFile(t, filepath.Join(folders[0], journalFile), func(text string) string {
		all := strings.SplitAfter(text, "\n")
		lines = len(all) - 2
		return strings.Join(all[:len(all)-2], "")
	})
	editFile(t, filepath.Join(folders[0], shardFile), func(text string) string {
		return strings.Replace(text, fmt.Sprintf(`"attempts_of": %d`, lines), fmt.Sprintf(`"attempts_of": %d`, lines-1), 1)
	})
	folder, problems, err := merge(t, folders, nil)
	if err == nil || !strings.Contains(err.Error(), "shard 1/2 is unfinished") {
		t.Errorf("want a shard that lacks an attempt refused, got %v %v", problems, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, report.AttackDir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRunShard: what is there is not overwritten unasked, nor by two at once.
func TestRunShard(t *testing.T) {
	home, shard := t.TempDir(), attacks.Shard{K: 1, N: 2}
	refused := func(text string, o Options, change func(a *config.Attack)) {
		t.Helper()
		var wrong *experiment.ConfigError
		if _, err := runShard(t, home, shard, o, change); !errors.As(err, &wrong) || !strings.Contains(err.Error(), text) {
			t.Errorf("want a ConfigError with %q, got %v", text, err)
		}
	}
	done := func(o Options) {
		t.Helper()
		if s, err := runShard(t, home, shard, o, nil); err != nil || !s.Finished || s.Attempts != s.Of || s.Images != 6 && s.Images != 5 {
			t.Errorf("%+v: got %+v, %v", o, s, err)
		}
	}
	done(Options{Resume: true}) // begins
	refused("which is finished", Options{}, nil)
	done(Options{Resume: true})
	done(Options{Restart: true})
	cutJournal(t, ShardFolder(home, shard))
	refused("interrupted", Options{}, nil)
	refused("attack.eps", Options{Resume: true}, func(a *config.Attack) { a.Eps = ".06" })
	done(Options{Resume: true})
	if s, err := runShard(t, home, attacks.Shard{K: 2, N: 2}, Options{}, nil); err != nil || !s.Finished {
		t.Errorf("the other shard beside it: %+v, %v", s, err)
	}
}
