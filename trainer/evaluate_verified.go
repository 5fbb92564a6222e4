package trainer

import (
	"context"
	"errors"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/pipelines"
)

// Verified is the result of a model under train.verified.
type Verified struct {
	Method   bounds.Method `json:"method"`
	Eps      float32       `json:"eps"`
	Norm     bounds.Norm   `json:"norm"`
	Images   int           `json:"images"`
	Accuracy float64       `json:"accuracy"` // share of images proven to be classified correctly within eps, in [0,1]
}

// verifier are the bounds of the inference pass: of the margins z_y - z_k,
// [B,classes], by each method. They hold in float32, see package bounds.
type verifier struct {
	probe   bounds.Probe
	margins []tf.Output
}

// declareVerifier bounds the inference pass, which reads averaged weights where
// there are any.
func (g *TrainGraph) declareVerifier(b *graphs.Builder) {
	s, v := b.Pass("verified", graphs.Inference), g.verification
	if !s.OK() {
		return
	}
	n, err := bounds.Walk(s.In("walk"), g.Images.Value, g.Inference.Logits)
	if err != nil {
		s.Errorf("%w", UnboundedError{err})
		return
	}
	ball := bounds.Ball(v.Norm, g.Images.Value, op.Const(s.Op("eps"), v.Eps))
	bs, err := bounds.New(s.In("bounds"), n, ball, bounds.Float32)
	if err != nil {
		s.Errorf("%w", UnboundedError{err})
		return
	}
	known := bs.IBP(nil)
	g.verifier.probe = bounds.NewProbe(b, s.In("probe"), "verified")
	g.verifier.margins = []tf.Output{bs.IBPMargins(g.Labels.Value, known)}
	if v.Method == bounds.CROWNIBP {
		g.verifier.margins = append(g.verifier.margins, bs.CROWNMargins(g.Labels.Value, known))
	}
}

// DeclareVerification adds what c.Verified asks for to the graph of a trained
// model, for [TrainGraph.EvaluateVerified].
func (g *TrainGraph) DeclareVerification(b *graphs.Builder, c Config) error {
	if g.verification = c.Verified.resolve(c.Certified); g.verification.On() {
		g.declareVerifier(b)
	}
	return unbounded(b.Err())
}

// Verifies reports whether [TrainGraph.EvaluateVerified] counts anything.
func (g *TrainGraph) Verifies() bool { return g.verification.On() }

// unbounded tells from other errors that the model has ops without bounds.
func unbounded(err error) error {
	var u UnboundedError
	if errors.As(err, &u) {
		return u
	}
	return err
}

// EvaluateVerified counts the images of src for which it is proven that no change
// up to eps alters their class, as train.verified says; nil where it says off. It
// computes in float32.
func (g *TrainGraph) EvaluateVerified(ctx context.Context, net *graphs.Net, src pipelines.Source) (*Verified, error) {
	v := g.verification
	if !v.On() {
		return nil, nil
	}
	src, err := g.firstImages(src, v.Images)
	if err != nil {
		return nil, err
	}
	net, done, err := inFloat32(net)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := g.verifier.probe.Check(net, bounds.Float32); err != nil {
		return nil, err
	}
	buffers, err := g.newInputBuffers()
	if err != nil {
		return nil, err
	}
	out, proven := &Verified{Method: v.Method, Eps: v.Eps, Norm: v.Norm}, 0
	for b, err := range g.streamForEvaluation(ctx, src) {
		if err != nil {
			return nil, err
		}
		n, err := g.countProven(net, buffers, b)
		if err != nil {
			return nil, err
		}
		proven += n
		out.Images += b.N
	}
	out.Accuracy = float64(proven) / float64(out.Images)
	return out, nil
}

// verifierRows is how many images are bounded at once: by CROWN each takes as much
// memory as its classes.
var verifierRows = []int{evalBatch, 50}

// countProven counts the images of b that are proven by one method or another, each
// on those that the one before it leaves open.
func (g *TrainGraph) countProven(net *graphs.Net, buffers *inputBuffers, b pipelines.Batch) (int, error) {
	proven, size := 0, g.Shape.Len()
	for i, margins := range g.verifier.margins {
		var open pipelines.Batch
		for from := 0; from < b.N; from += verifierRows[i] {
			n := min(verifierRows[i], b.N-from)
			part := pipelines.Batch{N: n, Images: b.Images[from*size : (from+n)*size], Labels: b.Labels[from : from+n]}
			feeds, err := buffers.feedBatch(part, false)
			if err != nil {
				return 0, err
			}
			out, err := net.Run(feeds, []tf.Output{margins})
			if err != nil {
				return 0, err
			}
			for j, y := range part.Labels {
				if allPositive(row32(graphs.Floats(nil, out[0]), j, n), int(y)) {
					proven++
					continue
				}
				open.N++
				open.Images = append(open.Images, part.Images[j*size:(j+1)*size]...)
				open.Labels = append(open.Labels, y)
			}
		}
		b = open
	}
	return proven, nil
}

func row32(x []float32, i, n int) []float32 { return x[i*len(x)/n : (i+1)*len(x)/n] }

// allPositive tells whether all margins but that over the label itself are
// positive; a bound that is not finite is none.
func allPositive(margins []float32, label int) bool {
	for k, m := range margins {
		if k != label && !(m > 0 && m <= math.MaxFloat32) {
			return false
		}
	}
	return true
}
