package savedmodel

import (
	"fmt"
	"path/filepath"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// checkpoint reads tensors of the folder variables by RestoreV2, in graphs of its
// own.
type checkpoint struct {
	prefix  string
	mutex   sync.Mutex
	readers map[tf.DataType]*restore
}

// restore is a graph that reads tensors of one type.
type restore struct {
	session            *tf.Session
	prefix, key, slice tf.Output
	value              tf.Output
}

func newCheckpoint(dir string) *checkpoint {
	return &checkpoint{prefix: filepath.Join(dir, variablesDir, dataPrefix), readers: map[tf.DataType]*restore{}}
}

// read returns a tensor, floating-point numbers as float32. slice is the part of
// it, "" for all of it.
func (c *checkpoint) read(key, slice string, dtype tf.DataType) (*tf.Tensor, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	r := c.readers[dtype]
	if r == nil {
		var err error
		if r, err = newRestore(dtype); err != nil {
			return nil, err
		}
		c.readers[dtype] = r
	}
	feeds := map[tf.Output]*tf.Tensor{}
	for out, v := range map[tf.Output]any{r.prefix: c.prefix, r.key: []string{key}, r.slice: []string{slice}} {
		t, err := tf.NewTensor(v)
		if err != nil {
			return nil, err
		}
		feeds[out] = t
	}
	got, err := r.session.Run(feeds, []tf.Output{r.value}, nil)
	if err != nil {
		return nil, fmt.Errorf("variable %.60q in %s/: %w", key, variablesDir, graphs.FirstLine(err))
	}
	return got[0], nil
}

func newRestore(dtype tf.DataType) (*restore, error) {
	s := op.NewScope()
	text := func(name string, shape tf.Shape) tf.Output {
		return op.Placeholder(s.SubScope(name), tf.String, op.PlaceholderShape(shape))
	}
	r := &restore{prefix: text("prefix", tf.ScalarShape()), key: text("key", tf.MakeShape(1)), slice: text("slice", tf.MakeShape(1))}
	r.value = op.RestoreV2(s, r.prefix, r.key, r.slice, []tf.DataType{dtype})[0]
	switch dtype {
	case tf.Half, tf.Bfloat16, tf.Double:
		r.value = op.Cast(s, r.value, tf.Float)
	}
	graph, err := s.Finalize()
	if err != nil {
		return nil, err
	}
	r.session, err = tf.NewSession(graph, nil)
	return r, err
}

// close gives the sessions back.
func (c *checkpoint) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, r := range c.readers {
		r.session.Close()
	}
	c.readers = map[tf.DataType]*restore{}
}
