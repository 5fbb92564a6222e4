package onnx

import (
	"fmt"
	"slices"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/onnx/format"
)

// Network is a network of an ONNX file.
type Network struct {
	path       string
	set        int64
	graph      *format.Graph
	producers  map[string]*format.Node
	constants  map[string]*tensor
	fixedBatch int64 // the number of images that the file fixes, 0 where it is free
	signature  imported.Signature
	input      format.Value
	scores     string // the value in the file that [imported.Scores] is
	beside     []string
	outside    *outside

	mutex   sync.Mutex // weights are decoded when they are first read
	names   imported.Names
	byKey   map[string]*weight
	weights []*weight
	layers  []layer
}

var _ imported.Network = (*Network)(nil)

// weight is a variable and its values in the file.
type weight struct {
	imported.Weight
	values *tensor
}

// layer is a place, and the value of the file that it is.
type layer struct {
	imported.Layer
	value string
}

// Signature tells what goes in and what comes out.
func (x *Network) Signature() imported.Signature { return x.signature }

// Layers are the nodes that the scores need and that depend on the images.
func (x *Network) Layers() []imported.Layer {
	out := make([]imported.Layer, len(x.layers))
	for i, l := range x.layers {
		out[i] = l.Layer
	}
	return out
}

// Weights are the float32 tensors of the file, but for moving statistics and single
// numbers.
func (x *Network) Weights() []imported.Weight {
	out := make([]imported.Weight, len(x.weights))
	for i, w := range x.weights {
		out[i] = w.Weight
	}
	return out
}

// ReadWeight returns the values of a weight.
func (x *Network) ReadWeight(name string) (values []float32, err error) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	for _, w := range x.weights {
		if w.Name == name {
			err = catch(func() { values = w.values.float32s() })
			return values, err
		}
	}
	return nil, fmt.Errorf("want a weight of %s, got %.80q", x.path, name)
}

// Files are the ONNX file and those that hold its weights.
func (x *Network) Files() []string { return append([]string{x.path}, x.beside...) }

// Declare writes the network; see [imported.Network].
func (x *Network) Declare(s *graphs.Scope, images tf.Output, ends ...string) []tf.Output {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	return x.declare(s, images, nil, ends)
}

func (x *Network) declare(s *graphs.Scope, images tf.Output, p *plan, ends []string) []tf.Output {
	out := make([]tf.Output, len(ends))
	if _, ok := s.Dims(images, 4, "images [B,H,W,C]"); !ok {
		return out
	}
	var wanted []string
	for _, end := range ends {
		name, ok := x.valueOf(end)
		if !ok {
			s.Errorf("want a layer of %s, got %.80q", x.path, end)
			return out
		}
		wanted = append(wanted, name)
	}
	nodes, err := x.order(wanted)
	w := &walker{net: x, s: s, values: map[string]*value{}, plan: p, labels: map[string]bool{}}
	if err == nil {
		err = catch(func() { w.enter(images) })
	}
	if err == nil {
		err = w.run(nodes)
	}
	if err == nil {
		err = catch(func() {
			for i, name := range wanted {
				out[i] = w.leave(name, ends[i] == imported.Scores, i)
			}
		})
	}
	if err != nil {
		s.Errorf("%w", err)
	}
	return out
}

// valueOf is the value of the file that an end is.
func (x *Network) valueOf(end string) (string, bool) {
	if end == imported.Scores {
		return x.scores, true
	}
	i := slices.IndexFunc(x.layers, func(l layer) bool { return l.Name == end })
	if i < 0 {
		return "", false
	}
	return x.layers[i].value, true
}

// enter gives the images to the input of the file.
func (w *walker) enter(images tf.Output) {
	x := w.net
	d, err := images.Shape().ToSlice()
	if err != nil || slices.Min(d[1:]) < 1 {
		fail("want images [B,H,W,C] of known sizes, got %v", images.Shape())
	}
	image := x.signature.Input
	for i, want := range []int{image.H, image.W, image.C} {
		if want != 0 && int64(want) != d[1+i] {
			fail("want images of %d x %d pixels and %d channels (0: any), got %v", image.H, image.W, image.C, d[1:])
		}
	}
	v := &value{name: x.input.Name, out: images, shape: []int64{-1, d[1], d[2], d[3]}, batch: growth{0, 1, 1}}
	w.input = v
	switch rank := len(x.input.Dims); {
	case image.ChannelsFirst:
		v.shape, v.order = []int64{-1, d[3], d[1], d[2]}, channelsLast(4)
	case image.Flat:
		v.shape = []int64{-1, d[1] * d[2] * d[3]}
		if rank == 3 {
			v.shape = []int64{-1, d[1], d[2] * d[3]}
		}
		at := w.s.In("flat")
		v.out = w.op(at, "Reshape", nil, images, w.constant(at, v.shape))
	}
	for i, size := range x.input.Dims {
		if i > 0 && size.Size != 0 && size.Size != v.shape[i] {
			fail("want images whose values fill %v in the file, got %v", sizesOf(x.input.Dims), d[1:])
		}
	}
	w.values[x.input.Name] = v
}

func sizesOf(dims []format.Dim) []int64 {
	out := make([]int64, len(dims))
	for i, d := range dims {
		out[i] = d.Size
	}
	return out
}

// leave is a value of the file as an end: scores as [B,K], others as they are stored.
func (w *walker) leave(name string, scores bool, number int) tf.Output {
	v := w.lookup(name)
	n := &node{Node: &format.Node{}, w: w, at: w.s.In(fmt.Sprintf("end_%d", number))}
	if v.known != nil || v.batch.axis == none {
		fail("want an end that depends on the image, %.80q does not", name)
	}
	if scores {
		if v.batch.axis != 0 || v.batch.times != 1 {
			fail("want scores of each image, got shape %v", v.shape)
		}
		y := n.reshape(n.plain(v), []int64{-1, product64(v.shape[1:])})
		if y.DataType() != tf.Float { // the number of a class
			y = n.op("Cast", attrs{"DstT": tf.Float}, y)
		}
		return y
	}
	if v.order == nil || sameOrder(v.order, channelsLast(v.rank())) {
		return n.op("Identity", nil, v.out)
	}
	return n.op("Identity", nil, n.plain(v))
}

// inner writes a graph within a node, and returns its outputs.
func (w *walker) inner(g *format.Graph) []*value {
	for _, c := range g.Constants {
		t := w.net.tensor(c)
		w.values[c.Name] = &value{name: c.Name, known: t, shape: t.shape, batch: still}
	}
	for _, n := range g.Nodes {
		w.node(n)
	}
	var out []*value
	for _, o := range g.Out {
		v := *w.lookup(o.Name)
		out = append(out, &v)
	}
	return out
}
