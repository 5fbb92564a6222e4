package savedmodel

import (
	"fmt"
	"strings"

	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	opdefpb "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// Bounds of what is pulled, far above real networks.
const (
	maxNodes = 100_000   // nodes of the flat graph
	maxSteps = 1_000_000 // inputs looked at
	maxDepth = 20_000    // nodes in a row
	maxCalls = 100       // calls within each other
)

// puller writes what an output is computed from as a flat graph.
type puller struct {
	file       *file
	ops        map[string]*opdefpb.OpDef
	image      string // the placeholder in the main graph
	flat       []*nodepb.NodeDef
	flatByName map[string]*nodepb.NodeDef
	names      imported.Names
	variables  *variables
	problems   problems
	remarks    remarks
	imageRead  bool
	library    map[string]*functionpb.FunctionDef // of loops
	steps      int
	depth      int
	constants  int64 // bytes of constants
	err        error
}

// fail keeps the first error.
func (p *puller) fail(err error) value {
	if p.err == nil {
		p.err = err
	}
	return value{}
}

// input pulls what a node's input names.
func (p *puller) input(f *frame, text string) value {
	if p.err != nil {
		return value{}
	}
	if p.steps++; p.steps > maxSteps {
		return p.fail(fmt.Errorf("want at most %d inputs after all calls are written out, got more: it is damaged, or made to do harm", maxSteps))
	}
	if p.depth++; p.depth > maxDepth {
		return p.fail(fmt.Errorf("want at most %d ops in a row, got more: it is damaged, or made to do harm", maxDepth))
	}
	defer func() { p.depth-- }()
	if strings.HasPrefix(text, "^") {
		return p.fail(fmt.Errorf("want a tensor, got %.60q, which only orders: it is damaged", text))
	}
	if i, ok := f.argument(text); ok {
		if i >= len(f.inputs) {
			return p.fail(fmt.Errorf("function %.60q: want %d arguments, got %d: it is damaged", f.fn.name, len(f.fn.args), len(f.inputs)))
		}
		return p.input(f.caller, f.inputs[i])
	}
	n, i, err := p.tensor(f, text)
	if err != nil {
		return p.fail(err)
	}
	return p.output(f, n, i)
}

// output pulls output i of a node.
func (p *puller) output(f *frame, n *nodepb.NodeDef, i int) value {
	t := graphs.Tensor{Node: n.GetName(), Index: i}
	if v, ok := f.values[t]; ok {
		return v
	}
	if _, circle := f.busy[t]; circle {
		if p.inLoop(n) {
			return value{dtype: typespb.DataType_DT_FLOAT}
		}
		return p.fail(fmt.Errorf("node %.60q depends on itself: it is damaged", n.GetName()))
	}
	f.busy[t] = struct{}{}
	v := p.pull(f, n, i)
	delete(f.busy, t)
	f.values[t] = v
	return v
}

// inLoop notes a circle of TensorFlow 1's loops.
func (p *puller) inLoop(n *nodepb.NodeDef) bool {
	switch n.GetOp() {
	case "Merge", "RefMerge", "NextIteration", "RefNextIteration", "Switch", "RefSwitch", "Enter", "Exit":
		p.problems.add("a loop", n.GetOp(), n.GetName())
		return true
	}
	return len(p.problems.order) > 0
}

// passing are the ops whose output is their first input, or should be: gradients
// do not pass some of them in C++.
var passing = map[string]bool{
	"Identity": true, "EnsureShape": true, "PreventGradient": true, "Snapshot": true, "PlaceholderWithDefault": true,
	"RefIdentity": true, "Switch": true, "RefSwitch": true, "CheckNumerics": true, "_EagerConst": true,
}

// pull decides by the kind of op.
func (p *puller) pull(f *frame, n *nodepb.NodeDef, i int) value {
	if n.GetAttr()["_gradient_op_type"] != nil {
		p.remarks.add("custom gradients are replaced by the true derivative", n.GetName())
	}
	kind := n.GetOp()
	switch {
	case f.fn == nil && n.GetName() == p.image:
		p.imageRead = true
		return value{at: graphs.Tensor{Node: imageNode}, dtype: typespb.DataType_DT_FLOAT}
	case kind == "IdentityN":
		return p.nth(f, n, i)
	case passing[kind]:
		return p.nth(f, n, 0)
	case kind == "PartitionedCall" || kind == "StatefulPartitionedCall" || p.file.functions[kind] != nil:
		return p.call(f, n, i)
	case kind == "If" || kind == "StatelessIf":
		return p.branch(f, n, i)
	case kind == "Case" || kind == "StatelessCase":
		return p.choice(f, n, i)
	case kind == "While" || kind == "StatelessWhile":
		return p.loop(f, n, i)
	case kind == "Merge" || kind == "RefMerge":
		return p.merge(f, n, i)
	case variableOps[kind] != nil:
		return variableOps[kind](p, f, n)
	case kind == "Const":
		return p.constant(f, n)
	}
	if why := refusal(kind, p.ops[kind] != nil); why != "" {
		p.problems.add(why, kind, n.GetName())
		p.inputs(f, n) // what else there is
		return value{dtype: typespb.DataType_DT_FLOAT}
	}
	return p.op(f, n, i)
}

// nth pulls input i of a node that has one.
func (p *puller) nth(f *frame, n *nodepb.NodeDef, i int) value {
	in := dataInputs(n)
	if i < 0 || i >= len(in) {
		return p.fail(fmt.Errorf("node %.60q: want an input %d of %.40s, got %d inputs: it is damaged", n.GetName(), i, n.GetOp(), len(in)))
	}
	return p.input(f, in[i])
}

// inputs pulls all inputs of a node.
func (p *puller) inputs(f *frame, n *nodepb.NodeDef) []value {
	in := dataInputs(n)
	all := make([]value, len(in))
	for i, text := range in {
		all[i] = p.input(f, text)
	}
	return all
}

// refusal says why an op is not let through, "" where it is.
func refusal(kind string, known bool) string {
	switch {
	case strings.Contains(kind, "While") || loopOps[kind]:
		return "a loop, which cannot be written out"
	case kind == "Placeholder" || kind == "PlaceholderV2":
		return "a second input"
	case strings.Contains(kind, "LookupTable") || strings.Contains(kind, "HashTable"):
		return "a lookup table"
	case strings.HasPrefix(kind, "Decode") || strings.HasPrefix(kind, "String") || strings.HasPrefix(kind, "Parse") || kind == "AsString":
		return "texts or encoded images"
	case codeOps[kind] || strings.Contains(kind, "File") || strings.HasPrefix(kind, "Restore") || strings.HasPrefix(kind, "Save"):
		return "an op that touches files or runs code, which is never run"
	case !known:
		return "an op that TensorFlow does not have"
	case !graphs.ComputesOnly(kind):
		return "an op that does more than compute"
	}
	return ""
}

var loopOps = map[string]bool{"Enter": true, "RefEnter": true, "Exit": true, "RefExit": true, "NextIteration": true, "LoopCond": true, "For": true, "MapDefun": true, "ParallelMap": true}

var codeOps = map[string]bool{"PyFunc": true, "EagerPyFunc": true, "PyFuncStateless": true, "XlaCallModule": true, "XlaLaunch": true, "RemoteCall": true, "SymbolicGradient": true, "PrintV2": true, "Print": true, "TPUPartitionedCall": true, "InfeedDequeue": true, "MergeV2Checkpoints": true}
