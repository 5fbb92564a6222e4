package graphs

import (
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Outline is what can be said of a graph before anything of its size is asked for.
type Outline struct {
	Vars     *Variables
	graph    *tf.Graph
	estimate estimate
}

// Describe runs declare as [Build] does, and opens no session.
func Describe(declare func(b *Builder) error) (*Outline, error) {
	b := newBuilder(0)
	if err := declare(b); err != nil {
		return nil, err
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	graph, err := b.root.Finalize()
	if err != nil {
		return nil, fmt.Errorf("graphs: closing the graph: %w", err)
	}
	return &Outline{b.vars, graph, estimateMemory(graph, b.vars)}, nil
}

// Memory is about what batches of so many rows take, in bytes: weights, what trains
// them, what a pass holds at once, and TensorFlow itself.
func (o *Outline) Memory(rows int) uint64 { return o.estimate.total(rows) + runtimeBytes }

// LayerRow is a row in a table of layers.
type LayerRow struct {
	Name       string  `json:"name"`       // the path of its variables, or of its op
	Op         string  `json:"op"`         // TensorFlow's name of what it computes
	Shape      []int64 `json:"shape"`      // of its output for one image; -1 where that is not known
	Parameters int64   `json:"parameters"` // numbers in its variables, statistics of batch norm included
}

// Layers are those of a pass that have variables, and those that pool, in the order
// of computation.
func (o *Outline) Layers(pass string) []LayerRow {
	sizes := map[string]int64{}
	for _, v := range o.Vars.All(Trainable, Statistic) {
		sizes[v.Path[:max(0, strings.LastIndexByte(v.Path, '/'))]] += v.Size()
	}
	var rows []LayerRow
	at := map[string]int{}
	for _, x := range o.graph.Operations() {
		path, ok := strings.CutPrefix(x.Name(), pass+"/")
		if !ok || x.NumOutputs() == 0 {
			continue
		}
		name := layerOf(path, sizes)
		if name == "" && slices.Contains(poolingOps, x.Type()) {
			name = path[:strings.LastIndexByte(path, '/')]
		}
		if name == "" {
			continue
		}
		i, seen := at[name]
		if !seen {
			i = len(rows)
			at[name], rows = i, append(rows, LayerRow{Name: name, Op: x.Type(), Parameters: sizes[name]})
		}
		rows[i].note(x)
	}
	return rows
}

// layerOf is the layer with variables in which an op is, "" for none.
func layerOf(path string, sizes map[string]int64) string {
	for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
		if sizes[path[:i]] > 0 {
			return path[:i]
		}
	}
	return ""
}

// Ops after which layers are named: those that products are, and those that pool.
var (
	productOps = []string{"Conv2D", "MatMul", "BatchMatMulV2", "DepthwiseConv2dNative", "Conv2DBackpropInput", "FusedBatchNormV3"}
	poolingOps = []string{"MaxPool", "AvgPool"}
)

// note takes the shape of a layer's last output, and the name of its product.
func (l *LayerRow) note(x tf.Operation) {
	if slices.Contains(productOps, x.Type()) || l.Op == "Const" {
		l.Op = x.Type()
	}
	dims, err := x.Output(0).Shape().ToSlice()
	if err == nil && len(dims) > 1 && dims[0] < 0 { // the first is that of the batch
		l.Shape = slices.Clone(dims[1:])
	}
}
