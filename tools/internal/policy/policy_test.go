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

// Every rule has a reason, and none gives away what the rules are for.
func TestRules(t *testing.T) {
	for _, r := range Rules {
		if r.Why == "" {
			t.Errorf("%s: no reason", r.Folder)
		}
		if r.Folder != "tools" && (r.allows(module+"/tools/tf") || r.allows("github.com/spf13/viper") || r.allows("github.com/spf13/cobra") ||
			r.allows("github.com/schollz/progressbar/v3") || r.allows("github.com/go-viper/mapstructure/v2")) {
			t.Errorf("%s: may import what belongs to tools", r.Folder)
		}
	}
	for _, pair := range [][2]string{{"graphs", "pipelines"}, {"pipelines", "graphs"}, {"attacks", "trainer"}, {"attacks", "pipelines"}, {"trainer", "attacks"}} {
		at := slices.IndexFunc(Rules, func(r Rule) bool { return r.Folder == pair[0] })
		if at < 0 || Rules[at].allows(module+"/"+pair[1]) {
			t.Errorf("%s may import %s", pair[0], pair[1])
		}
	}
}

// The checker itself, on a tree with one fault of each kind among what is allowed.
func TestCheck(t *testing.T) {
	root := t.TempDir()
	for name, imports := range map[string][]string{
		"graphs/good.go":              {"fmt", "C", "math/rand/v2", graft + "/tensorflow/op", module + "/graphs/graphtest"},
		"graphs/bad.go":               {"fmt", module + "/pipelines"},
		"graphs/deep/er/bad.go":       {"github.com/spf13/cobra"},
		"graphs/bad_test.go":          {module + "/tools/tf"}, // tests may use anything
		"graphs/testdata/bad.go":      {module + "/tools/tf"},
		"graphs/other/go.mod":         nil,
		"graphs/other/bad.go":         {module + "/tools/tf"},
		"pipelines/good.go":           {image + "/font"},
		"pipelines/bad.go":            {graft + "/tensorflow", "golang.org/x/imagery"},
		"attacks/good.go":             {graft + "/tensorflow", module + "/graphs"},
		"attacks/bad.go":              {module + "/trainer"},
		"trainer/good.go":             {protobuf + "/proto", module + "/pipelines"},
		"trainer/bad.go":              {"github.com/schollz/progressbar/v3", module + "/attacks"},
		"tools/unwarp/good.go":        {module + "/trainer", "github.com/spf13/viper", "example.org/x"},
		"graphsomething/elsewhere.go": {"fmt"},
		".hidden/bad.go":              {module + "/tools"},
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
		"graphs/bad.go imports unwarp/pipelines",
		"graphs/deep/er/bad.go imports github.com/spf13/cobra",
		"graphsomething/elsewhere.go: no rule",
		"pipelines/bad.go imports github.com/wamuir/graft/tensorflow",
		"pipelines/bad.go imports golang.org/x/imagery",
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
