package imported

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// below is the scope of the network in that of the encoder, so that names of the file
// meet no others.
const below = "net"

func init() { graphs.RegisterFileEncoders(encode, SavedModel, ONNX) }

// OpenEncoder opens the file of an encoder.
func OpenEncoder(f graphs.FileEncoder) (Network, error) {
	return Open(f.Format, f.Path, Options{Signature: f.Signature, Output: f.Scores, Layout: Layout(f.Layout)})
}

// CheckEncoder opens the file of an encoder and refuses a layer that is not there, and
// more frozen layers than there are.
func CheckEncoder(f graphs.FileEncoder) error {
	n, err := OpenEncoder(f)
	if err != nil {
		return err
	}
	if _, err := endOf(n, f); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	_, err = frozenWeights(n, f.Freeze)
	return err
}

// encode writes the network of f from images to its value [B,D].
func encode(f graphs.FileEncoder, s *graphs.Scope, images tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{} // images were not written
	}
	n, err := OpenEncoder(f)
	if err != nil {
		s.Errorf("model.encoder: %w", err)
		return tf.Output{}
	}
	end, err := endOf(n, f)
	if err != nil {
		s.Errorf("model.encoder: output: %w", err)
		return tf.Output{}
	}
	if err := CheckImages(n.Signature(), images); err != nil {
		s.Errorf("model.encoder: %s: %w", f.Path, err)
		return tf.Output{}
	}
	frozen, err := frozenWeights(n, f.Freeze)
	if err != nil {
		s.Errorf("model.encoder: %w", err)
		return tf.Output{}
	}
	values := n.Declare(s.In(below).Frozen(frozen), images, end)
	if !s.OK() {
		return tf.Output{}
	}
	if b := values[0].Shape().Size(0); b >= 0 && b != images.Shape().Size(0) {
		s.Errorf("model.encoder: output: want a layer with a value for each image, got %.60q of shape %v: name another", end, values[0].Shape())
		return tf.Output{}
	}
	if end == Scores {
		return logits(s, n.Signature(), f, values[0])
	}
	return pool(s, f.Pool, values[0])
}

// endOf is the end that the output of an encoder means; "" and hidden are the value
// that the last product reads.
func endOf(n Network, f graphs.FileEncoder) (string, error) {
	switch f.Output {
	case graphs.ScoresOutput:
		return Scores, nil
	case "", graphs.HiddenOutput:
		if hidden := n.Signature().Hidden; hidden != "" {
			return hidden, nil
		}
		return "", fmt.Errorf("want a layer, since no product of matrices stands at the end: name one of %s", lastLayers(n))
	}
	if !slices.ContainsFunc(n.Layers(), func(l Layer) bool { return l.Name == f.Output }) {
		return "", fmt.Errorf("want a layer of %.60s, got %.40q: name one of %s", filepath.Base(f.Path), f.Output, lastLayers(n))
	}
	return f.Output, nil
}

// lastLayers names the last layers, and what lists the others, for messages.
func lastLayers(n Network) string {
	const most = 3
	var names []string
	for _, l := range n.Layers() {
		names = append(names, fmt.Sprintf("%.40s", l.Name))
	}
	if len(names) == 0 {
		return "its layers, of which there are none"
	}
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s, or of the %d before them, which unwarp model FILE lists", strings.Join(names[more:], ", "), more)
	}
	return strings.Join(names, ", ")
}

// frozenWeights are the names of the weights that stay as they are.
func frozenWeights(n Network, f graphs.Freeze) ([]string, error) {
	first, err := f.First()
	if err != nil || first == 0 {
		return nil, err
	}
	var names []string
	if first < 0 {
		for _, w := range n.Weights() {
			names = append(names, w.Name)
		}
		return names, nil
	}
	layers := 0
	for _, l := range n.Layers() {
		if len(l.Weights) > 0 {
			layers++
			if layers <= first {
				names = append(names, l.Weights...)
			}
		}
	}
	if first > layers {
		return nil, fmt.Errorf("freeze: want at most the %d layers that have weights, got first:%d", layers, first)
	}
	return names, nil
}

// pool makes a value [B,…] of a layer an embedding [B,D].
func pool(s *graphs.Scope, how string, x tf.Output) tf.Output {
	if x.Shape().NumDimensions() == 4 && how != "none" {
		x = op.Mean(s.Op("pooled"), x, op.Const(s.Op("pixels"), []int32{1, 2}))
	}
	if x.Shape().NumDimensions() == 2 {
		return x
	}
	return s.Flatten(x)
}

// CheckImages refuses images of another size than the file fixes.
func CheckImages(sign Signature, images tf.Output) error {
	in, shape := sign.Input, images.Shape()
	if shape.NumDimensions() != 4 {
		return fmt.Errorf("want images [B,H,W,C], got shape %v", shape)
	}
	return in.Admits(int(shape.Size(1)), int(shape.Size(2)), int(shape.Size(3)))
}

// Admits refuses images of another size than the file fixes; -1 is not known.
func (in Image) Admits(h, w, c int) error {
	other := func(fixed, got int) bool { return fixed > 0 && got > 0 && fixed != got }
	if other(in.H, h) || other(in.W, w) || other(in.C, c) {
		return fmt.Errorf("want images of %s, got %dx%dx%d", in.Size(), h, w, c)
	}
	return nil
}

// Size is height x width x channels, with "any" for those that are free.
func (in Image) Size() string {
	words := make([]string, 3)
	for i, n := range []int{in.H, in.W, in.C} {
		if words[i] = fmt.Sprint(n); n <= 0 {
			words[i] = "any"
		}
	}
	return strings.Join(words, "x")
}
