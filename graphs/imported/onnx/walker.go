package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/onnx/format"
)

// trials are the numbers of images for which shapes are computed at import where
// the file leaves the number free: what differs between them grows with it. They
// are primes that no network has as a size.
var trials = [2]int64{1_000_003, 1_000_033}

// walker writes nodes into a graph, in order.
type walker struct {
	net    *Network
	s      *graphs.Scope // the network's: its variables
	values map[string]*value
	batch  tf.Output // the number of images, int32 [1], once somebody asked for it
	input  *value
	plan   *plan // what is found out on the first walk; nil later
	labels map[string]bool
	// computed is how many values have been computed at import.
	computed int64
}

// lookup is the value of a name.
func (w *walker) lookup(name string) *value {
	if v := w.values[name]; v != nil {
		return v
	}
	c := w.net.constants[name]
	if c == nil {
		fail("want a value %.80q, which nothing computes", name)
	}
	v := &value{name: name, known: c, shape: c.shape, batch: still}
	w.values[name] = v
	return v
}

// run writes nodes.
func (w *walker) run(nodes []*format.Node) error {
	for _, n := range nodes {
		err := catch(func() { w.node(n) })
		if err == nil && !w.s.OK() {
			err = w.s.Builder().Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", describe(n), err)
		}
	}
	return nil
}

// node computes a node at import where its inputs are known, and writes it
// otherwise.
func (w *walker) node(f *format.Node) {
	o, n := operators[operatorName(f)], &node{Node: f, w: w}
	known := true
	for _, name := range f.In {
		var v *value
		if name != "" {
			v = w.lookup(name)
			known = known && v.known != nil
		}
		n.in = append(n.in, v)
	}
	var out []*value
	if known && o.fold != nil {
		out = n.fold(o)
	}
	if out == nil {
		if o.write == nil {
			fail("want inputs that do not depend on the image")
		}
		n.at = w.s.In(w.label(f))
		out = o.write(n)
	}
	for i, name := range f.Out {
		if name == "" || i >= len(out) || out[i] == nil {
			continue // whoever reads it finds nothing
		}
		v := *out[i]
		v.name = name
		w.values[name] = &v
	}
	if w.plan != nil && n.at != nil {
		w.plan.note(w, f)
	}
}

// label is the name of a node's scope, used once.
func (w *walker) label(f *format.Node) string {
	name := f.Name
	if name == "" && len(f.Out) > 0 {
		name = f.Out[0]
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '_'
	}, name)
	name = "node_" + name[max(0, len(name)-60):]
	free := name
	for k := 2; w.labels[strings.ToLower(free)]; k++ {
		free = fmt.Sprintf("%s_%d", name, k)
	}
	w.labels[strings.ToLower(free)] = true
	return free
}

// op adds an op of TensorFlow and returns its first output.
func (w *walker) op(at *graphs.Scope, kind string, a attrs, in ...tf.Output) tf.Output {
	inputs := make([]tf.Input, len(in))
	for i, x := range in {
		inputs[i] = x
	}
	return w.add(at, kind, a, inputs...).Output(0)
}

func (w *walker) add(at *graphs.Scope, kind string, a attrs, in ...tf.Input) *tf.Operation {
	scope := at.Op(strings.ToLower(kind))
	if at.OK() {
		if o := scope.AddOperation(tf.OpSpec{Type: kind, Input: in, Attrs: a}); o != nil && at.OK() {
			return o
		}
	}
	panic(failure{cmpErr(at.Builder().Err())})
}

// cmpErr is err, or that something went wrong before.
func cmpErr(err error) error {
	if err == nil {
		return errors.New("the graph cannot be written")
	}
	return err
}

func (w *walker) constant(at *graphs.Scope, v any) tf.Output {
	t, ok := v.(*tf.Tensor)
	if !ok {
		var err error
		if t, err = tf.NewTensor(v); err != nil {
			fail("constant: %w", err)
		}
	}
	return w.op(at, "Const", attrs{"dtype": t.DataType(), "value": t})
}

// images is the number of images, int32 [1].
func (w *walker) images() tf.Output {
	if w.batch.Op == nil {
		at := w.s.In("batch")
		shape := w.op(at, "Shape", nil, w.input.out)
		w.batch = w.op(at, "Slice", nil, shape, w.constant(at, []int32{0}), w.constant(at, []int32{1}))
	}
	return w.batch
}

// dims is a shape as a tensor of the graph, int32: the size that grows is computed.
func (n *node) dims(shape []int64, batch growth) tf.Output {
	if batch.axis == none {
		return n.narrow(shape)
	}
	parts := []tf.Output{n.op("Mul", nil, n.w.images(), n.narrow([]int64{batch.times}))}
	if batch.axis > 0 {
		parts = slices.Insert(parts, 0, n.narrow(shape[:batch.axis]))
	}
	if rest := shape[batch.axis+1:]; len(rest) > 0 {
		parts = append(parts, n.narrow(rest))
	}
	return n.concat(parts, 0)
}

// made is what an op has computed, stored in order.
func (w *walker) made(out tf.Output, order []int, batch growth) *value {
	dims, err := out.Shape().ToSlice()
	if err != nil {
		fail("want a result whose shape is known at import, TensorFlow's %s has %v", out.Op.Type(), out.Shape())
	}
	v := &value{out: out, order: normal(order), shape: make([]int64, len(dims)), batch: batch}
	for i, at := range v.ordered() {
		v.shape[at] = dims[i]
	}
	if batch.axis != none {
		v.shape[batch.axis] = -1
	}
	for axis, size := range v.shape {
		if size < 0 && axis != batch.axis {
			fail("want a result whose sizes are known at import, got %v with the number of images at axis %d", v.shape, batch.axis)
		}
	}
	return v
}

// like is made as x is stored.
func (n *node) like(x *value, out tf.Output) []*value {
	return []*value{n.w.made(out, x.order, x.batch)}
}

// inFileOrder is made of an op that read plain values.
func (n *node) inFileOrder(out tf.Output, batch growth) []*value {
	return []*value{n.w.made(out, nil, batch)}
}
