package fetch

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

func TestCatalogue(t *testing.T) {
	known := BuiltInCatalogue()
	for _, name := range []string{"mnist", "cifar10", "smallnorb"} {
		if s, ok := known[name]; !ok || !strings.HasPrefix(s.Address, "https://") {
			t.Errorf("%s: %v", name, s)
		}
	}
	sum := strings.Repeat("0f", 32)
	good := "a: {address: 'http://x/y', files: [{name: n, size: 3, sha256: " + sum + "}]}"
	if c, err := ReadCatalogue([]byte(good)); err != nil || c["a"].Files[0].Name != "n" {
		t.Errorf("%v, %v", c, err)
	}
	for change, want := range map[string]string{
		"http:=>ftp:": "want an address that begins with http", "http://x=>http:": "want an address", "name: n=>name: ../n": `got "../n"`,
		"name: n=>name: ''": `got ""`, "name: n=>name: n.part": `got "n.part"`, "name: n=>name: .": `got "."`, "0f0f=>0f": "want a SHA-256 of 64", "size: 3=>size: 0": "want a size",
		"size: 3=>weight: 3": "not found", "name: n=>name: n, unpack: n": `once, got "n"`, "name: n=>name: n, unpack: a/b": `got "a/b"`,
	} {
		old, now, _ := strings.Cut(change, "=>")
		if _, err := ReadCatalogue([]byte(strings.Replace(good, old, now, 1))); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", change, err, want)
		}
	}
	for _, text := range []string{"", "# nothing", "[", "a: {address: 'http://x', files: []}", "- a"} {
		if _, err := ReadCatalogue([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if err := patient().Fetch(context.Background(), Set{}, t.TempDir()); err == nil {
		t.Error("an empty set: no error")
	}
}

func FuzzReadCatalogue(f *testing.F) {
	f.Add(catalogueText)
	f.Add([]byte("a: {address: 'http://x', files: [{name: n}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ReadCatalogue(b)
		if err != nil {
			return
		}
		for _, s := range c {
			for _, file := range s.Files {
				if filepath.Base(file.Name) != file.Name || file.Size < 1 {
					t.Fatalf("%+v", file)
				}
			}
		}
	})
}
