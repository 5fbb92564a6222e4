package format

import "google.golang.org/protobuf/encoding/protowire"

// Numbers of fields in onnx.proto, by message.
const (
	modelIR, modelProducer, modelProducerVersion, modelGraph, modelSets, modelFunctions protowire.Number = 1, 2, 3, 7, 8, 25

	setDomain, setVersion protowire.Number = 1, 2

	graphNode, graphName, graphConstant, graphIn, graphOut, graphValue, graphSparse protowire.Number = 1, 2, 5, 11, 12, 13, 15

	nodeIn, nodeOut, nodeName, nodeOp, nodeAttribute, nodeDomain protowire.Number = 1, 2, 3, 4, 5, 7

	attributeName, attributeFloat, attributeInt, attributeText, attributeTensor, attributeGraph protowire.Number = 1, 2, 3, 4, 5, 6
	attributeFloats, attributeInts, attributeTexts, attributeType, attributeReference           protowire.Number = 7, 8, 9, 20, 21

	tensorDims, tensorType, tensorFloats, tensorInt32s, tensorTexts, tensorInt64s, tensorName protowire.Number = 1, 2, 4, 5, 6, 7, 8
	tensorRaw, tensorDoubles, tensorUint64s, tensorExternal, tensorLocation                   protowire.Number = 9, 10, 11, 13, 14

	entryKey, entryValue protowire.Number = 1, 2

	infoName, infoType                protowire.Number = 1, 2
	typeTensor, typeSequence, typeMap protowire.Number = 1, 4, 5
	elementType, tensorShape          protowire.Number = 1, 2
	shapeDim, dimValue, dimParameter  protowire.Number = 1, 1, 2
)

// DataType is a TensorProto.DataType.
type DataType int64

// Element types.
const (
	Undefined DataType = iota
	Float
	Uint8
	Int8
	Uint16
	Int16
	Int32
	Int64
	String
	Bool
	Float16
	Double
	Uint32
	Uint64
	Complex64
	Complex128
	Bfloat16
	Float8E4M3FN
	Float8E4M3FNUZ
	Float8E5M2
	Float8E5M2FNUZ
	Uint4
	Int4
)

var typeNames = []string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
	"uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4"}

func (t DataType) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return "of an unknown type"
	}
	return typeNames[t]
}

// Bits is the size of an element in raw data, 0 where it is none that is read.
func (t DataType) Bits() int64 {
	switch t {
	case Uint4, Int4:
		return 4
	case Uint8, Int8, Bool, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ:
		return 8
	case Uint16, Int16, Float16, Bfloat16:
		return 16
	case Float, Int32, Uint32:
		return 32
	case Int64, Uint64, Double:
		return 64
	}
	return 0
}

// AttributeType is an AttributeProto.AttributeType.
type AttributeType int64

// Types of attributes.
const (
	FloatAttribute  AttributeType = 1
	IntAttribute    AttributeType = 2
	TextAttribute   AttributeType = 3
	TensorAttribute AttributeType = 4
	GraphAttribute  AttributeType = 5
	FloatsAttribute AttributeType = 6
	IntsAttribute   AttributeType = 7
	TextsAttribute  AttributeType = 8
)
