package onnx

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/graphs/imported"
	"unwarp/graphs/onnx/format"
)

// sign finds input and output of the file.
func (x *Network) sign(m *format.Model, o imported.Options) error {
	x.signature.Format = fmt.Sprintf("ONNX, operator set %d", x.set)
	if m.Producer != "" {
		x.signature.Format += strings.TrimRight(fmt.Sprintf(", by %.40s %.40s", m.Producer, m.ProducerVersion), " ")
	}
	x.signature.Name = m.Graph.Name
	out, err := x.chooseOutput(o.Output)
	if err != nil {
		return err
	}
	x.signature.Output = out.Name
	x.scores = out.Name
	if n := x.producers[out.Name]; n != nil && operatorName(n) == "ai.onnx.ml.ZipMap" && len(n.In) == 1 {
		x.scores = n.In[0] // probabilities by class name
	}
	if err := x.walkBack(out); err != nil {
		return err
	}
	return x.chooseInput(o.Layout)
}

// chooseOutput is the output of that name, or the only one that could be scores.
func (x *Network) chooseOutput(name string) (format.Value, error) {
	var all []string
	var could, numbers []format.Value
	for _, v := range x.graph.Out {
		all = append(all, v.Name)
		if name != "" && v.Name == name {
			return v, nil
		}
		if v.Kind == format.SequenceKind || v.Kind == format.MapKind || floating(v.Type) {
			could = append(could, v)
		}
		if v.Kind == format.TensorKind && isWhole(v.Type) {
			numbers = append(numbers, v)
		}
	}
	if len(could) == 0 {
		could = numbers
	}
	switch {
	case len(all) == 0:
		return format.Value{}, fmt.Errorf("want a graph with an output, found none")
	case name != "":
		return format.Value{}, fmt.Errorf("want the name of an output, one of %.120q, got %.40q", all, name)
	case len(could) == 0:
		return format.Value{}, fmt.Errorf("want an output of scores, float32 [images,classes]; the outputs %.120q are not", all)
	case len(could) > 1:
		return format.Value{}, fmt.Errorf("want one of its outputs, named with --scores (scores= in model.encoder): %.160q", all)
	}
	return could[0], nil
}

func floating(t format.DataType) bool {
	return t == format.Float || t == format.Float16 || t == format.Double || t == format.Bfloat16
}

func isWhole(t format.DataType) bool { return t == format.Int64 || t == format.Int32 }

// passing are operators that change no score, on the way back from the output.
var passing = []string{"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"}

// walkBack looks for a softmax or sigmoid at the end; the scores are what it reads. Of a
// class number they are those whose largest it tells, or the number itself.
func (x *Network) walkBack(out format.Value) error {
	x.signature.End = imported.Linear
	if isWhole(out.Type) {
		x.signature.End = imported.Number
	}
	at := x.scores
	for range len(x.graph.Nodes) {
		n := x.producers[at]
		if n == nil || len(n.In) == 0 {
			return nil
		}
		switch name := operatorName(n); {
		case slices.Contains(passing, name):
			at = n.In[0]
			continue
		case name == "ArgMax" && isOverClasses(n):
			at, x.scores, x.signature.End = n.In[0], n.In[0], imported.Linear
			x.signature.Remarks = append(x.signature.Remarks, fmt.Sprintf("The output is the number of a class; the scores whose largest it tells are taken (%.60s).", firstOf(n)))
			continue
		case strings.HasPrefix(name, "ai.onnx.ml.") && name != "ai.onnx.ml.LinearClassifier":
			return fmt.Errorf("want scores of classes, output %.60q comes from %s, which is not read: name another output with --scores, or export the scores", x.signature.Output, describe(n))
		case name == "ArgMax":
			x.signature.End = imported.Number // a float of it is no score
			return nil
		case x.signature.End == imported.Number:
			return nil // rounded: what comes before says more than the output
		case name == "Softmax":
			x.signature.End = imported.Softmax
		case name == "LogSoftmax":
			x.signature.End = imported.LogSoftmax
		case name == "Sigmoid":
			x.signature.End = imported.Sigmoid
		}
		if x.signature.End != imported.Linear {
			x.scores = n.In[0]
		}
		return nil
	}
	return nil
}

// isOverClasses tells whether an ArgMax goes over the axis of the classes.
func isOverClasses(n *format.Node) bool {
	for _, a := range n.Attributes {
		if a.Name == "axis" {
			return a.Int == 1 || a.Int == -1
		}
	}
	return false // the axis of the images
}

// chooseInput is the only input that the scores need.
func (x *Network) chooseInput(layout imported.Layout) error {
	nodes, err := x.order([]string{x.scores})
	if err != nil {
		return err
	}
	needed := map[string]bool{x.scores: true}
	for _, n := range nodes {
		for _, name := range reads(n) {
			needed[name] = true
		}
	}
	var found []format.Value
	var names []string
	for _, v := range x.graph.In {
		if needed[v.Name] && x.constants[v.Name] == nil {
			found, names = append(found, v), append(names, v.Name)
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("want scores that depend on an input, output %.60q does not", x.signature.Output)
	case len(found) > 1:
		return fmt.Errorf("want one input of images, the output needs %d: %.120q: export it with one", len(found), names)
	}
	x.input = found[0]
	return x.describeInput(nodes, layout)
}

// describeInput tells what an image is.
func (x *Network) describeInput(nodes []*format.Node, layout imported.Layout) error {
	v := x.input
	image := imported.Image{Name: v.Name, Type: v.Type.String()}
	switch {
	case v.Kind != format.TensorKind || !floating(v.Type) && v.Type != format.Uint8:
		return fmt.Errorf("input %.60q: want images of float32, float16, float64 or uint8, got %s %s", v.Name, v.Kind, v.Type)
	case !v.Shaped:
		v.Dims = make([]format.Dim, 4)
		x.input = v
	}
	d := sizesOf(v.Dims)
	switch len(d) {
	case 2, 3:
		image.Flat = true
	case 4:
		image.ChannelsFirst = layout == imported.ChannelsFirst || layout == "" && x.channelsFirst(d, nodes)
		image.H, image.W, image.C = int(d[1]), int(d[2]), int(d[3])
		if image.ChannelsFirst {
			image.H, image.W, image.C = int(d[2]), int(d[3]), int(d[1])
		}
	default:
		return fmt.Errorf("input %.60q: want images of 2 to 4 axes, got %v", v.Name, d)
	}
	for _, size := range d {
		if size > 1<<24 {
			return fmt.Errorf("input %.60q: want sizes of images, got %v", v.Name, d)
		}
	}
	image.Batch, x.fixedBatch = int(d[0]), d[0]
	if d[0] > 0 && d[0] != 1 {
		x.signature.Remarks = append(x.signature.Remarks, fmt.Sprintf("The file is for %d images at a time; it is written for any number.", d[0]))
	}
	x.signature.Input = image
	return nil
}

// channelsFirst tells the layout of an input from its sizes, or from what reads it
// first: files of TensorFlow's converter begin with a Transpose.
func (x *Network) channelsFirst(d []int64, nodes []*format.Node) bool {
	few := func(size int64) bool { return size >= 1 && size <= 4 }
	if few(d[1]) != few(d[3]) {
		return few(d[1])
	}
	for _, n := range nodes {
		if slices.Contains(n.In, x.input.Name) && n.Op == "Transpose" {
			for _, a := range n.Attributes {
				if a.Name == "perm" && slices.Equal(a.Ints, []int64{0, 3, 1, 2}) {
					return false
				}
			}
		}
	}
	return true
}

// findHidden notes the layer that the last product reads.
func (x *Network) findHidden() {
	at := x.scores
	for range len(x.graph.Nodes) {
		n := x.producers[at]
		if n == nil || len(n.In) == 0 {
			return
		}
		if n.Op == "Gemm" || n.Op == "MatMul" || n.Op == "Conv" {
			for _, l := range x.layers {
				if l.value == n.In[0] {
					x.signature.Hidden = l.Name
				}
			}
			return
		}
		next := n.In[0]
		if x.constants[next] != nil && len(n.In) > 1 {
			next = n.In[1]
		}
		at = next
	}
}
