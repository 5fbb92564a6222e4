package savedmodel

import (
	"strings"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// form is what a tensor of the flat graph is in the rewritten one: in the file's
// layout, with channels last, or both. One is made of the other when it is asked
// for.
type form struct{ plain, last graphs.Tensor }

// rewriter writes the flat graph again, of ops whose gradients are right and with
// images and convolutions channels last.
type rewriter struct {
	flat   *flatGraph
	names  imported.Names
	nodes  []*nodepb.NodeDef
	byName map[string]*nodepb.NodeDef
	forms  map[graphs.Tensor]form
	batch  int64 // number of images that the file fixes, 0 where any will do
}

func newRewriter(g *flatGraph) *rewriter {
	return &rewriter{flat: g, byName: map[string]*nodepb.NodeDef{}, forms: map[graphs.Tensor]form{}}
}

// rule rewrites one node; false where it does not apply.
type rule func(r *rewriter, n *nodepb.NodeDef) bool

// rules are tried in order; what none applies to is kept.
var rules map[string][]rule

func init() {
	rules = map[string][]rule{
		"Conv2D":                {(*rewriter).conv},
		"DepthwiseConv2dNative": {(*rewriter).conv},
		"Conv2DBackpropInput":   {(*rewriter).convTransposed},
		"MaxPool":               {(*rewriter).pool},
		"AvgPool":               {(*rewriter).pool},
		"MaxPoolWithArgmax":     {(*rewriter).poolWithPlaces},
		"FusedBatchNorm":        {(*rewriter).batchNorm},
		"FusedBatchNormV2":      {(*rewriter).batchNorm},
		"FusedBatchNormV3":      {(*rewriter).batchNorm},
		"BiasAdd":               {(*rewriter).channelwise},
		"DepthToSpace":          {(*rewriter).channelwise},
		"SpaceToDepth":          {(*rewriter).channelwise},
		"Transpose":             {(*rewriter).transpose},
		"Mean":                  {(*rewriter).reduce},
		"Max":                   {(*rewriter).reduce},
		"Sum":                   {(*rewriter).reduce},
		"LogSoftmax":            {(*rewriter).logSoftmax},
		"Gather":                {(*rewriter).gather},
		"GatherV2":              {(*rewriter).gatherV2},
		"Erfc":                  {(*rewriter).erfc},
		"Reshape":               {(*rewriter).freeBatch},
	}
	for _, kind := range strings.Fields("Relu Relu6 Elu Selu LeakyRelu Softplus Softsign Sigmoid Tanh Exp Erf Square Sqrt Rsqrt Abs Neg Log Log1p StopGradient Cast Reciprocal Round Floor") {
		rules[kind] = append(rules[kind], (*rewriter).elementwise)
	}
	for _, kind := range strings.Fields("Add AddV2 Sub Mul RealDiv Div Maximum Minimum SquaredDifference Pow") {
		rules[kind] = append(rules[kind], (*rewriter).elementwise)
	}
}

// rewrite goes over all nodes.
func (r *rewriter) rewrite() {
	for _, n := range r.flat.nodes {
		if n.GetName() == imageNode {
			continue // it has a form already
		}
		done := false
		for _, rule := range rules[n.GetOp()] {
			if done = rule(r, n); done {
				break
			}
		}
		if !done {
			r.keep(n)
		}
	}
}

// keep writes a node as it is.
func (r *rewriter) keep(n *nodepb.NodeDef) {
	c := r.copy(n)
	for i, text := range n.GetInput() {
		c.Input[i] = r.plain(tensorOf(text)).String()
	}
	r.write(c)
	for i := range maxOutputs(r.flat, n) {
		r.forms[graphs.Tensor{Node: n.GetName(), Index: i}] = form{plain: graphs.Tensor{Node: c.Name, Index: i}}
	}
}

func maxOutputs(g *flatGraph, n *nodepb.NodeDef) int {
	i := 0
	for {
		if _, ok := g.shapes[graphs.Tensor{Node: n.GetName(), Index: i}]; !ok {
			return i
		}
		i++
	}
}

// copy is a node under a name of its own.
func (r *rewriter) copy(n *nodepb.NodeDef) *nodepb.NodeDef {
	c := &nodepb.NodeDef{Name: r.names.Unique(n.GetName()), Op: n.GetOp(), Input: make([]string, len(n.GetInput())), Attr: make(map[string]*attrpb.AttrValue, len(n.GetAttr()))}
	for name, a := range n.GetAttr() {
		c.Attr[name] = a
	}
	return c
}

func (r *rewriter) write(n *nodepb.NodeDef) {
	r.nodes = append(r.nodes, n)
	r.byName[n.Name] = n
}

// add writes an op with one output.
func (r *rewriter) add(name, kind string, attrs map[string]*attrpb.AttrValue, inputs ...graphs.Tensor) graphs.Tensor {
	n := &nodepb.NodeDef{Name: r.names.Unique(name), Op: kind, Attr: attrs}
	for _, in := range inputs {
		n.Input = append(n.Input, in.String())
	}
	r.write(n)
	return graphs.Tensor{Node: n.Name}
}

// ints adds a constant of whole numbers: a list, or a scalar without a shape.
func (r *rewriter) ints(name string, values []int64, shape ...int64) graphs.Tensor {
	return r.constant(name, intsTensor(values, shape...))
}

// list adds a constant list of whole numbers.
func (r *rewriter) list(name string, values ...int64) graphs.Tensor {
	return r.ints(name, values, int64(len(values)))
}

func (r *rewriter) constant(name string, t *tensorpb.TensorProto) graphs.Tensor {
	return r.add(name, "Const", map[string]*attrpb.AttrValue{"dtype": typeAttr(t.GetDtype()), "value": {Value: &attrpb.AttrValue_Tensor{Tensor: t}}})
}

// floatType and others are the attributes of ops that are added here.
func floatType(more ...any) map[string]*attrpb.AttrValue {
	attrs := map[string]*attrpb.AttrValue{"T": typeAttr(typespb.DataType_DT_FLOAT)}
	for i := 0; i < len(more); i += 2 {
		attrs[more[i].(string)] = more[i+1].(*attrpb.AttrValue)
	}
	return attrs
}

// with is a set of attributes with some put in.
func with(attrs map[string]*attrpb.AttrValue, more ...any) map[string]*attrpb.AttrValue {
	out := map[string]*attrpb.AttrValue{}
	for k, v := range attrs {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i].(string)] = more[i+1].(*attrpb.AttrValue)
	}
	return out
}

var int32Type = typeAttr(typespb.DataType_DT_INT32)

func (r *rewriter) transposed(name string, x graphs.Tensor, order ...int64) graphs.Tensor {
	return r.add(name, "Transpose", floatType("Tperm", int32Type), x, r.list(name+"/order", order...))
}

// plain is a tensor of the flat graph in the file's layout.
func (r *rewriter) plain(t graphs.Tensor) graphs.Tensor {
	f := r.forms[t]
	if f.plain.Node == "" {
		f.plain = r.transposed(f.last.Node+"/first", f.last, 0, 3, 1, 2)
		r.forms[t] = f
	}
	return f.plain
}

// last is a tensor [B,C,H,W] of the flat graph as [B,H,W,C].
func (r *rewriter) last(t graphs.Tensor) graphs.Tensor {
	f := r.forms[t]
	if f.last.Node == "" {
		f.last = r.transposed(f.plain.Node+"/last", f.plain, 0, 2, 3, 1)
		r.forms[t] = f
	}
	return f.last
}

func (r *rewriter) hasLast(t graphs.Tensor) bool { return r.forms[t].last.Node != "" }

// shape is that of a tensor of the flat graph.
func (r *rewriter) shape(t graphs.Tensor) []int64 { return r.flat.shapes[t] }

// set says what output 0 of a node is.
func (r *rewriter) set(n *nodepb.NodeDef, f form) {
	r.forms[graphs.Tensor{Node: n.GetName()}] = f
}

// input is input i of a node of the flat graph.
func input(n *nodepb.NodeDef, i int) graphs.Tensor { return tensorOf(n.GetInput()[i]) }
