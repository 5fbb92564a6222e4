package onnx_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	. "unwarp/graphs/graphtest"
	"unwarp/pipelines/npz"
)

// structure is a hash of all in a file but the values of float32 constants.
func (x *file) structure() []uint8 {
	h := sha256.New()
	for _, num := range []int{1, 11, 12} {
		for _, raw := range x.graph[protowire.Number(num)] {
			h.Write(raw.([]byte))
		}
	}
	for _, raw := range x.graph[5] {
		c := decode(x.t, raw.([]byte))
		if c.number(2) == 1 {
			delete(c, 9)
		}
		for _, num := range []int{1, 2, 8, 9} {
			for _, v := range c[protowire.Number(num)] {
				switch v := v.(type) {
				case []byte:
					h.Write(v)
				case uint64:
					h.Write([]byte{byte(v), byte(v >> 8), byte(v >> 16)})
				}
			}
		}
	}
	return h.Sum(nil)
}

// tools/golden/exported.py has the checker of ONNX and ONNX Runtime read the files of
// all operators, and of networks, which this test writes into the folder that UNWARP_ONNX_DIR
// names; of the operators it records the logits and what the files were made of. They are the same
// as ever, and TensorFlow agrees with the logits.
func TestAgainstONNXRuntime(t *testing.T) {
	dir := os.Getenv("UNWARP_ONNX_DIR")
	raw, err := os.ReadFile("testdata/onnxruntime.npz")
	if err != nil && dir == "" {
		t.Fatal(err)
	}
	record := map[string]npz.Array{}
	if err == nil {
		if record, err = npz.Decode(raw, 1<<24); err != nil {
			t.Fatal(err)
		}
	}
	if dir != "" {
		for _, encoder := range []string{"hinton", "dm-small", "dm-large", "cnn7", "conv4(pool=max)", "resnet(depth=20)"} {
			for _, kind := range []string{"base", "disentangled"} {
				x := export(t, []int64{28, 28, 2}, network(t, kind, encoder))
				writeTrial(t, filepath.Join(dir, kind+" "+encoder), x, nil)
			}
		}
	}
	shape := []int64{6, 6, 2}
	for name, f := range operators {
		x := export(t, shape, between(f))
		m := open(t, x.file)
		if dir != "" {
			writeTrial(t, filepath.Join(dir, name), x, m)
			continue
		}
		if want := record[name+"/structure"].Uint8s(); !bytes.Equal(m.structure(), want) {
			t.Errorf("%s: want the file that ONNX Runtime has read: run tools/golden/exported.py again", name)
		}
		var got []float32
		for _, row := range x.logits {
			got = append(got, row...)
		}
		var want []float64
		for _, v := range record[name+"/logits"].Float32s() {
			want = append(want, float64(v))
		}
		Near(t, name, got, want, 1e-5)
	}
}

func writeTrial(t *testing.T, path string, x exported, m *file) {
	t.Helper()
	var images, logits []float32
	shape := x.images.Shape[1:]
	size := len(x.images.Data) / len(x.logits)
	for i, row := range x.logits {
		logits = append(logits, row...)
		for _, v := range channelsFirst(x.images.Data[i*size:(i+1)*size], shape) {
			images = append(images, float32(v))
		}
	}
	arrays := []npz.Array{
		npz.Float32("images", images, len(x.logits), 1, int(shape[2]), int(shape[0]), int(shape[1])),
		npz.Float32("logits", logits, len(x.logits), len(logits)/len(x.logits)),
	}
	if m != nil {
		arrays = append(arrays, npz.Uint8("structure", m.structure(), 32))
	}
	raw, err := npz.Encode(arrays...)
	if err == nil {
		err = os.WriteFile(path+".npz", raw, 0o644)
	}
	if err == nil {
		err = os.WriteFile(path+".onnx", x.file, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
