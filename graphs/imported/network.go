package imported

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Network is a network in a file.
type Network interface {
	// Signature tells what goes in and what comes out.
	Signature() Signature
	// Layers are the places whose value can be taken, from the image to the end.
	Layers() []Layer
	// Weights are the values that become variables, in order of use, to which
	// [Restore] gives them. Moving statistics may be among them, or constants.
	Weights() []Weight
	// ReadWeight returns the values of a weight in row-major order of its Shape.
	ReadWeight(name string) ([]float32, error)
	// Files are the files that hold the network, that of the graph first.
	Files() []string
	// Declare writes the network below s, from images [B,H,W,C], float32 in the
	// file's own range, to each of ends: [Scores], or the Name of a layer. The
	// value of a layer is channels last, in whatever layout the file has it.
	//
	// Each weight that the ends need is s.Variable(Name, [graphs.Trainable],
	// [graphs.Zeros], Shape...), a moving statistic of batch norm
	// [graphs.Statistic]; others are not declared. The outputs are in the
	// order of ends. An error is recorded in s, and the outputs are then of no use.
	Declare(s *graphs.Scope, images tf.Output, ends ...string) []tf.Output
}

// Scores is the end [B,K] of a network: the values before a softmax or sigmoid at
// the end of the file, or its output where there is none. K may be 1 where
// [Signature].End is Sigmoid.
const Scores = ""

// End says what stands at the end of the file.
type End string

// Ends. Readers walk back from Softmax, LogSoftmax and Sigmoid; Scores is
// what they read. Linear is anything else of floats [B,K], which may still hold
// probabilities. Number is the number of a class where nothing in the file tells its
// scores: they are then that number, [B,1], and attacks that need the predicted class
// alone can run. Where the number is the place of the largest of some scores, readers
// take those.
const (
	Linear     End = "linear"
	Softmax    End = "softmax"
	LogSoftmax End = "log-softmax"
	Sigmoid    End = "sigmoid"
	Number     End = "class number"
)

// Signature is the outside of a network.
type Signature struct {
	// Format names the file's format and what wrote it, as far as it says:
	// "SavedModel of Keras 3", "ONNX, operator set 17, by pytorch 2.5".
	Format string
	// Name is that of the signature or of the graph, "" where there is none.
	Name  string
	Input Image
	// Output is the name of the output in the file.
	Output string
	// End is what stands before that output.
	End End
	// Classes is the number of outputs K, 0 where only running tells.
	Classes int
	// Hidden is the layer whose value the last product before the scores reads,
	// "" where there is none: a good end for an encoder.
	Hidden string
	// Remarks are for the user, a sentence each: custom gradients that were
	// replaced by true ones, calls that were written out, what runs otherwise than
	// in the file.
	Remarks []string
}

// Image is the input of a network.
type Image struct {
	// Name is that of the input in the file.
	Name string
	// H, W, C are the sizes of an image, 0 where the file leaves them free.
	H, W, C int
	// Batch is the number of images that the file fixes, 0 where any will do.
	Batch int
	// Type is the element type in the file: "float32", "uint8", …
	Type string
	// ChannelsFirst tells that the file has images [B,C,H,W].
	ChannelsFirst bool
	// Flat tells that the file has images [B,H·W·C] or [B,H,W]: H, W and C are then
	// taken from the data.
	Flat bool
}

// Layer is a place in a network.
type Layer struct {
	// Name is that in the file, as far as it has one. It is used once.
	Name string
	// Op is what the layer does, in the words of the format: Conv, MatMul, Relu.
	Op string
	// Shape is that of the value, channels last; -1 for sizes that are not known,
	// the batch first. Nil where the rank is not known.
	Shape []int64
	// Weights are the names of the weights that are first read here.
	Weights []string
}

// Weight is a value of a network that becomes a variable.
type Weight struct {
	// Name is the path of the variable below the scope. It consists of letters,
	// digits and _ . - / and is used once, whatever case is written; see [Names].
	Name string
	// Shape is that of the variable, in TensorFlow's layout: a kernel is
	// [height, width, in, out].
	Shape []int64
}

// Size is the number of values.
func (w Weight) Size() int64 {
	n := int64(1)
	for _, d := range w.Shape {
		n *= d
	}
	return n
}

// Options are what a user may say of a file when a reader opens it.
type Options struct {
	// Signature is the name of a signature, "" for the usual one.
	Signature string
	// Output is the name of an output where the file has several, "" for the only
	// one that could be scores of classes.
	Output string
	// Layout is "" (as the file says), ChannelsFirst or ChannelsLast.
	Layout Layout
}

// Layout is the order of the axes of an image.
type Layout string

// Layouts.
const (
	ChannelsLast  Layout = "channels-last"
	ChannelsFirst Layout = "channels-first"
)
