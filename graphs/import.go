package graphs

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	tensorpb "github.com/wamuir/graft/tensorflow/core/framework/tensor_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
)

// Tensor names an output of a node of a serialised graph.
type Tensor struct {
	Node  string
	Index int
}

// String is the name as TensorFlow writes it, such as logits:0.
func (t Tensor) String() string { return fmt.Sprintf("%s:%d", t.Node, t.Index) }

// ParseTensor reads the name of a tensor as a node's input gives it: logits,
// logits:0, split:1.
func ParseTensor(text string) (Tensor, error) {
	node, index, given := strings.Cut(text, ":")
	t := Tensor{Node: node}
	if given {
		n, err := strconv.ParseUint(index, 10, 16)
		if err != nil {
			return t, fmt.Errorf("want the name of a tensor such as logits:0, got %.60q", text)
		}
		t.Index = int(n)
	}
	return t, nil
}

// ConstantTexts are the elements of a constant list of strings. TensorFlow writes
// them as a list, or as all lengths and then all bytes.
func ConstantTexts(t *tensorpb.TensorProto) (all []string) {
	if t.GetDtype() != typespb.DataType_DT_STRING || len(t.GetTensorShape().GetDim()) != 1 {
		return nil
	}
	for _, text := range t.GetStringVal() {
		all = append(all, string(text))
	}
	raw, lengths := t.GetTensorContent(), []uint64{}
	for range t.GetTensorShape().GetDim()[0].GetSize() {
		n, size := binary.Uvarint(raw)
		if size <= 0 {
			break
		}
		raw, lengths = raw[size:], append(lengths, n)
	}
	for _, n := range lengths {
		if n > uint64(len(raw)) {
			return nil
		}
		all, raw = append(all, string(raw[:n])), raw[n:]
	}
	return all
}

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
