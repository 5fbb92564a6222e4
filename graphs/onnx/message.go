package onnx

import "unwarp/graphs/onnx/format"

// Versions of the format: IR version 7 came with operator set 13.
const (
	irVersion   = 7
	operatorSet = 13
)

func pair(name string, v [2]int64) format.Attribute { return format.Ints(name, v[0], v[1]) }

func flag(name string, set bool) format.Attribute {
	return format.Int(name, map[bool]int64{true: 1}[set])
}

// float is a float32 value of the file.
func float(name string, shape []int64) format.Value {
	v := format.Value{Name: name, Kind: format.TensorKind, Type: format.Float, Shaped: true}
	for _, d := range shape {
		v.Dims = append(v.Dims, format.Dim{Size: d})
	}
	return v
}
