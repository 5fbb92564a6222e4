package savedmodel_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/savedmodel"
)

// filesOf are the files of a model, the graph first.
var filesOf = []string{savedmodel.GraphFile, "variables/variables.index", "variables/variables.data-00000-of-00001"}

// Whatever is changed in the files of the models, opening, declaring and reading end
// with a network or an error.
func FuzzOpen(f *testing.F) {
	names, err := os.ReadDir(folder(f, ""))
	if err != nil {
		f.Fatal(err)
	}
	models := make([][][]byte, len(names))
	for i, m := range names {
		for _, name := range filesOf {
			raw, _ := os.ReadFile(filepath.Join(folder(f, m.Name()), name)) // some have no variables
			models[i] = append(models[i], raw)
		}
		f.Add(uint8(i), []byte{})
		f.Add(uint8(i), []byte{0, 1, 2, 3, 0, 255, 0, 9, 9, 9, 1, 7, 1, 0, 0, 8, 2, 1})
	}
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "variables"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, model uint8, edits []byte) {
		files := slices.Clone(models[int(model)%len(models)])
		for ; len(edits) >= 6; edits = edits[6:] {
			k := int(edits[0]) % len(files)
			files[k] = edit(files[k], int(edits[1])<<16|int(edits[2])<<8|int(edits[3]), edits[4], edits[5])
		}
		for k, raw := range files {
			if err := os.WriteFile(filepath.Join(dir, filesOf[k]), raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tryAll(dir)
	})
}

// edit changes a byte, or takes out, repeats or moves up to 255 of them.
func edit(raw []byte, at int, kind, v byte) []byte {
	if len(raw) == 0 {
		return raw
	}
	at %= len(raw)
	end := min(at+int(v), len(raw))
	switch kind % 5 {
	case 0:
		raw = slices.Clone(raw)
		raw[at] = v
		return raw
	case 1:
		return slices.Concat(raw[:at], raw[end:])
	case 2:
		return slices.Concat(raw[:end], raw[at:])
	case 3:
		return slices.Concat(raw[:at], raw[end:], raw[at:end])
	}
	raw = slices.Clone(raw)
	raw[at] ^= 1 << (v % 8)
	return raw
}

// tryAll opens, declares and reads.
func tryAll(dir string) {
	n, err := savedmodel.Open(dir, imported.Options{})
	if err != nil {
		return
	}
	defer n.Close()
	im, stop := n.Signature().Input, errors.New("declared")
	side := func(d int) int64 { return int64(max(d, 1)) }
	graphs.Build(graphs.Options{Device: graphs.CPU, Portable: true}, func(b *graphs.Builder) error {
		in := b.Input("images", tf.Float, -1, side(im.H), side(im.W), side(im.C))
		n.Declare(b.Pass("net", graphs.Inference).In("file"), in.Value, imported.Scores)
		return stop
	})
	for _, w := range n.Weights() {
		n.ReadWeight(w.Name)
	}
}
