package bpda

import (
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// InsertAfter returns the value that y has where f is applied to the outputs of all
// operations of some kinds between x and y, and how many these are. It puts a layer
// into a network, whatever made its graph. Errors are kept in s, which should be a
// scope of its own.
func InsertAfter(s *graphs.Scope, y, x tf.Output, kinds []string, f func(*graphs.Scope, tf.Output) tf.Output) (tf.Output, int) {
	if !s.OK() || y.Op == nil || x.Op == nil {
		return y, 0
	}
	r, err := newRewriter(s, y, x, false)
	if err != nil {
		s.Errorf("inserting layers: %w", err)
		return y, 0
	}
	count := 0
	for _, o := range r.path.ops {
		n := &node{rewriter: r, op: o, copied: o, name: strings.ReplaceAll(o.Name(), "/", "_")}
		changed := false
		for _, in := range inputsOf(o) {
			stand := r.standInOf(in)
			changed = changed || keyOf(stand.out) != keyOf(in)
			n.ins = append(n.ins, stand)
		}
		if changed {
			n.copied = n.copy()
		}
		for i, original := range outputsOf(o) {
			out := n.copied.Output(i)
			if slices.Contains(kinds, o.Type()) {
				count++
				out = f(s.In(n.name), out)
			}
			if !s.OK() {
				return y, count
			}
			r.ins[keyOf(original)] = standIn{out: out}
		}
	}
	return r.standInOf(y).out, count
}
