package format

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

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

// Encode returns the file. It writes integer attributes, and tensors whose values
// are in Raw: what this program writes.
func (x *Model) Encode() []byte {
	var m message
	m.number(modelIR, x.IR)
	m.text(modelProducer, x.Producer)
	m.bytes(modelGraph, x.Graph.encode())
	for domain, version := range x.Sets {
		var set message
		set.text(setDomain, domain)
		set.number(setVersion, version)
		m.bytes(modelSets, set)
	}
	return m
}

func (g *Graph) encode() message {
	var m message
	for _, n := range g.Nodes {
		m.bytes(graphNode, n.encode())
	}
	m.text(graphName, g.Name)
	for _, c := range g.Constants {
		m.bytes(graphConstant, c.encode())
	}
	for _, v := range g.In {
		m.bytes(graphIn, v.encode())
	}
	for _, v := range g.Out {
		m.bytes(graphOut, v.encode())
	}
	return m
}

func (n *Node) encode() message {
	var m message
	for _, in := range n.In {
		m.text(nodeIn, in)
	}
	for _, out := range n.Out {
		m.text(nodeOut, out)
	}
	m.text(nodeName, n.Name)
	m.text(nodeOp, n.Op)
	for _, a := range n.Attributes {
		m.bytes(nodeAttribute, a.encode())
	}
	return m
}

func (a Attribute) encode() message {
	var m message
	m.text(attributeName, a.Name)
	if a.Type == IntAttribute {
		m.number(attributeInt, a.Int)
	}
	for _, v := range a.Ints {
		m.number(attributeInts, v)
	}
	m.number(attributeType, int64(a.Type))
	return m
}

func (t *Tensor) encode() message {
	var m message
	for _, d := range t.Dims {
		m.number(tensorDims, d)
	}
	m.number(tensorType, int64(t.Type))
	m.text(tensorName, t.Name)
	m.bytes(tensorRaw, t.Raw)
	return m
}

func (v Value) encode() message {
	var dims, tensor, kind, m message
	for _, d := range v.Dims {
		var dim message
		dim.number(dimValue, d.Size)
		dims.bytes(shapeDim, dim)
	}
	tensor.number(elementType, int64(v.Type))
	tensor.bytes(tensorShape, dims)
	kind.bytes(typeTensor, tensor)
	m.text(infoName, v.Name)
	m.bytes(infoType, kind)
	return m
}

// Floats is a tensor of float32 values.
func Floats(name string, dims []int64, values []float32) *Tensor {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return &Tensor{Name: name, Type: Float, Dims: dims, Raw: raw}
}

// Int64s is a tensor of int64 values.
func Int64s(name string, dims []int64, values []int64) *Tensor {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return &Tensor{Name: name, Type: Int64, Dims: dims, Raw: raw}
}
