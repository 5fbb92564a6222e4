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
	session, p, err := openSession(n.Graph, o)
	if err != nil {
		return nil, err
	}
	c := &Net{Graph: n.Graph, Session: session, Vars: n.Vars, Precision: p, inputs: n.inputs, first: o.First}
	if err := c.CopyVariables(n); err != nil {
		session.Close()
		return nil, err
	}
	return c, nil
}

// CopyVariables sets the variables of n to their values in from, a net over the
// same graph.
func (n *Net) CopyVariables(from *Net) error {
	if n.Graph != from.Graph {
		return errors.New("graphs: variables: want two nets over one graph, made by Copy")
	}
	var values []tf.Output // what an initialiser assigns: fed here in place of being drawn
	var assigns []*tf.Operation
	var reads []tf.Output
	for _, v := range n.Vars.list {
		if v.init == nil {
			return fmt.Errorf("graphs: variable %s: want an initial value to be replaced, but a portable graph has none: restore a checkpoint", v.Path)
		}
		values = append(values, tf.Consumer{Op: v.init, Index: 1}.Producer())
		assigns = append(assigns, v.init)
		reads = append(reads, v.Read)
	}
	if len(reads) == 0 {
		return nil
	}
	tensors, err := from.Run(nil, reads)
	if err != nil {
		return err
	}
	// A variable shares the memory of what it was assigned from: these
	// tensors are fresh, and nobody else holds them.
	feeds := Feeds{}
	for i, t := range tensors {
		feeds[values[i]] = t
	}
	_, err = n.Run(feeds, nil, assigns...)
	return err
}
