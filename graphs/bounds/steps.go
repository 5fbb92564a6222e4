package bounds

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// StepKind says what a [Step] computes.
type StepKind string

// Kinds of steps, in TensorFlow's layout: images [H,W,C].
const (
	ImageStep       StepKind = "image"
	ConvolutionStep StepKind = "convolution" // by Weights [kh,kw,C,M], after zeros at Edges
	DepthwiseStep   StepKind = "depthwise"   // by Weights [kh,kw,C,m]
	ProductStep     StepKind = "product"     // x·Weights [D,M]; of Transposed ones [M,D]
	ShiftStep       StepKind = "shift"       // x + Signs[0]·Weights, which broadcast to x
	ScaleStep       StepKind = "scale"       // x·Weights, which broadcast to x
	SumStep         StepKind = "sum"         // of the inputs, each times one of Signs
	ReductionStep   StepKind = "reduction"   // Share times the sum over Axes
	AveragePoolStep StepKind = "average pool"
	MaxPoolStep     StepKind = "max pool"
	ReshapeStep     StepKind = "reshape"
	PaddingStep     StepKind = "padding" // zeros at Edges
	CutStep         StepKind = "cut"     // Dims values from Begin on
	ConcatStep      StepKind = "concat"  // along Axes[0]
	TransposeStep   StepKind = "transpose"
	ReLUStep        StepKind = "relu"
	SigmoidStep     StepKind = "sigmoid"
	TanhStep        StepKind = "tanh"
)

// Step is an operator of a network, as what writes networks in other forms
// reads it. Axes are those of Dims, the rows not counted.
type Step struct {
	Kind StepKind
	Name string  // of the TensorFlow op
	In   []int   // the steps that it reads, by number
	Rows int64   // for each image
	Dims []int64 // of a row

	Weights         tf.Output  // constants; zero Output for none
	Transposed      bool       // the weights of a product
	Signs           []float64  // 1 or -1
	Window, Strides [2]int64   // rows and columns of a pooling or convolution
	Edges           [][2]int64 // what is padded, before and after each of the input's dims
	Axes            []int64    // of a reduction or concat; the order of a transpose
	Keep            bool       // axes of a reduction stay, with size 1
	Share           float64
	Begin           []int64
}

// Steps lists the operators of n, inputs before those that read them; the first is
// the image and the last the logits.
func (n *Network) Steps() ([]Step, error) {
	number, steps := map[*node]int{}, []Step{}
	for _, x := range n.nodes[:n.logits.id+1] {
		s := Step{Name: x.name, Rows: x.lead, Dims: slices.Clone(x.dims)}
		for _, in := range x.in {
			s.In = append(s.In, number[in])
		}
		if !s.describe(x) {
			return nil, fmt.Errorf("bounds: op %q: want an operator that can be written elsewhere, got %T", x.name, x.op)
		}
		number[x] = len(steps)
		steps = append(steps, s)
	}
	return steps, nil
}

// describe fills in what x computes.
func (s *Step) describe(x *node) bool {
	switch o := x.op.(type) {
	case nil:
		s.Kind = ImageStep
	case relu:
		s.Kind = ReLUStep
	case sshape:
		s.Kind = SigmoidStep
		if o.tanh {
			s.Kind = TanhStep
		}
	case *shift:
		s.Kind, s.Weights, s.Signs = ShiftStep, o.value, []float64{o.sign}
		return !o.each
	case scale:
		s.Kind, s.Weights = ScaleStep, o.value
		return !o.each
	case sum:
		s.Kind, s.Signs = SumStep, o.signs
	case reduction:
		s.Kind, s.Axes, s.Keep, s.Share = ReductionStep, o.axes, o.keep, o.share
	default:
		return s.describeLayer(x) || s.describeMove(x)
	}
	return true
}

// describeLayer fills in layers with windows or weights.
func (s *Step) describeLayer(x *node) bool {
	switch o := x.op.(type) {
	case conv:
		s.Kind, s.Weights = ConvolutionStep, o.kernel
		if o.depthwise.Op != nil {
			s.Kind, s.Weights = DepthwiseStep, o.depthwise
		}
		s.window(window{o.shape[0], o.shape[1], o.strides, o.padding, o.in, x.dims})
	case matmul:
		s.Kind, s.Weights, s.Transposed = ProductStep, o.kernel, o.transposed
	case avgpool:
		s.Kind = AveragePoolStep
		s.window(o.window)
	case maxpool:
		s.Kind = MaxPoolStep
		s.window(o.window)
	default:
		return false
	}
	return true
}

func (s *Step) window(w window) {
	s.Window, s.Strides, s.Edges = [2]int64{w.rows, w.cols}, [2]int64{w.strides[1], w.strides[2]}, w.edges()
}

// describeMove fills in operators that only move values.
func (s *Step) describeMove(x *node) bool {
	switch o := x.op.(type) {
	case reshape:
		s.Kind = ReshapeStep
	case padding:
		s.Kind, s.Edges = PaddingStep, o.edges
	case cut:
		s.Kind, s.Begin = CutStep, o.begin
	case concat:
		s.Kind, s.Axes = ConcatStep, []int64{int64(o.axis)}
	case permutation:
		s.Kind = TransposeStep
		for _, a := range o.order[1:] {
			s.Axes = append(s.Axes, int64(a)-1)
		}
	default:
		return false
	}
	return true
}
