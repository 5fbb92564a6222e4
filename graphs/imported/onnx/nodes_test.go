package onnx

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/onnx/format"

	. "unwarp/graphs/graphtest"
)

// nodeCase is a node test of the ONNX project: a model of one node, what goes in and
// what comes out. tools/golden/onnxnodes.py records them.
type nodeCase struct {
	operator, name string
	model          *format.Model
	in, out        []*tensor
}

func readNodeCases(t *testing.T) (cases []*nodeCase, version string) {
	f, err := os.Open("testdata/nodes.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	x := &Network{}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			return cases, version
		}
		data, err2 := io.ReadAll(r)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		operator, rest, _ := strings.Cut(h.Name, "/")
		name, file, _ := strings.Cut(rest, "/")
		if file == "" {
			version = string(data)
			continue
		}
		if len(cases) == 0 || cases[len(cases)-1].name != name {
			cases = append(cases, &nodeCase{operator: operator, name: name})
		}
		c := cases[len(cases)-1]
		switch {
		case file == "model.onnx":
			c.model, err = format.Parse(data)
		case path.Ext(file) == ".pb":
			var p *format.Tensor
			if p, err = format.ParseTensor(data); err != nil {
				break
			}
			if strings.HasPrefix(file, "input") {
				c.in = append(c.in, x.tensor(p))
			} else {
				c.out = append(c.out, x.tensor(p))
			}
		}
		if err != nil {
			t.Fatal(h.Name, err)
		}
	}
}

// always are operators that want all inputs but the first at import.
var always = []string{"Resize", "Upsample", "QuantizeLinear", "Dropout", "Range", "ConstantOfShape", "Split", "Tile", "Expand"}

// known tells whether an input is given as a weight is: shapes, axes, scales.
func (c *nodeCase) known(i int) bool {
	k := c.in[i].kind
	listed := slices.Contains(always, c.operator)
	if c.operator == "Range" || c.operator == "ConstantOfShape" {
		return true
	}
	return i > 0 && (listed || k == format.Int64 && !slices.Contains([]string{"Where", "Equal", "Less", "Greater", "Pow", "Mod", "Div", "Max", "Min"}, c.operator))
}

// trial is a test as it is written into a graph: all inputs at import where folded is
// set, in the graph otherwise, but for those that have to be known.
type trial struct {
	*nodeCase
	folded  bool
	refused error
	values  []*value
	fetched []int // of each value, -1 where it is known
	// The gradient of a weighted sum of the outputs with respect to the first input.
	input, feed   tf.Output
	sum, gradient int // among the fetches; 0 where there is none
}

// batchOfTrials writes trials into one graph and runs it once.
type batchOfTrials struct {
	feeds   graphs.Feeds
	fetches []tf.Output
	found   []*tf.Tensor
}

func (all *batchOfTrials) run(t *testing.T, trials []*trial) {
	t.Helper()
	all.feeds = graphs.Feeds{}
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		for i, x := range trials {
			x.refused = all.declare(b, fmt.Sprint("trial", i), x)
			if b.Err() != nil {
				return fmt.Errorf("%s: %w", x.name, b.Err())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if all.found, err = net.Run(all.feeds, all.fetches); err != nil {
		t.Fatal(err)
	}
	all.checkGradients(t, net, trials)
}

// checkGradients compares each gradient along a direction with differences.
func (all *batchOfTrials) checkGradients(t *testing.T, net *graphs.Net, trials []*trial) {
	const step = 2e-3
	moved := [2]graphs.Feeds{maps.Clone(all.feeds), maps.Clone(all.feeds)}
	for _, c := range trials {
		if c.gradient > 0 {
			for k, sign := range []float64{1, -1} {
				x := &tensor{kind: format.Float, shape: c.in[0].shape, data: slices.Clone(c.in[0].values())}
				for i := range x.data {
					x.data[i] += sign * step * math.Cos(float64(3*i))
				}
				moved[k][c.feed] = asTensor(x, tf.Float)
			}
		}
	}
	var sums [2][]*tf.Tensor
	for k, feeds := range moved {
		var err error
		if sums[k], err = net.Run(feeds, all.fetches); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range trials {
		if c.gradient == 0 {
			continue
		}
		along, scale := 0., 0.
		for i, g := range fromTensor(all.found[c.gradient]).values() {
			d := math.Cos(float64(3 * i))
			along, scale = along+g*d, scale+math.Abs(g*d)
		}
		want := (float64(graphs.Scalar(sums[0][c.sum])) - float64(graphs.Scalar(sums[1][c.sum]))) / (2 * step)
		noise := 4e-7 * math.Abs(float64(graphs.Scalar(all.found[c.sum]))) / step
		if far := math.Abs(along - want); !(far <= .02*scale+4*noise) && !slices.Contains(edged, c.name) {
			t.Errorf("%s: gradient %.5g along a direction, differences say %.5g (of %.3g)", c.name, along, want, scale)
		}
	}
}

// edged are tests with inputs where a function has a kink, or none of float32's digits
// is left for a difference.
var edged = []string{
	"test_leakyrelu_example", "test_elu_example", "test_selu_example", "test_thresholdedrelu_example", "test_softmax_large_number", "test_logsoftmax_large_number",
	"test_maxpool_3d_dilations", "test_maxpool_3d_dilations_use_ref_impl", "test_pow", "test_reduce_min_default_axes_keepdims_example",
}

func (all *batchOfTrials) declare(b *graphs.Builder, pass string, c *trial) error {
	x := &Network{set: c.model.Sets[""], constants: map[string]*tensor{}, byKey: map[string]*weight{}}
	s := b.Pass(pass, graphs.Inference)
	w := &walker{net: x, s: s, values: map[string]*value{}, plan: &plan{seen: map[string]bool{}, names: map[string]bool{}}, labels: map[string]bool{}}
	for i, v := range c.model.Graph.In {
		x.constants[v.Name] = c.in[i]
		if c.folded || c.known(i) {
			continue
		}
		kind := dataType(c.in[i].kind)
		in := b.Input(fmt.Sprint(pass, "x", i), kind, c.in[i].shape...)
		all.feeds[in.Feed] = asTensor(c.in[i], kind)
		w.values[v.Name] = &value{name: v.Name, out: in.Value, shape: c.in[i].shape, batch: still}
		if i == 0 && kind == tf.Float {
			c.input, c.feed = in.Value, in.Feed
		}
	}
	if err := w.run(c.model.Graph.Nodes); err != nil {
		return err
	}
	for i, o := range c.model.Graph.Out {
		v := w.values[o.Name]
		if v == nil {
			return fmt.Errorf("no output %q", o.Name)
		}
		c.values, c.fetched = append(c.values, v), append(c.fetched, -1)
		if v.known == nil {
			c.fetched[i] = len(all.fetches)
			at := s.In(fmt.Sprint("out", i))
			all.fetches = append(all.fetches, w.op(at, "Identity", nil, w.read(at, v, nil)))
		}
	}
	if c.input.Op != nil && c.fetched[0] >= 0 && !slices.Contains(flat, c.operator) && product64(c.out[0].shape)*product64(c.in[0].shape) > 0 {
		all.differentiate(s.In("gradient"), c, all.fetches[c.fetched[0]])
	}
	return nil
}

// flat are operators of which TensorFlow has no gradient, or whose gradient is zero.
var flat = []string{"Round", "QuantizeLinear", "Mod", "Floor", "Ceil", "Sign", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Cast", "Not", "Gather"}

// differentiate adds the gradient of y, weighted by sines.
func (all *batchOfTrials) differentiate(s *graphs.Scope, c *trial, y tf.Output) {
	if y.DataType() != tf.Float {
		return
	}
	weights := make([]float32, product64(c.out[0].shape))
	for i := range weights {
		weights[i] = float32(1.2 + math.Sin(float64(i+1)))
	}
	weighted := op.Mul(s.Op("weighted"), op.Reshape(s.Op("flat"), y, op.Const(s.Op("all"), []int32{-1})), op.Const(s.Op("weights"), weights))
	sum := op.Sum(s.Op("sum"), weighted, op.Const(s.Op("axis"), int32(0)))
	g := graphs.Gradients(s, sum, c.input)
	c.sum, c.gradient = len(all.fetches), len(all.fetches)+1
	all.fetches = append(all.fetches, sum, g[0])
}

// judge compares the outputs of a trial with what they should be.
func (all *batchOfTrials) judge(c *trial) error {
	if c.refused != nil {
		return fmt.Errorf("refused: %w", c.refused)
	}
	for i, want := range c.out {
		got := c.values[i].known
		if c.fetched[i] >= 0 {
			got = fromTensor(all.found[c.fetched[i]])
		}
		if err := differs(got, want); err != nil {
			return fmt.Errorf("failed: output %d: %w", i, err)
		}
	}
	return nil
}

// asTensor packs values as they are fed.
func asTensor(t *tensor, kind tf.DataType) *tf.Tensor {
	var raw bytes.Buffer
	for _, v := range t.values() {
		var x any = float32(v)
		switch kind {
		case tf.Bool:
			x = v != 0
		case tf.Int64:
			x = clampInt(v)
		case tf.Int32:
			x = int32(v)
		}
		binary.Write(&raw, binary.NativeEndian, x)
	}
	out, err := tf.ReadTensor(kind, t.shape, &raw)
	if err != nil {
		panic(err)
	}
	return out
}

func fromTensor(x *tf.Tensor) *tensor {
	t := &tensor{shape: x.Shape(), data: []float64{}, kind: map[tf.DataType]format.DataType{tf.Float: format.Float, tf.Int64: format.Int64, tf.Int32: format.Int32, tf.Bool: format.Bool}[x.DataType()]}
	var raw bytes.Buffer
	if _, err := x.WriteContentsTo(&raw); err != nil {
		panic(err)
	}
	t.data = decode(t.kind, raw.Bytes(), product64(t.shape))
	return t
}

// differs tells how far a result is from what it should be.
func differs(got, want *tensor) error {
	if !slices.Equal(got.shape, want.shape) {
		return fmt.Errorf("want shape %v, got %v", want.shape, got.shape)
	}
	worst := 0.
	for i, w := range want.values() {
		g := got.values()[i]
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		d := math.Abs(g-w) / (1e-5 + math.Abs(w))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		if math.Abs(g-w) > 1e-6 {
			worst = max(worst, d)
		}
	}
	if worst > 1e-3 {
		return fmt.Errorf("differs by %.3g of the value", worst)
	}
	return nil
}

// Every operator computes what the ONNX project's node tests say; what is refused
// stands in OPS.md with its reason.
func TestNodes(t *testing.T) {
	cases, version := readNodeCases(t)
	var trials []*trial
	for _, c := range cases {
		if c.model == nil {
			continue
		}
		trials = append(trials, &trial{nodeCase: c})
		if operators[c.operator].fold != nil {
			trials = append(trials, &trial{nodeCase: c, folded: true})
		}
	}
	outcomes, checked := map[*nodeCase]string{}, 0
	for some := range slices.Chunk(trials, 60) {
		var all batchOfTrials
		all.run(t, some)
		for _, x := range some {
			if err := all.judge(x); err != nil {
				outcomes[x.nodeCase] = err.Error()
				if x.refused == nil {
					t.Errorf("%s, at import %v: %v", x.name, x.folded, err)
				}
			}
			if x.gradient > 0 {
				checked++
			}
		}
	}
	if checked < 250 {
		t.Errorf("%d gradients checked, want more", checked)
	}
	type row struct {
		passed int
		others []string
	}
	rows, order, total := map[string]*row{}, []string{}, 0
	for _, c := range cases {
		if rows[c.operator] == nil {
			rows[c.operator], order = &row{}, append(order, c.operator)
		}
		text := outcomes[c]
		if c.model == nil {
			text = "not recorded: too large"
		}
		if text == "" {
			rows[c.operator].passed++
			total++
			continue
		}
		rows[c.operator].others = append(rows[c.operator].others, fmt.Sprintf("%s: %s", strings.TrimPrefix(c.name, "test_"), text))
	}
	var b strings.Builder
	fmt.Fprintf(&b, opsHead, total, len(cases), version)
	for _, o := range order {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", o, rows[o].passed, strings.ReplaceAll(strings.Join(rows[o].others, "<br>"), "|", "\\|"))
	}
	Golden(t, "../OPS.md", b.String())
}

const opsHead = `# ONNX operators

Written by TestNodes. Each operator is computed in the graph, and at import where it can be, and compared with the node tests of the ONNX project
(relative difference 1e-3 at most, as there). Of onnx %[3]s's tests whose tensors are float32, or what an operator needs beside, %[1]d of %[2]d pass and
none computes another result. The others are refused, with the reason that a user sees:

| operator | tests passed | others |
|---|---|---|
`
