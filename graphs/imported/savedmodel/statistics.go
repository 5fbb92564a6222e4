package savedmodel

import (
	"path"
	"slices"
	"strings"

	"unwarp/graphs"
)

// markStatistics notes which weights are moving statistics of batch norm, which are not
// trained: those that an op normalises with, and those that have Keras's names.
func (n *Network) markStatistics() {
	found := map[string]bool{}
	for _, node := range n.nodes {
		const mean, variance = 3, 4
		if in := node.GetInput(); strings.HasPrefix(node.GetOp(), "FusedBatchNorm") && len(in) > variance {
			found[n.origin(in[mean])], found[n.origin(in[variance])] = true, true
		}
	}
	for _, w := range n.weights {
		name := path.Base(w.name)
		w.statistic = found[w.name] || strings.HasPrefix(name, "moving_mean") || strings.HasPrefix(name, "moving_variance")
	}
}

// origin is the node whose value an input of a node is.
func (n *Network) origin(text string) string {
	name := tensorOf(text).Node
	for range n.nodes {
		node := n.byName[name]
		if !slices.Contains([]string{"Identity", "Cast", "ReadVariableOp"}, node.GetOp()) || len(node.GetInput()) == 0 {
			break
		}
		name = tensorOf(node.GetInput()[0]).Node
	}
	return name
}

// kind says whether the variable of a weight is trained.
func (v *variable) kind() graphs.Kind {
	if v.statistic {
		return graphs.Statistic
	}
	return graphs.Trainable
}
