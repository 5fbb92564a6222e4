package classify_test

import (
	"bytes"
	"fmt"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
)

// The text between the marks stands in ../README.md.

// begin
func classifyFile(export, photo string) (class string, err error) {
	file, err := os.ReadFile(photo)
	if err != nil {
		return "", err
	}
	model, err := tf.LoadSavedModel(export, []string{"serve"}, nil)
	if err != nil {
		return "", err
	}
	defer model.Session.Close()
	content, err := tf.NewTensor(string(file))
	if err != nil {
		return "", err
	}
	in, out := model.Graph.Operation("image_file").Output(0), model.Graph.Operation("class").Output(0)
	got, err := model.Session.Run(map[tf.Output]*tf.Tensor{in: content}, []tf.Output{out}, nil)
	if err != nil {
		return "", err
	}
	return got[0].Value().(string), nil
}

// end

// Without unwarp, graft alone reads an export.
func Example_graft() {
	dir := export()
	defer os.RemoveAll(filepath.Dir(dir))
	var b bytes.Buffer
	if err := png.Encode(&b, plain(1, 200)); err != nil {
		log.Fatal(err)
	}
	photo := filepath.Join(filepath.Dir(dir), "photo.png")
	if err := os.WriteFile(photo, b.Bytes(), 0o666); err != nil {
		log.Fatal(err)
	}
	class, err := classifyFile(dir, photo)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(class)
	// Output: blue
}

// TestReadme: the document shows the code that runs here.
func TestReadme(t *testing.T) {
	code, err := os.ReadFile("example_graft_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ = bytes.Cut(code, []byte("// begin\n"))
	code, _, _ = bytes.Cut(code, []byte("\n// end\n"))
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "```go\n"+string(code)+"```\n") {
		t.Errorf("want in trainer/README.md\n%s", code)
	}
}
