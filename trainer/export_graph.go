package trainer

import (
	"bytes"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// The signatures of an export.
const (
	signServe       = "serving_default"
	signEmbed       = "embed"
	signReconstruct = "reconstruct"
)

// endpoint is an output of a signature. Its name is that of the signature's
// output and of the graph's node.
type endpoint struct {
	signature, name string
	value           tf.Output
}

// endpoints lists what m offers of f; see [TrainGraph.WriteSavedModel].
func endpoints(m graphs.Disentangled, f graphs.Forward) []endpoint {
	list := []endpoint{{signServe, "logits", f.Logits}, {signEmbed, "embedding", f.Embedding}}
	if m.Warp {
		list = append(list,
			endpoint{signEmbed, "appearance", f.Appearance},
			endpoint{signEmbed, "geometry", f.Geometry},
			endpoint{signReconstruct, "canonical", f.Canonical},
			endpoint{signReconstruct, "field", f.Field})
	}
	list = append(list, endpoint{signReconstruct, "reconstruction", f.Reconstruction})
	return slices.DeleteFunc(list, func(e endpoint) bool { return e.value.Op == nil })
}

// exported is the graph of an export with a session over it.
type exported struct {
	net   *graphs.Net
	image tf.Output // placeholder
	// photo is the placeholder of an image file's content; without Op where there is none.
	photo     tf.Output
	photoEnds []endpoint
	labels    *tf.Operation // the path of the file of class names; nil where they have none
	ends      []endpoint
	saver     Saver
	saved     *tf.Operation // identity of the saver's prefix, after a save: Python fetches it
}

// newExported builds the inference-only graph of the model. Its variables have
// no values yet.
func (g *TrainGraph) newExported(net *graphs.Net, e Export) (*exported, error) {
	x := &exported{}
	var err error
	x.net, err = graphs.Build(graphs.Options{Portable: true, Device: deviceOf(net)}, func(b *graphs.Builder) error {
		s := b.Pass("model", graphs.Inference)
		f := g.Model.Classify(s, x.images(b, s, e, g))
		if !e.InferenceOnly {
			g.Model.Reconstruct(s, &f)
		}
		if !s.OK() {
			return b.Err()
		}
		x.ends = endpoints(g.Model, f)
		x.ends = slices.Insert(x.ends, 1, endpoint{signServe, "probabilities", op.Softmax(s.Op("softmax"), f.Logits)})
		if g.takesPhotos() {
			x.photoEnds = x.photoEndpoints(b, b.Pass("photo", graphs.Inference), g)
		}
		if !s.OK() {
			return b.Err()
		}
		for _, ends := range [][]endpoint{x.ends, x.photoEnds} {
			for i, end := range ends {
				ends[i].value = namedOutput(b, end.name, end.value).Output(0)
			}
		}
		if len(g.ClassNames) > 0 {
			x.labels = namedOutput(b, "labels", op.Const(s.Op("labels_file"), assetsDir+"/"+labelsAsset))
		}
		x.saver = declareSaver(b)
		if !s.OK() {
			return b.Err()
		}
		x.saved = namedOutput(b, "ckpt/saved", x.saver.prefix.Value, x.saver.save)
		return b.Err()
	})
	return x, err
}

// images adds the placeholder "image" and what turns it into the float32
// images in [0,1] that the model reads.
func (x *exported) images(b *graphs.Builder, s *graphs.Scope, e Export, g *TrainGraph) tf.Output {
	dims := tf.MakeShape(-1, int64(g.Shape.H), int64(g.Shape.W), int64(g.Shape.C))
	dt := tf.Float
	if e.Input == Uint8Input {
		dt = tf.Uint8
	}
	x.image = b.AddNamedOp("image", tf.OpSpec{Type: "Placeholder", Attrs: map[string]any{"dtype": dt, "shape": dims}}).Output(0)
	// A session does not compare a feed with its placeholder, and kernels may
	// abort the process on a wrong shape.
	images := op.EnsureShape(s.Op("checked"), x.image, dims)
	if dt == tf.Float {
		return images
	}
	// As the pipeline does; TensorFlow's optimiser makes a product of it, which
	// may differ in the last bit.
	return op.Div(s.Op("scaled"), op.Cast(s.Op("float"), images, tf.Float), op.Const(s.Op("white"), float32(255)))
}

// namedOutput gives x a name of its own in the graph, computed after the given ops.
func namedOutput(b *graphs.Builder, name string, x tf.Output, after ...*tf.Operation) *tf.Operation {
	return b.AddNamedOp(name, tf.OpSpec{Type: "Identity", Input: []tf.Input{x}, ControlDependencies: after})
}

// deviceOf is the device on which an export must compute to agree with net:
// a GPU may round products more coarsely (TensorFloat-32).
func deviceOf(net *graphs.Net) graphs.Device {
	if onGPU(net) {
		return graphs.Auto
	}
	return graphs.CPU
}

func onGPU(net *graphs.Net) bool {
	ds, err := net.Devices()
	return err == nil && slices.ContainsFunc(ds, func(d tf.Device) bool { return d.Type == "GPU" })
}

// signatures lists the outputs of each signature.
func (x *exported) signatures() map[string][]string {
	m := map[string][]string{}
	for _, e := range slices.Concat(x.ends, x.photoEnds) {
		m[e.signature] = append(m[e.signature], e.name)
	}
	return m
}

// graphDef is the graph in TensorFlow's own serialisation.
func (x *exported) graphDef() ([]byte, error) {
	var b bytes.Buffer
	if _, err := x.net.Graph.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("serialising the graph: %w", err)
	}
	return b.Bytes(), nil
}
