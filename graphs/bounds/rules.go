package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// rule reads an op as nodes of the network and returns the last.
type rule func(k *walk, o *tf.Operation, in []value) (*node, error)

// rules are the ops that have bounds. A new operator is a file with its rule,
// and a row here. Split, whose outputs are several, is read beside them.
var rules map[string]rule

func init() {
	rules = map[string]rule{
		"Add":                   readAdd,
		"AddN":                  readAddN,
		"AddV2":                 readAdd,
		"AvgPool":               readAvgPool,
		"BiasAdd":               readBiasAdd,
		"ClipByValue":           readClip,
		"ConcatV2":              readConcat,
		"Conv2D":                readConv2D,
		"DepthwiseConv2dNative": readDepthwise,
		"Div":                   readDiv,
		"ExpandDims":            readReshape,
		"FusedBatchNorm":        readBatchNorm,
		"FusedBatchNormV2":      readBatchNorm,
		"FusedBatchNormV3":      readBatchNorm,
		"LeakyRelu":             readLeakyRelu,
		"MatMul":                readMatMul,
		"MaxPool":               readMaxPool,
		"Maximum":               readMaximum,
		"Mean":                  readMean,
		"Minimum":               readMinimum,
		"Mul":                   readMul,
		"Neg":                   readNeg,
		"Pad":                   readPad,
		"PadV2":                 readPad,
		"RealDiv":               readDiv,
		"Relu":                  readRelu,
		"Relu6":                 readRelu6,
		"Reshape":               readReshape,
		"Sigmoid":               readSigmoid,
		"Slice":                 readSlice,
		"Squeeze":               readReshape,
		"StridedSlice":          readStridedSlice,
		"Sub":                   readSub,
		"Sum":                   readTotal,
		"Tanh":                  readTanh,
		"Transpose":             readTranspose,
	}
}

// aliases are ops that hand on their first input.
var aliases = map[string]bool{
	"CheckNumerics": true, "EnsureShape": true, "Identity": true, "PlaceholderWithDefault": true,
	"PreventGradient": true, "Snapshot": true, "StopGradient": true,
}

// first are the ops whose first input must be a value of the image: of the
// others any may be, and their rules tell.
var first = map[string]bool{
	"AvgPool": true, "BiasAdd": true, "ClipByValue": true, "ExpandDims": true, "FusedBatchNorm": true, "FusedBatchNormV2": true,
	"FusedBatchNormV3": true, "Mean": true, "Pad": true, "PadV2": true, "Reshape": true, "Slice": true,
	"Squeeze": true, "StridedSlice": true, "Sum": true, "Transpose": true,
}
