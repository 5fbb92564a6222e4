package graphs

import (
	"fmt"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// Tensor names an output of a node of a serialised graph.
type Tensor struct {
	Node  string
	Index int
}

// String is the name as TensorFlow writes it, such as logits:0.
func (t Tensor) String() string { return fmt.Sprintf("%s:%d", t.Node, t.Index) }

// Import adds the nodes of def, a serialised GraphDef, below the layer name, with
// the tensors in given put in the place of those of def that they are listed
// under. It returns the tensors of def that are wanted. What TensorFlow refuses
// is recorded as the layer's error.
func (s *Scope) Import(name string, def []byte, given map[Tensor]tf.Output, wanted ...Tensor) map[Tensor]tf.Output {
	in := s.In(name) // claims the name within the pass
	if !s.OK() {
		return nil
	}
	s.b.where = in.path
	options := tf.GraphImportOptions{Prefix: joinPath(s.pass.name, in.path)}
	for t, value := range given {
		options.AddInputMapping(t.Node, t.Index, value)
	}
	if err := s.b.graph.ImportWithOptions(def, options); err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		in.Errorf("the graph does not fit: %s", text)
		return nil
	}
	found := map[Tensor]tf.Output{}
	for _, t := range wanted {
		if value, ok := given[t]; ok {
			found[t] = value
			continue
		}
		o := s.b.graph.Operation(options.Prefix + "/" + t.Node)
		if o == nil || t.Index < 0 || t.Index >= o.NumOutputs() {
			in.Errorf("want a tensor %s in the graph, found none", t)
			return nil
		}
		found[t] = o.Output(t.Index)
	}
	return found
}
