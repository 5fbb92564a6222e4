package evaluation

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// What intervals leave open is written for other verifiers, with the classifier.
func TestExchange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	s := subject(func(a *config.Attack) { a.Certify = "ibp" })
	e, err := NewCertifier(s, Exchange{Dir: dir, Seconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	set := attacks.Images{Pixels: []float32{.6, .53, .1}, Labels: []int32{1, 1, 0}, Index: []int{4, 5, 6}}
	if _, err := e.Certify(t.Context(), set, Options{Folder: t.TempDir(), Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(dir, "instances.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, name := range []string{"image-5-eps-0.05", "image-4-eps-0.2", "image-5-eps-0.2"} {
		want += "onnx/classifier.onnx,vnnlib/" + name + ".vnnlib,60\n"
	}
	if string(list) != want {
		t.Errorf("want\n%s, got\n%s", want, list)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "onnx", "classifier.onnx")); err != nil || !strings.Contains(string(raw), "logits") {
		t.Errorf("want the classifier, got %d bytes, %v", len(raw), err)
	}
}

// What cannot be written is refused before anything is computed.
func TestExchangeRefuses(t *testing.T) {
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for part, change := range map[string]func(a *config.Attack){
		"want the norm linf, since these files hold boxes, got l2":        func(a *config.Attack) { a.Norm = attacks.L2 },
		"want the norm linf, since these files hold boxes, got rotate(9)": func(a *config.Attack) { a.Certify, a.Threat = "", "rotate(9)" },
		"thesis": func(*config.Attack) {},
	} {
		s := subject(func(a *config.Attack) {
			a.Certify = "ibp"
			change(a)
		})
		var wrong *experiment.ConfigError
		if _, err := NewCertifier(s, Exchange{Dir: foreign, Seconds: 1}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), part) {
			t.Errorf("want a ConfigError with %q, got %v", part, err)
		}
	}
}
