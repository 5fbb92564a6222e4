package graphs

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	tf "github.com/wamuir/graft/tensorflow"
)

// Net is a closed graph with an open session over it. Run may be called from
// several goroutines; Close once, when none is running.
type Net struct {
	Graph   *tf.Graph
	Session *tf.Session
	Vars    *Variables
	// Precision is Float32 or Bfloat16: what AutoPrecision came to.
	Precision Precision
	inputs    map[tf.Output]Input
	fetched   atomic.Int64 // bytes fetched since the last collection
	first     func(run func() error) error
	seenRuns  sync.Map // sets of fetches and targets that have run
}

// Build runs declare once, closes the graph, opens a session and initialises
// the variables. The error names the path of the first layer that failed.
func Build(o Options, declare func(b *Builder) error) (*Net, error) {
	b := newBuilder(o.Seed)
	b.portable = o.Portable
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
	outline := &Outline{b.vars, graph, estimateMemory(graph, b.vars)}
	if o.Before != nil {
		if err := o.Before(outline); err != nil {
			return nil, err
		}
	}
	if err := o.checkMemory(outline.estimate); err != nil {
		return nil, &MemoryError{err}
	}
	session, p, err := openSession(graph, o)
	if err != nil {
		return nil, err
	}
	n := &Net{Graph: graph, Session: session, Vars: b.vars, Precision: p, inputs: b.inputs, first: o.First}
	if err := n.initialise(); err != nil {
		session.Close()
		return nil, err
	}
	return n, nil
}

// MemoryError says that a graph would take more memory than there is. Another
// configuration would mend it.
type MemoryError struct{ error }

// Close releases the session.
func (n *Net) Close() error { return n.Session.Close() }

func (n *Net) initialise() error {
	var ops []*tf.Operation
	for _, v := range n.Vars.list {
		if v.init != nil {
			ops = append(ops, v.init)
		}
	}
	if len(ops) == 0 {
		return nil
	}
	if _, err := n.run(nil, nil, ops); err != nil {
		return fmt.Errorf("graphs: initialising %d variables: %w", len(ops), err)
	}
	return nil
}

// Devices names the devices that the session may use.
func (n *Net) Devices() ([]tf.Device, error) { return n.Session.ListDevices() }

// FirstLine drops the trace that TensorFlow appends to its messages.
func FirstLine(err error) error {
	line, _, cut := strings.Cut(err.Error(), "\n")
	if !cut {
		return err
	}
	return errors.New(strings.TrimSpace(line))
}
