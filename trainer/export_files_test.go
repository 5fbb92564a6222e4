package trainer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportRefuses(t *testing.T) {
	p, net := trainedExport(t, "base", 0)
	parent := t.TempDir()
	at := func(name string) string { return filepath.Join(parent, name) }
	write := func(path string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("mine"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write(at("file"))
	write(at("thesis/chapter1.tex"))
	write(at("foreign/saved_model.pb")) // somebody else's model
	write(at("foreign/variables/variables.index"))
	mustExport(t, p, net, at("grown"), DefaultExport()) // an export to which somebody added a file
	write(at("grown/notes.txt"))
	write(at("aside.replaced/notes.txt"))
	before := names(t, parent)
	half := make([]float32, exportShape.Len()+1)
	for _, c := range []struct {
		dir    string
		e      Export
		images []float32
		texts  []string
	}{
		{at("new"), Export{}, nil, []string{"export.input", `want float or uint8, got ""`}},
		{at("new"), Export{Input: "int8"}, nil, []string{"export.input", `got "int8"`}},
		{at("new"), DefaultExport(), half, []string{"8x6x3 = 144 values", "got 145"}},
		{at("file"), DefaultExport(), nil, []string{at("file"), "found a file"}},
		{at("file/new"), DefaultExport(), nil, []string{at("file/new"), "not a directory", "choose another folder"}},
		{at("thesis"), DefaultExport(), nil, []string{at("thesis"), "chapter1.tex", "choose another name"}},
		{at("foreign"), DefaultExport(), nil, []string{at("foreign"), "without saved_model.pb, unwarp.json, variables"}},
		{at("grown"), DefaultExport(), nil, []string{at("grown"), "notes.txt"}},
	} {
		_, err := p.WriteSavedModel(net, c.dir, c.e, c.images)
		wantRefusal(t, err, c.texts...)
		if after := names(t, parent); after != before {
			t.Errorf("%s: want %s, got %s", c.dir, before, after)
		}
	}
	mustExport(t, p, net, at("aside"), DefaultExport()) // beside somebody's folder
	for _, mine := range []string{"file", "thesis/chapter1.tex", "foreign/saved_model.pb", "grown/notes.txt", "aside.replaced/notes.txt"} {
		if raw, err := os.ReadFile(at(mine)); err != nil || string(raw) != "mine" {
			t.Errorf("%s: %q, %v", mine, raw, err)
		}
	}
}

func TestExportToReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write anywhere")
	}
	p, net := trainedExport(t, "base", 0)
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(parent, 0o755)
	_, err := p.WriteSavedModel(net, filepath.Join(parent, "x"), DefaultExport(), nil)
	wantRefusal(t, err, "not written", "permission denied", "choose another folder")
}

// TestExportReplaces checks what becomes of earlier exports, whole ones and
// those that a kill left behind.
func TestExportReplaces(t *testing.T) {
	p, net := trainedExport(t, "reconstruction", 0)
	whole, only := DefaultExport(), Export{InferenceOnly: true, Input: "float"}
	parent := t.TempDir()
	dir := filepath.Join(parent, "x")
	is := func(what string, e Export) {
		t.Helper()
		if got := names(t, parent); got != "x" {
			t.Fatalf("%s: want x alone, got %s", what, got)
		}
		if got := len(loadExport(t, dir).Signatures); got != len(wantSignatures("reconstruction", e.InferenceOnly)) {
			t.Fatalf("%s: %d signatures", what, got)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(dir, 0o755))
	mustExport(t, p, net, dir, whole)
	is("an empty folder", whole)
	mustExport(t, p, net, dir+"/", only)
	is("an earlier export", only)

	must(os.MkdirAll(dir+".unfinished/variables", 0o755))
	mustExport(t, p, net, dir, whole)
	is("a killed write", whole)

	must(os.CopyFS(dir+".replaced", os.DirFS(dir)))
	must(os.Remove(filepath.Join(dir+".replaced", "unwarp.json")))
	mustExport(t, p, net, dir, only)
	is("a killed removal", only)

	// Killed between the two renames, and then the new export fails as well.
	must(os.Rename(dir, dir+".replaced"))
	must(os.MkdirAll(dir+".unfinished", 0o755))
	q := *p
	q.Model.Encoder = normed{scale: 2}
	_, err := q.WriteSavedModel(net, dir, whole, nil)
	wantRefusal(t, err, "logits")
	is("a killed replacement", only)

	// A link keeps pointing at the export.
	link := filepath.Join(t.TempDir(), "link")
	must(os.Symlink(dir, link))
	mustExport(t, p, net, link, whole)
	is("a link", whole)
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
}

// wantRefusal checks that an export fails with one line that holds all the texts.
func wantRefusal(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("want an error, got none")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("want an error with %q, got %v", text, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("want one line, got %q", err)
	}
}
