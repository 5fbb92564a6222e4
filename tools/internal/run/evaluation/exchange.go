package evaluation

import (
	"errors"
	"fmt"
	"io"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/certify/vnnlib"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/graphs/onnx"
	"unwarp/tools/internal/run/experiment"
)

// Exchange says where open cases are written for other verifiers; the zero value
// is nowhere.
type Exchange struct {
	Dir     string
	Seconds float64 // that they may take for a case
}

// check refuses what cannot be written, before anything is computed.
func (x Exchange) check(threat attacks.Threat) error {
	if x.Dir == "" {
		return nil
	}
	if threat.Norm != attacks.Linf { // nor "", that of a geometric threat
		return fmt.Errorf("--vnnlib: want the norm linf, since these files hold boxes, got %s", threat)
	}
	return vnnlib.CheckFolder(x.Dir)
}

// exchanged is the classifier as other verifiers get it.
type exchanged struct {
	Exchange
	network *bounds.Network
}

// declare walks the classifier in a pass of its own.
func (x *exchanged) declare(b *graphs.Builder, v attacks.Victim) (err error) {
	if x == nil || x.Dir == "" {
		return nil
	}
	image := b.Input("exchanged_image", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))
	s := b.Pass("exchanged", graphs.Inference, v.Pass...)
	logits := v.Logits(s, image.Value)
	if err := b.Err(); err != nil {
		return err
	}
	x.network, err = bounds.Walk(s.In("walked"), image.Value, logits)
	var unsupported *bounds.UnsupportedError
	if errors.As(err, &unsupported) {
		return experiment.NewConfigError(fmt.Errorf("--vnnlib: %w", err))
	}
	return err
}

// write writes the cases of set that c leaves open at any of its sizes; ev holds
// examples.
func (x *exchanged) write(e *Evaluator, set attacks.Images, c *certify.Certificate, ev *attacks.Evaluation, shard attacks.Shard, log io.Writer) error {
	if x == nil || x.Dir == "" {
		return nil
	}
	file, err := onnx.Encode(e.ReferenceModel.Net, x.network, "classifier")
	if err != nil {
		return err
	}
	open := x.open(e.ReferenceModel.Graph.Victim, set, c, ev, shard)
	if err := vnnlib.Write(x.Dir, file, open, x.Seconds); err != nil {
		return err
	}
	fmt.Fprintf(log, "%d open cases and the classifier are in %s\n", len(open), x.Dir)
	return nil
}

// open are the properties of all open cases, size by size.
func (x *exchanged) open(v attacks.Victim, set attacks.Images, c *certify.Certificate, ev *attacks.Evaluation, shard attacks.Shard) []vnnlib.Property {
	own := map[int]bool{}
	for _, i := range shard.Images(set.Labels) {
		own[i] = true
	}
	var all []vnnlib.Property
	for _, size := range c.Sizes {
		results := make([]certify.Result, set.Len())
		for i := range results {
			if own[i] {
				results[i].Status = c.StatusAt(i, size, ev)
			}
		}
		all = append(all, vnnlib.Open(v, set, results, size)...)
	}
	return all
}
