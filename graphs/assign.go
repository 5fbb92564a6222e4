package graphs

import (
	"bytes"
	"encoding/binary"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// AssignAll gives variables, by their paths, values in row-major order, in one run:
// TensorFlow prepares the whole graph anew for each set of variables.
func (n *Net) AssignAll(values map[string][]float32) error {
	all := Values{feeds: Feeds{}}
	for path, x := range values {
		v := n.Vars.Find(path)
		switch {
		case v == nil:
			return fmt.Errorf("graphs: variable %s: want one that was declared, found none", path)
		case v.Size() != int64(len(x)):
			return fmt.Errorf("graphs: variable %s: want %d values for shape %v, got %d", path, v.Size(), v.Shape, len(x))
		}
		raw, err := binary.Append(make([]byte, 0, 4*len(x)), binary.NativeEndian, x)
		if err != nil {
			return err
		}
		t, err := tf.ReadTensor(tf.Float, v.Shape, bytes.NewReader(raw)) // the variable keeps its memory
		if err != nil {
			return fmt.Errorf("graphs: variable %s: %w", path, err)
		}
		if err := all.add(v, t); err != nil {
			return err
		}
	}
	return n.SetVariables(all)
}
