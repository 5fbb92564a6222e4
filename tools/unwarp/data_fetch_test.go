package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A set of somebody's own: listed, fetched, and there the second time without being asked for.
func TestDataFetch(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/good/numbers.bin" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "12345")
	}))
	defer s.Close()
	catalogue := configFile(t, fmt.Sprintf("ours: {address: %s/bad, files: [{name: numbers.bin, size: 5, sha256: %x}]}", s.URL, sha256.Sum256([]byte("12345"))))
	listed := must(t, "data", "fetch", "--list", "--catalogue", catalogue).out
	for _, want := range []string{"ours:", "cifar10:", "sha256: c4a38c50", "unpack: cifar-10-batches-bin"} {
		if !strings.Contains(listed, want) {
			t.Errorf("list without %q:\n%s", want, listed)
		}
	}
	dir := filepath.Join(t.TempDir(), "new", "ours")
	unwarp(t, "data", "fetch", "ours", "--catalogue", catalogue, "--to", dir).fails(t, exitFailed, "/bad/numbers.bin", "404 Not Found", "--from URL")
	for range 2 {
		r := must(t, "data", "fetch", "ours", "--catalogue", catalogue, "--to", dir, "--from", s.URL+"/good")
		if raw, err := os.ReadFile(filepath.Join(dir, "numbers.bin")); err != nil || string(raw) != "12345" || !strings.Contains(r.out, "ours is in "+dir+", complete") {
			t.Errorf("%q, %v, said %q", raw, err, r.out)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want once for the wrong address and once for the right one", asked)
	}
}

func TestDataFetchMisuse(t *testing.T) {
	bad := configFile(t, "ours: {address: nowhere}")
	for line, names := range map[string][]string{
		"":                           {"want the name of one data set", "--list"},
		"mnist cifar10":              {"want the name of one data set"},
		"--list mnist":               {`want no further arguments, got "mnist"`},
		"minst":                      {"cifar10, mnist, smallnorb", `"minst"`},
		"mnist --from x":             {"--from", "http://", `"x"`},
		"mnist --catalogue " + bad:   {bad, "ours", "http://"},
		"mnist --catalogue none.yml": {"--catalogue", "none.yml"},
		"mnist --form x":             {"--from"},
	} {
		unwarp(t, append([]string{"data", "fetch"}, strings.Fields(line)...)...).fails(t, exitUsage, names...)
	}
}

// Somebody's own photos: described with their classes, and pictured.
func TestDataOfFolders(t *testing.T) {
	root := t.TempDir()
	for _, class := range []string{"cat", "dog"} {
		for i := range 5 {
			path := filepath.Join(root, class, fmt.Sprint(i, ".png"))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 9+i, 9))); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	set := []string{"data", "--set", "data.set=folder", "--set", "data.path=" + root}
	if out := must(t, set...).out; !strings.Contains(out, "train: 8 images") || strings.Contains(out, "validation") || strings.Contains(out, "passed over") {
		t.Errorf("by default all of the set: %s", out)
	}
	unwarp(t, append(set, "--set", "data.train=9")...).fails(t, exitUsage, "8 training and 2 test", "data.train=0 data.test=0 data.validation=0")
	set = append(set, "--set", "data.validation=2")
	for _, name := range []string{"notes.txt", "list.html"} {
		if err := os.WriteFile(filepath.Join(root, "cat", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	if out := must(t, append(set, "--sheet", sheet)...).out; !strings.Contains(out, "classes  0 cat  1 dog\n") || !strings.Contains(out, "train: 6 images of 32x32x3") || !strings.Contains(out, "no images, by their names: 2") {
		t.Errorf("%s", out)
	}
	if info, err := os.Stat(sheet); err != nil || info.Size() == 0 {
		t.Errorf("no sheet: %v", err)
	}
	var d struct {
		Parts []struct {
			Part  string
			Names []string `json:"class_names"`
		}
	}
	if err := json.Unmarshal([]byte(must(t, append(set, "--json")...).out), &d); err != nil || len(d.Parts) != 3 || fmt.Sprint(d.Parts[0].Names) != "[cat dog]" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestFamiliarPart(t *testing.T) {
	unwarp(t, "evaluate", trained(t), "--part", "familiar").fails(t, exitUsage, "--part familiar", "data.view")
	for line, names := range map[string][]string{
		"data.view=azimut":     {"azimuth"},
		"data.split=hintom":    {"hinton"},
		"data.holdout=1":       {"holdout"},
		"data.people=-1":       {"people"},
		"data.channels=2":      {"channels"},
		"data.set=smallnorbs":  {`"smallnorb"`},
		"data.set=csv":         {"data.path", "the CSV file that lists the images", "FILE.csv"},
		"data.set=smallnorb":   {"data.path", "the folder of the smallnorb files"},
		"data.memory=-4":       {"memory"},
		"data.set=facescrubes": {`"facescrub"`},
	} {
		unwarp(t, "data", "--set", line).fails(t, exitUsage, names...)
	}
}
