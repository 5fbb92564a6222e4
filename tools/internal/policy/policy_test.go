package policy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The project obeys its own rules.
func TestImports(t *testing.T) {
	root := "../../.."
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	broken, err := Check(root, Rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range broken {
		t.Error(line)
	}
}

// Every rule has a reason and a folder of its own, and what it allows exists:
// a folder with a rule, or another module.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules {
		if r.Why == "" || seen[r.Folder] {
			t.Errorf("%s: no reason, or a second rule", r.Folder)
		}
		seen[r.Folder] = true
	}
	for _, r := range Rules {
		for _, may := range r.May {
			if first, _, _ := strings.Cut(may, "/"); !seen[may] && !strings.Contains(first, ".") {
				t.Errorf("%s may import %s, which has no rule", r.Folder, may)
			}
		}
	}
}

// rule is the one with that folder.
func rule(t *testing.T, folder string) Rule {
	t.Helper()
	at := slices.IndexFunc(Rules, func(r Rule) bool { return r.Folder == folder })
	if at < 0 {
		t.Fatalf("no rule for %s", folder)
	}
	return Rules[at]
}

// TestOnlyPlaces: some modules have one place each.
func TestOnlyPlaces(t *testing.T) {
	for name, places := range map[string][]string{
		viper:        {"tools/internal/run/config"},
		mapstructure: {"tools/internal/run/config"},
		cobra:        {"tools/unwarp"},
		progressbar:  {"tools/internal/run/progress"},
		plot:         {"tools/internal/drawing", "tools/internal/report"},
		protobuf:     {"graphs", "graphs/bpda", "graphs/cluster", "graphs/onnx", "graphs/imported/savedmodel", "graphs/imported/onnx", "graphs/onnx/format", "trainer"},
		gonum:        {"attacks/certify/smoothing", "tools/internal/study"},
		flock:        {"pipelines/files", "tools/internal/setup/tflib", "tools/internal/setup"},
	} {
		for _, r := range Rules {
			if may := r.allows(name, Rules); may != slices.Contains(places, r.Folder) {
				t.Errorf("%s may import %s: %v", r.Folder, name, may)
			}
		}
	}
}

// TestLayers: what lies below never imports what lies above, and what fetches
// TensorFlow does not need it.
func TestLayers(t *testing.T) {
	for _, pair := range [][2]string{
		{"graphs", "pipelines"}, {"pipelines", "graphs"}, {"attacks", "trainer"}, {"attacks", "pipelines"}, {"trainer", "attacks"},
		{"attacks", "attacks/library"}, {"attacks", "attacks/engine"}, {"attacks/engine", "attacks/library"}, {"attacks/library", "attacks/engine"},
		{"tools/internal/report", "tools/internal/run/experiment"}, {"tools/internal/run/experiment", "tools/internal/report"}, {"tools/internal/run", "tools/internal/study"},
	} {
		if rule(t, pair[0]).allows(module+"/"+pair[1], Rules) {
			t.Errorf("%s may import %s", pair[0], pair[1])
		}
	}
	for _, r := range Rules {
		if !strings.HasPrefix(r.Folder, "tools/") && r.allows(module+"/tools/tf", Rules) {
			t.Errorf("%s may import tools", r.Folder)
		}
	}
	for _, folder := range []string{"tools/tf", "tools/internal/setup/tflib", "tools/internal/setup/ctxio", "pipelines", "pipelines/npz", "graphs/spec"} {
		if r := rule(t, folder); r.allows(graft+"/tensorflow", Rules) || r.allows(module+"/graphs", Rules) {
			t.Errorf("%s may import TensorFlow", folder)
		}
	}
}

// TestCheck tries the checker itself, on a tree with one fault of each kind
// among what is allowed.
func TestCheck(t *testing.T) {
	root := t.TempDir()
	for name, imports := range map[string][]string{
		"graphs/good.go":               {"fmt", "C", "math/rand/v2", graft + "/tensorflow/op", module + "/graphs/spec"},
		"graphs/bad.go":                {"fmt", module + "/pipelines"},
		"graphs/deep/er/bad.go":        {cobra},
		"graphs/deep/good.go":          {module + "/graphs"},           // its rule is that of graphs
		"graphs/graphtest/good.go":     {module + "/graphs"},           // a longer folder decides
		"graphs/graphtest/bad.go":      {protobuf + "/proto"},          // which graphs may
		"graphs/upward.go":             {module + "/graphs/graphtest"}, // below its folder, under another rule
		"graphs/bad_test.go":           {module + "/tools/tf"},         // tests may use anything
		"graphs/testdata/bad.go":       {module + "/tools/tf"},
		"graphs/other/go.mod":          nil,
		"graphs/other/bad.go":          {module + "/tools/tf"},
		"pipelines/good.go":            {image + "/font"},
		"pipelines/bad.go":             {graft + "/tensorflow", "golang.org/x/imagery"},
		"attacks/good.go":              {graft + "/tensorflow", module + "/graphs"},
		"attacks/bad.go":               {module + "/trainer"},
		"attacks/library/good.go":      {module + "/attacks"},
		"attacks/library/bad.go":       {module + "/attacks/engine"},
		"trainer/good.go":              {protobuf + "/proto", module + "/pipelines"},
		"trainer/bad.go":               {progressbar, module + "/attacks"},
		"tools/unwarp/good.go":         {module + "/trainer", cobra},
		"tools/unwarp/bad.go":          {viper},
		"tools/internal/nowhere/go.go": {"fmt"},
		"graphsomething/elsewhere.go":  {"fmt"},
		".hidden/bad.go":               {module + "/tools"},
	} {
		text := "package p\n"
		if strings.HasSuffix(name, ".mod") {
			text = "module other\n"
		}
		for _, path := range imports {
			text += "import _ \"" + path + "\"\n"
		}
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Check(root, Rules)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"attacks/bad.go imports unwarp/trainer",
		"attacks/library/bad.go imports unwarp/attacks/engine",
		"graphs/bad.go imports unwarp/pipelines",
		"graphs/deep/er/bad.go imports github.com/spf13/cobra",
		"graphs/graphtest/bad.go imports google.golang.org/protobuf/proto",
		"graphs/upward.go imports unwarp/graphs/graphtest",
		"graphsomething/elsewhere.go: no rule",
		"pipelines/bad.go imports github.com/wamuir/graft/tensorflow",
		"pipelines/bad.go imports golang.org/x/imagery",
		"tools/internal/nowhere/go.go: no rule",
		"tools/unwarp/bad.go imports github.com/spf13/viper",
		"trainer/bad.go imports github.com/schollz/progressbar/v3",
		"trainer/bad.go imports unwarp/attacks",
	}
	if len(got) != len(want) {
		t.Fatalf("got %d faults:\n%s\nwant %d", len(got), strings.Join(got, "\n"), len(want))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s…", got[i], want[i])
		}
	}
	if err := os.WriteFile(filepath.Join(root, "graphs/broken.go"), []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(root, Rules); err == nil {
		t.Error("a file that does not parse is passed over")
	}
}
