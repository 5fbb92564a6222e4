package format

import (
	"errors"
	"fmt"
)

// Parse reads a file. Raw values of tensors are slices of data, which must not be
// changed afterwards.
func Parse(data []byte) (*Model, error) {
	m, r := &Model{Sets: map[string]int64{}}, &reader{}
	err := r.each("model", data, func(x field) error {
		switch x.number {
		case modelIR:
			m.IR = int64(x.value)
		case modelProducer:
			m.Producer = string(x.bytes)
		case modelProducerVersion:
			m.ProducerVersion = string(x.bytes)
		case modelFunctions:
			m.Functions++
		case modelSets:
			return r.set(m, x)
		case modelGraph:
			raw, err := x.message("model")
			if err != nil {
				return err
			}
			m.Graph, err = r.graph(raw)
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m.Graph == nil || len(m.Sets) == 0:
		return nil, errors.New("not an ONNX file: want a graph and an operator set, found none")
	}
	return m, nil
}

func (r *reader) set(m *Model, x field) error {
	raw, err := x.message("operator set")
	if err != nil {
		return err
	}
	var domain string
	var version int64
	err = r.each("operator set", raw, func(x field) error {
		switch x.number {
		case setDomain:
			domain = string(x.bytes)
		case setVersion:
			version = int64(x.value)
		}
		return nil
	})
	if domain == "ai.onnx" {
		domain = ""
	}
	m.Sets[domain] = version
	return err
}

func (r *reader) graph(raw []byte) (*Graph, error) {
	g := &Graph{}
	if r.depth++; r.depth > maxDepth {
		return nil, fmt.Errorf("want graphs within graphs to a depth of at most %d", maxDepth)
	}
	defer func() { r.depth-- }()
	err := r.each("graph", raw, func(x field) error {
		switch x.number {
		case graphName:
			g.Name = string(x.bytes)
		case graphSparse:
			g.Sparse++
		case graphNode:
			return appendMessage(&g.Nodes, x, r.node)
		case graphConstant:
			return appendMessage(&g.Constants, x, r.tensor)
		case graphIn:
			return appendMessage(&g.In, x, r.info)
		case graphOut:
			return appendMessage(&g.Out, x, r.info)
		case graphValue:
			return appendMessage(&g.Values, x, r.info)
		}
		return nil
	})
	return g, err
}

// appendMessage reads a message with read.
func appendMessage[T any](to *[]T, x field, read func(raw []byte) (T, error)) error {
	raw, err := x.message("message")
	if err != nil {
		return err
	}
	v, err := read(raw)
	*to = append(*to, v)
	return err
}

func (r *reader) node(raw []byte) (*Node, error) {
	n := &Node{}
	err := r.each("node", raw, func(x field) error {
		switch x.number {
		case nodeIn:
			n.In = append(n.In, string(x.bytes))
		case nodeOut:
			n.Out = append(n.Out, string(x.bytes))
		case nodeName:
			n.Name = string(x.bytes)
		case nodeOp:
			n.Op = string(x.bytes)
		case nodeDomain:
			n.Domain = string(x.bytes)
		case nodeAttribute:
			return appendMessage(&n.Attributes, x, r.attribute)
		}
		return nil
	})
	if n.Domain == "ai.onnx" {
		n.Domain = ""
	}
	return n, err
}

func (r *reader) attribute(raw []byte) (Attribute, error) {
	var a Attribute
	err := r.each("attribute", raw, func(x field) error {
		switch x.number {
		case attributeName:
			a.Name = string(x.bytes)
		case attributeType:
			a.Type = AttributeType(x.value)
		case attributeReference:
			a.Reference = string(x.bytes)
		case attributeFloat:
			a.Float = x.float()
		case attributeInt:
			a.Int = int64(x.value)
		case attributeText:
			a.Text = string(x.bytes)
		default:
			return r.attributeMore(&a, x)
		}
		return nil
	})
	return a, err
}

// attributeMore reads the fields of an attribute that are lists or messages.
func (r *reader) attributeMore(a *Attribute, x field) (err error) {
	switch x.number {
	case attributeTensor:
		a.Tensor, err = r.tensor(x.bytes)
	case attributeGraph:
		a.Graph, err = r.graph(x.bytes)
	case attributeInts:
		return x.varints(func(v uint64) { a.Ints = append(a.Ints, int64(v)) })
	case attributeTexts:
		a.Texts = append(a.Texts, string(x.bytes))
	case attributeFloats:
		raw, err := x.fixed(4)
		a.Floats = append(a.Floats, float32s(raw)...)
		return err
	}
	return err
}

func (r *reader) info(raw []byte) (Value, error) {
	var v Value
	err := r.each("value", raw, func(x field) error {
		switch x.number {
		case infoName:
			v.Name = string(x.bytes)
		case infoType:
			return r.each("type", x.bytes, func(x field) error { return r.kind(&v, x) })
		}
		return nil
	})
	return v, err
}

func (r *reader) kind(v *Value, x field) error {
	switch x.number {
	case typeSequence:
		v.Kind = SequenceKind
	case typeMap:
		v.Kind = MapKind
	case typeTensor:
		v.Kind = TensorKind
		return r.each("tensor type", x.bytes, func(x field) error {
			switch x.number {
			case elementType:
				v.Type = DataType(x.value)
			case tensorShape:
				v.Shaped = true
				return r.each("shape", x.bytes, func(x field) error {
					if x.number != shapeDim {
						return nil
					}
					return appendMessage(&v.Dims, x, r.dim)
				})
			}
			return nil
		})
	}
	return nil
}

func (r *reader) dim(raw []byte) (Dim, error) {
	var d Dim
	err := r.each("size", raw, func(x field) error {
		switch x.number {
		case dimValue:
			d.Size = int64(x.value)
		case dimParameter:
			d.Parameter = string(x.bytes)
		}
		return nil
	})
	if err == nil && d.Size < 0 {
		err = fmt.Errorf("want sizes of at least 0, got %d", d.Size)
	}
	return d, err
}
