package graphs

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// Copy opens another session over the graph of n, with other options (their
// seed is ignored), and copies the present values of n's variables to it. So one
// model can compute in two precisions: attack in bfloat16, verify in float32.
func (n *Net) Copy(o Options) (*Net, error) {
	c, err := n.Open(o)
	if err != nil {
		return nil, err
	}
	if err := c.CopyVariables(n); err != nil {
		c.Session.Close()
		return nil, err
	}
	return c, nil
}

// Open opens another session over the graph of n, with other options (their seed
// is ignored). Its variables have no values.
func (n *Net) Open(o Options) (*Net, error) {
	session, p, err := openSession(n.Graph, o)
	if err != nil {
		return nil, err
	}
	return &Net{Graph: n.Graph, Session: session, Vars: n.Vars, Precision: p, inputs: n.inputs, first: o.First}, nil
}

// CopyVariables sets the variables of n to their values in from, a net over the
// same graph.
func (n *Net) CopyVariables(from *Net) error {
	if n.Graph != from.Graph {
		return errors.New("graphs: variables: want two nets over one graph, made by Copy")
	}
	values, err := from.ReadVariables()
	if err != nil {
		return err
	}
	return n.SetVariables(values)
}

// Values are values of variables, for nets over the graph that they are from.
type Values struct {
	feeds   Feeds // what an initialiser assigns: fed in place of being drawn
	assigns []*tf.Operation
}

// ReadVariables returns the present values of all variables of the given kinds,
// of every variable without arguments.
func (n *Net) ReadVariables(kinds ...Kind) (Values, error) {
	values := Values{feeds: Feeds{}}
	var reads []tf.Output
	all := n.Vars.All(kinds...)
	for _, v := range all {
		reads = append(reads, v.Read)
	}
	if len(reads) == 0 {
		return values, nil
	}
	tensors, err := n.Run(nil, reads)
	if err != nil {
		return values, err
	}
	for i, t := range tensors { // they are fresh, and nobody writes into them
		if err := values.add(all[i], t); err != nil {
			return values, err
		}
	}
	return values, nil
}

// Len is the number of variables.
func (a Values) Len() int { return len(a.assigns) }

// add takes in the value of v. A variable shares the memory of what it was assigned
// from.
func (a *Values) add(v *Variable, t *tf.Tensor) error {
	if v.init == nil {
		return fmt.Errorf("graphs: variable %s: want an initial value to be replaced, but a portable graph has none: restore a checkpoint", v.Path)
	}
	a.assigns = append(a.assigns, v.init)
	a.feeds[tf.Consumer{Op: v.init, Index: 1}.Producer()] = t
	return nil
}

// SetVariables gives variables of n the values that a net over the same graph
// has read.
func (n *Net) SetVariables(v Values) error {
	if len(v.assigns) == 0 {
		return nil
	}
	_, err := n.Run(v.feeds, nil, v.assigns...)
	return err
}
