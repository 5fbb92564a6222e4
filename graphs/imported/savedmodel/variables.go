package savedmodel

import (
	"fmt"
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
)

// variable is a variable of the file, or a large constant.
type variable struct {
	node   string // in the main graph
	name   string // of the weight; unique once it is read
	place  place
	dtype  typespb.DataType
	shape  []int64
	values []float32 // of a constant
	read   *value    // what reads it in the flat graph
	same   *variable // another node of the same variable, which was read first
	handle string    // the node of its handle, where a loop reads it

	statistic bool // of batch norm
}

// variables are those of a file.
type variables struct {
	file       *file
	index      *index
	checkpoint *checkpoint
	places     map[string]place // by node of the main graph
	byNode     map[string]*variable
	byPlace    map[place]*variable
	used       []*variable // weights, in order of use
	bytes      int64       // of those that are used, in the checkpoint
}

// openVariables finds out where the values of the variables lie.
func openVariables(f *file) (*variables, error) {
	v := &variables{file: f, checkpoint: newCheckpoint(f.dir), byNode: map[string]*variable{}}
	var err error
	if v.index, err = readIndex(f.dir); err != nil {
		return nil, err
	}
	v.places = f.restoredKeys()
	byObjects, err := f.objectKeys(v.index, v.checkpoint)
	if err != nil {
		return nil, err
	}
	for node, p := range byObjects {
		v.places[node] = p
	}
	return v, nil
}

// fresh are the same variables before any was read.
func (vs *variables) fresh() *variables {
	c := *vs
	c.byNode, c.byPlace, c.used = map[string]*variable{}, map[place]*variable{}, nil
	return &c
}

// variableOps read variables.
var variableOps = map[string]func(p *puller, f *frame, n *nodepb.NodeDef) value{}

func init() {
	for _, kind := range []string{"VarHandleOp", "VariableV2", "Variable", "AutoReloadVariable"} {
		variableOps[kind] = (*puller).declared
	}
	variableOps["ReadVariableOp"] = func(p *puller, f *frame, n *nodepb.NodeDef) value { return p.readOf(n, p.nth(f, n, 0)) }
	variableOps["ResourceGather"] = (*puller).gathered
	variableOps["ResourceGatherNd"] = (*puller).gatheredNd
}

// declared is the handle of a variable, or the value of one of the older kind.
func (p *puller) declared(f *frame, n *nodepb.NodeDef) value {
	if f.fn != nil {
		p.problems.add("a variable within a function", n.GetOp(), n.GetName())
		return value{dtype: typespb.DataType_DT_FLOAT}
	}
	v := p.variables.byNode[n.GetName()]
	if v == nil {
		v = &variable{node: n.GetName(), name: n.GetName(), place: p.variables.places[n.GetName()], dtype: n.GetAttr()["dtype"].GetType(), shape: shapeOf(n.GetAttr()["shape"].GetShape())}
		p.variables.byNode[n.GetName()] = v
	}
	if n.GetOp() == "VarHandleOp" {
		return value{variable: v, dtype: typespb.DataType_DT_RESOURCE}
	}
	return p.valueOf(v)
}

// readOf is the value of a variable that a node reads.
func (p *puller) readOf(n *nodepb.NodeDef, handle value) value {
	if p.err != nil {
		return value{}
	}
	if handle.variable == nil {
		if len(p.problems.order) == 0 {
			p.problems.add("a variable that is computed", n.GetOp(), n.GetName())
		}
		return value{dtype: typespb.DataType_DT_FLOAT}
	}
	return p.valueOf(handle.variable)
}

// valueOf adds what reads a variable: a weight, or a constant where it does not
// hold floating-point numbers.
func (p *puller) valueOf(v *variable) value {
	if v.read != nil || p.err != nil {
		if v.read == nil {
			return value{}
		}
		return *v.read
	}
	if err := p.variables.locate(v); err != nil {
		p.problems.add(err.Error(), "", "")
		return value{dtype: wide(v.dtype)}
	}
	at := v.place
	at.name = ""
	if same := p.variables.byPlace[at]; same != nil && slices.Equal(same.shape, v.shape) {
		v.read, v.same = same.read, same
		return *v.read
	}
	p.variables.byPlace[at] = v
	vs := p.variables
	if vs.bytes += size(v.shape, math.MaxInt32) * width(v.dtype); vs.bytes > vs.index.bytes {
		return p.fail(fmt.Errorf("want variables that the files of %s/ hold, got more values: it is damaged, or made to do harm", variablesDir))
	}
	if wide(v.dtype) == typespb.DataType_DT_FLOAT {
		return vs.add(p, v)
	}
	out := p.constantOf(v)
	v.read = &out
	return out
}

// locate checks that the checkpoint holds a variable as the graph wants it.
func (vs *variables) locate(v *variable) error {
	if v.place.key == "" {
		n := vs.file.nodes[v.node]
		for _, name := range []string{string(n.GetAttr()["shared_name"].GetS()), v.node} {
			if _, there := vs.index.entries[name]; there && name != "" {
				v.place.key = name
				break
			}
		}
	}
	if v.place.name != "" {
		v.name = v.place.name
	}
	e, there := vs.index.entries[v.place.key]
	switch {
	case v.place.key == "" || !there:
		return fmt.Errorf("a variable that is not in %s/ (%.60s)", variablesDir, v.node)
	case e.dtype != v.dtype:
		return fmt.Errorf("a variable of %s that %s/ has as %s (%.60s)", typeName(v.dtype), variablesDir, typeName(e.dtype), v.node)
	case v.place.slice == "" && (v.shape == nil || slices.Contains(v.shape, -1)):
		v.shape = e.shape
	}
	n := size(v.shape, math.MaxInt32)
	if v.place.slice == "" && !slices.Equal(v.shape, e.shape) || n < 0 || n > size(e.shape, math.MaxInt32) {
		return fmt.Errorf("a variable of shape %v that %s/ has in shape %v (%.60s)", v.shape, variablesDir, e.shape, v.node)
	}
	return nil
}

// add adds a weight.
func (vs *variables) add(p *puller, v *variable) value {
	v.name = p.names.Unique(v.name)
	vs.used = append(vs.used, v)
	n := &nodepb.NodeDef{Name: v.name, Op: "Placeholder", Attr: map[string]*attrpb.AttrValue{"dtype": typeAttr(typespb.DataType_DT_FLOAT), "shape": shapeAttr(v.shape)}}
	p.write(n)
	v.read = &value{at: graphs.Tensor{Node: n.Name}, dtype: typespb.DataType_DT_FLOAT}
	return *v.read
}

// maxConstant is the largest number of values of a variable that becomes a constant.
const maxConstant = 1 << 20

// constantOf reads a variable now: it holds whole numbers or a condition.
func (p *puller) constantOf(v *variable) value {
	n := size(v.shape, maxConstant)
	if n < 0 || width(v.dtype) == 1 && v.dtype != typespb.DataType_DT_BOOL && !isInteger(v.dtype) {
		p.problems.add("a variable of "+typeName(v.dtype), "", v.node)
		return value{dtype: v.dtype}
	}
	t, err := p.variables.checkpoint.read(v.place.key, v.place.slice, tf.DataType(v.dtype))
	if err != nil {
		return p.fail(err)
	}
	raw, err := contents(t)
	if err != nil {
		return p.fail(err)
	}
	return p.constantNode(v.name, &tensorpb.TensorProto{Dtype: v.dtype, TensorShape: shapeProto(v.shape), TensorContent: raw})
}

// gathered is ResourceGather: GatherV2 of what the variable holds.
func (p *puller) gathered(f *frame, n *nodepb.NodeDef) value {
	params, indices := p.readOf(n, p.nth(f, n, 0)), p.nth(f, n, 1)
	if p.err != nil {
		return value{}
	}
	along := n.GetAttr()["batch_dims"].GetI()
	axis := p.number(n.GetName()+"/axis", typespb.DataType_DT_INT32, float64(along))
	attrs := map[string]*attrpb.AttrValue{"Tparams": typeAttr(params.dtype), "Tindices": typeAttr(indices.dtype), "Taxis": typeAttr(axis.dtype), "batch_dims": intAttr(along)}
	return p.add(n.GetName(), "GatherV2", attrs, params.dtype, params, indices, axis)
}

// gatheredNd is ResourceGatherNd.
func (p *puller) gatheredNd(f *frame, n *nodepb.NodeDef) value {
	params, indices := p.readOf(n, p.nth(f, n, 0)), p.nth(f, n, 1)
	if p.err != nil {
		return value{}
	}
	attrs := map[string]*attrpb.AttrValue{"Tparams": typeAttr(params.dtype), "Tindices": typeAttr(indices.dtype)}
	return p.add(n.GetName(), "GatherNd", attrs, params.dtype, params, indices)
}
