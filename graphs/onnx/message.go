package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions of the format: IR version 7 came with operator set 13.
const (
	irVersion   = 7
	operatorSet = 13
)

// Numbers of types in onnx.proto.
const (
	floatType, int64Type                                      = 1, 7 // TensorProto.DataType
	intAttribute, intsAttribute                               = 2, 7 // AttributeProto.AttributeType
	modelIR, modelProducer, modelGraph, modelSets             = 1, 2, 7, 8
	setDomain, setVersion                                     = 1, 2
	graphNode, graphName, graphConstant, graphIn, graphOut    = 1, 2, 5, 11, 12
	nodeIn, nodeOut, nodeName, nodeOp, nodeAttribute          = 1, 2, 3, 4, 5
	attributeName, attributeInt, attributeInts, attributeType = 1, 3, 8, 20
	tensorDims, tensorType, tensorName, tensorRaw             = 1, 2, 8, 9
	infoName, infoType, typeTensor                            = 1, 2, 1
	elementType, tensorShape, shapeDim, dimValue              = 1, 2, 1, 1
)

// node is a NodeProto.
type node struct {
	op         string
	in         []string
	out        string
	attributes []attribute
}

// attribute is an AttributeProto: a list of integers, or one of them alone.
type attribute struct {
	name string
	ints []int64
	one  bool
}

func one(name string, v int64) attribute     { return attribute{name, []int64{v}, true} }
func list(name string, v ...int64) attribute { return attribute{name, v, false} }
func pair(name string, v [2]int64) attribute { return list(name, v[0], v[1]) }
func flag(name string, set bool) attribute   { return one(name, map[bool]int64{true: 1}[set]) }

// constant is a TensorProto: floats, or integers where they are set.
type constant struct {
	name   string
	shape  []int64
	floats []float32
	ints   []int64
}

// message is a message under construction.
type message []byte

func (m *message) number(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) text(field protowire.Number, v string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

func (n node) encode() message {
	var m message
	for _, in := range n.in {
		m.text(nodeIn, in)
	}
	m.text(nodeOut, n.out)
	m.text(nodeName, n.out)
	m.text(nodeOp, n.op)
	for _, a := range n.attributes {
		m.bytes(nodeAttribute, a.encode())
	}
	return m
}

func (a attribute) encode() message {
	var m message
	m.text(attributeName, a.name)
	field, kind := protowire.Number(attributeInts), int64(intsAttribute)
	if a.one {
		field, kind = attributeInt, intAttribute
	}
	for _, v := range a.ints {
		m.number(field, v)
	}
	m.number(attributeType, kind)
	return m
}

func (c constant) encode() message {
	var m message
	for _, d := range c.shape {
		m.number(tensorDims, d)
	}
	kind, raw := int64(floatType), make([]byte, 0, 4*len(c.floats)+8*len(c.ints))
	if c.ints != nil {
		kind = int64Type
	}
	for _, v := range c.floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for _, v := range c.ints {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	m.number(tensorType, kind)
	m.text(tensorName, c.name)
	m.bytes(tensorRaw, raw)
	return m
}

// encodeInfo is the ValueInfoProto of a float32 value.
func encodeInfo(name string, shape []int64) message {
	var dims, tensor, kind, m message
	for _, d := range shape {
		var dim message
		dim.number(dimValue, d)
		dims.bytes(shapeDim, dim)
	}
	tensor.number(elementType, floatType)
	tensor.bytes(tensorShape, dims)
	kind.bytes(typeTensor, tensor)
	m.text(infoName, name)
	m.bytes(infoType, kind)
	return m
}

// encodeModel wraps a GraphProto.
func encodeModel(graph message) message {
	var set, m message
	set.text(setDomain, "")
	set.number(setVersion, operatorSet)
	m.number(modelIR, irVersion)
	m.text(modelProducer, "unwarp")
	m.bytes(modelGraph, graph)
	m.bytes(modelSets, set)
	return m
}
