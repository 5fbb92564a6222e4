package savedmodel

import (
	tf "github.com/wamuir/graft/tensorflow"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
)

// objectGraphKey is the tensor that holds the object graph of a checkpoint.
const objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"

// place is where the values of a variable lie in the checkpoint.
type place struct {
	key, slice string
	name       string // the variable's own, "" where there is none
}

// objectKeys finds the keys of the variables of TensorFlow 2, by the node of the
// main graph. The object graph of the file lists which variables each function
// reads, in the order of its last arguments; the object graph of the checkpoint has
// the same children and says under which key each variable lies.
func (f *file) objectKeys(x *index, c *checkpoint) (map[string]place, error) {
	keys := map[string]place{}
	objects := f.meta.GetObjectGraphDef()
	if _, there := x.entries[objectGraphKey]; !there || objects == nil {
		return keys, nil
	}
	saved, err := readObjects(c)
	if err != nil {
		return nil, err
	}
	keyOf := matchObjects(objects.GetNodes(), saved.GetNodes())
	for _, n := range f.nodes {
		bound := objects.GetConcreteFunctions()[n.GetAttr()["f"].GetFunc().GetName()].GetBoundInputs()
		inputs := dataInputs(n)
		for k, id := range bound {
			at := len(inputs) - len(bound) + k
			if at < 0 || id < 0 || int(id) >= len(objects.GetNodes()) || keyOf[id] == "" {
				continue
			}
			handle := tensorOf(f.originOf(inputs[at]))
			keys[handle.Node] = place{key: keyOf[id], name: objects.GetNodes()[id].GetVariable().GetName()}
		}
	}
	return keys, nil
}

// originOf is what a tensor of the main graph is an identity of.
func (f *file) originOf(text string) string {
	for range maxCalls {
		n := f.nodes[tensorOf(text).Node]
		if n.GetOp() != "Identity" || len(dataInputs(n)) != 1 {
			break
		}
		text = dataInputs(n)[0]
	}
	return text
}

func readObjects(c *checkpoint) (*pb.TrackableObjectGraph, error) {
	t, err := c.read(objectGraphKey, "", tf.String)
	if err != nil {
		return nil, err
	}
	text, _ := t.Value().(string)
	var g pb.TrackableObjectGraph
	if err := decodeBounded([]byte(text), &g); err != nil {
		return nil, errDamaged
	}
	return &g, nil
}

// matchObjects walks both object graphs from the root along the same children and
// returns the key of each variable, by the number of its node in the file.
func matchObjects(file []*pb.SavedObject, saved []*pb.TrackableObjectGraph_TrackableObject) map[int32]string {
	keys, seen := map[int32]string{}, map[int32]bool{}
	type pair struct{ file, saved int32 }
	todo := []pair{{0, 0}}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		if seen[at.file] || at.file < 0 || int(at.file) >= len(file) || at.saved < 0 || int(at.saved) >= len(saved) {
			continue
		}
		seen[at.file] = true
		for _, a := range saved[at.saved].GetAttributes() {
			if a.GetName() == "VARIABLE_VALUE" && a.GetCheckpointKey() != "" {
				keys[at.file] = a.GetCheckpointKey()
			}
		}
		children := map[string]int32{}
		for _, c := range saved[at.saved].GetChildren() {
			children[c.GetLocalName()] = c.GetNodeId()
		}
		for _, c := range file[at.file].GetChildren() {
			if id, ok := children[c.GetLocalName()]; ok {
				todo = append(todo, pair{c.GetNodeId(), id})
			}
		}
	}
	return keys
}
