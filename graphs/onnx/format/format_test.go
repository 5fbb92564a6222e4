package format

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// What is written is read again.
func TestRoundTrip(t *testing.T) {
	want := &Model{IR: 7, Producer: "unwarp", Sets: map[string]int64{"": 13}, Graph: &Graph{Name: "g",
		Nodes:     []*Node{{Name: "n", Op: "Conv", In: []string{"x", "w"}, Out: []string{"y"}, Attributes: []Attribute{Ints("pads", 1, -2, 3, 4), Int("group", 7)}}},
		Constants: []*Tensor{Floats("w", []int64{2, 1}, []float32{1.5, -2}), Int64s("s", []int64{1}, []int64{-1})},
		In:        []Value{{Name: "x", Kind: TensorKind, Type: Float, Dims: []Dim{{Size: 1}, {Size: 3}}, Shaped: true}},
		Out:       []Value{{Name: "y", Kind: TensorKind, Type: Float, Dims: []Dim{{Size: 1}, {Size: 2}}, Shaped: true}}}}
	got, err := Parse(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got.Graph, want.Graph)
	}
}

// Values in the fields of their types are those of raw data; numbers may be packed or
// stand alone.
func TestTypedValues(t *testing.T) {
	head := func(kind DataType) []byte {
		raw := protowire.AppendVarint(protowire.AppendTag(nil, tensorDims, protowire.VarintType), 2)
		return protowire.AppendVarint(protowire.AppendTag(raw, tensorType, protowire.VarintType), uint64(kind))
	}
	packed := protowire.AppendVarint(protowire.AppendVarint(nil, 3), 1<<64-2) // 3, -2
	for name, c := range map[string]struct {
		raw  []byte
		want []byte
	}{
		"int64, packed": {protowire.AppendBytes(protowire.AppendTag(head(Int64), tensorInt64s, protowire.BytesType), packed), []byte{3, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255}},
		"int8":          {protowire.AppendBytes(protowire.AppendTag(head(Int8), tensorInt32s, protowire.BytesType), packed), []byte{3, 254}},
		"int32, alone": {protowire.AppendVarint(protowire.AppendTag(protowire.AppendVarint(protowire.AppendTag(head(Int32), tensorInt32s, protowire.VarintType), 3), tensorInt32s, protowire.VarintType), 1<<64-2),
			[]byte{3, 0, 0, 0, 254, 255, 255, 255}},
		"float, alone": {protowire.AppendFixed32(protowire.AppendTag(protowire.AppendFixed32(protowire.AppendTag(head(Float), tensorFloats, protowire.Fixed32Type), 7), tensorFloats, protowire.Fixed32Type), 9), []byte{7, 0, 0, 0, 9, 0, 0, 0}},
	} {
		got, err := ParseTensor(c.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Raw, c.want) {
			t.Errorf("%s: got %v, want %v", name, got.Raw, c.want)
		}
	}
}

// Mutated real files are read or refused.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("../../imported/onnx/testdata/*.onnx")
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
		m, err := Parse(data)
		if err == nil && m.Graph == nil {
			t.Fatal("a model without a graph")
		}
	})
}
