package graphs

import (
	"errors"
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Builder is handed to the function that declares a net. It owns the graph,
// the variables and the inputs; it is not safe for concurrent use.
type Builder struct {
	graph    *tf.Graph
	root     *op.Scope
	vars     *Variables
	varOps   *op.Scope // one "vars/" prefix for all handles, reads and initial values
	feedOps  *op.Scope // one "feed/" prefix for all inputs
	inputs   map[tf.Output]Input
	passes   map[string]bool // names used
	step     Input
	seed     uint64
	portable bool   // see [Options]
	where    string // path of the op being added, for errors
	cause    error  // first error raised by a layer
	causeAt  string
	// customGradients are the values whose gradients layers write themselves, by op name.
	customGradients map[string]customGradient
}

// AddNamedOp adds one op outside every pass, under exactly this name, by which
// other programs find it. The error of a name that is
// taken is kept like a layer's, and the result is nil.
func (b *Builder) AddNamedOp(name string, spec tf.OpSpec) *tf.Operation {
	if b.root.Err() != nil {
		return nil
	}
	b.where, spec.Name = name, name
	return b.root.AddOperation(spec)
}

// Graph is the graph under construction, for reading it and for importing nodes
// under a name of one's own.
func (b *Builder) Graph() *tf.Graph { return b.graph }

// Variables lists what has been declared so far.
func (b *Builder) Variables() *Variables { return b.vars }

// Err is the first error so far, nil if none.
func (b *Builder) Err() error {
	err, at := b.root.Err(), b.where
	if b.cause != nil {
		err, at = b.cause, b.causeAt
	}
	if err == nil {
		return nil
	}
	if at == "" {
		at = "graph"
	}
	if b.cause != nil {
		return fmt.Errorf("graphs: %s: %w", at, err)
	}
	text, _, _ := strings.Cut(err.Error(), " (Stacktrace:")
	return fmt.Errorf("graphs: %s: %s", at, text)
}

var errBuild = errors.New("a layer reported an error")

// recordError records err with the path at which it happened; the first one stays.
func (b *Builder) recordError(at string, err error) {
	if b.root.Err() == nil {
		b.cause, b.causeAt = err, at
		b.root.UpdateErr("layer", errBuild) // stops every later op
	}
}

func newBuilder(seed uint64) *Builder {
	graph := tf.NewGraph()
	root := op.NewScopeWithGraph(graph)
	return &Builder{
		graph:   graph,
		root:    root,
		vars:    &Variables{byPath: map[string]*Variable{}},
		varOps:  root.SubScope("vars"),
		feedOps: root.SubScope("feed"),
		inputs:  map[tf.Output]Input{},
		passes:  map[string]bool{},
		seed:    seed,

		customGradients: map[string]customGradient{},
	}
}
