package onnx_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
	"unwarp/graphs/onnx/format"
)

// Mutated real files are read or refused: no crash, no hang, bounded memory.
func FuzzOpen(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.onnx")
	if err != nil || len(paths) == 0 {
		f.Fatal("no networks", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := format.Parse(data); err != nil {
			return
		}
		if x, err := onnx.Decode(data, "testdata/fuzzed.onnx", imported.Options{}); err == nil {
			readWeights(t, x)
		}
	})
}

// readWeights reads all weights, each of which has its size or an error.
func readWeights(t *testing.T, x *onnx.Network) {
	t.Helper()
	for _, w := range x.Weights() {
		if values, err := x.ReadWeight(w.Name); err == nil && int64(len(values)) != w.Size() {
			t.Fatalf("weight %s: %d values, want %d", w.Name, len(values), w.Size())
		}
	}
}

// Files with bytes changed, cut out or repeated are read or refused. UNWARP_MUTATIONS is
// how many of them are tried, UNWARP_MUTATIONS_SEED changes which.
func TestMutatedFiles(t *testing.T) {
	count := 12
	if text := os.Getenv("UNWARP_MUTATIONS"); text != "" {
		if n, err := strconv.Atoi(text); err == nil {
			count = n
		}
	}
	var files [][]byte
	for _, name := range []string{"cnn_dynamo", "mlp_sklearn", "softmax_dynamoNE", "transformer_dynamo"} {
		data, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, data)
	}
	seed, _ := strconv.ParseUint(os.Getenv("UNWARP_MUTATIONS_SEED"), 10, 64)
	rng, read := rand.New(rand.NewPCG(1, 2+seed)), 0
	for i := range count {
		data := mutate(rng, slices.Clone(files[i%len(files)]))
		if x, err := onnx.Decode(data, "testdata/mutated.onnx", imported.Options{}); err == nil {
			read++
			readWeights(t, x)
		} else if len(err.Error()) > 1000 {
			t.Errorf("mutation %d: an error of %d characters", i, len(err.Error()))
		}
	}
	t.Logf("%d of %d mutated files are read", read, count)
}

// mutate changes a few places.
func mutate(rng *rand.Rand, data []byte) []byte {
	for range 1 + rng.IntN(4) {
		at := rng.IntN(len(data))
		switch rng.IntN(5) {
		case 0, 1:
			data[at] = byte(rng.IntN(256))
		case 2:
			data[at] ^= 1 << rng.IntN(8)
		case 3:
			end := min(at+rng.IntN(24), len(data))
			data = slices.Delete(data, at, end)
		case 4:
			end := min(at+rng.IntN(24), len(data))
			data = slices.Insert(data, at, slices.Clone(data[at:end])...)
		}
	}
	return data
}
