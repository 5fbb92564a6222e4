package bounds

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Verifier proves for images that no image within a ball is classified
// otherwise, or bounds by how far. It holds the ops of one network in one
// graph; values come with each call of [Verifier.Verify]. It is not safe for
// concurrent use.
type Verifier struct {
	set     Settings
	net     *Network
	shape   []int64 // of an image
	probe   probe
	image   graphs.Input
	labels  graphs.Input
	eps     graphs.Input
	known   fedIntervals
	ibp     Intervals    // intervals, cut by known ones
	margins [2]tf.Output // [B,classes], by IBP and by CROWN, over known intervals
	tighten []tighten
	domain  domainOps
	buffers map[bufferKey]*graphs.Buffer
}

// fedIntervals are the known bounds of the activations' inputs, [B,n] each.
type fedIntervals struct{ lower, upper []graphs.Input }

func (f fedIntervals) values() Intervals {
	var out Intervals
	for i := range f.lower {
		out.Lower, out.Upper = append(out.Lower, f.lower[i].Value), append(out.Upper, f.upper[i].Value)
	}
	return out
}

// NewVerifier writes the bounds of a model into the graph of b, as a pass of
// the given name. logits maps images [B,shape...] with values in [0,1] to
// scores [B,classes]; opts are those of the pass. An [*UnsupportedError] names operators without bounds.
func NewVerifier(b *graphs.Builder, name string, shape []int64, logits func(s *graphs.Scope, images tf.Output) tf.Output, set Settings, opts ...graphs.PassOption) (*Verifier, error) {
	set, err := set.withDefaults()
	if err != nil {
		return nil, err
	}
	v := &Verifier{set: set, shape: shape, buffers: map[bufferKey]*graphs.Buffer{}}
	v.image = b.Input(name+"_image", tf.Float, append([]int64{-1}, shape...)...)
	v.labels = b.Input(name+"_labels", tf.Int32, -1)
	v.eps = b.Input(name+"_eps", tf.Float, -1)
	s := b.Pass(name, graphs.Inference, opts...)
	out := logits(s, v.image.Value)
	if err := b.Err(); err != nil {
		return nil, err
	}
	s = s.In("bounds")
	if v.net, err = Walk(s, v.image.Value, out); err != nil {
		return nil, err
	}
	for i, n := range v.net.ActivationSizes() {
		v.known.lower = append(v.known.lower, b.Input(fmt.Sprintf("%s_lower%d", name, i), tf.Float, -1, int64(n)))
		v.known.upper = append(v.known.upper, b.Input(fmt.Sprintf("%s_upper%d", name, i), tf.Float, -1, int64(n)))
	}
	if err := v.write(b, s, name); err != nil {
		return nil, err
	}
	return v, b.Err()
}

// write adds the ops of the methods that the settings ask for.
func (v *Verifier) write(b *graphs.Builder, s *graphs.Scope, name string) error {
	bs, err := New(s, v.net, Ball(v.set.Norm, v.image.Value, v.eps.Value), v.set.Rounding)
	if err != nil {
		return err
	}
	bs.Slopes = v.set.Slopes
	known := v.known.values()
	v.probe = newProbe(b, bs.w, name)
	v.ibp = bs.IBP(&known)
	v.margins[0] = bs.IBPMargins(v.labels.Value, known)
	if v.set.Method.atLeast(CROWNIBP) {
		v.margins[1] = bs.CROWNMargins(v.labels.Value, known)
	}
	if v.set.Method.atLeast(CROWN) {
		v.writeTighten(b, bs, known, name)
	}
	if v.set.Method.atLeast(AlphaCROWN) {
		v.writeDomain(b, bs, known, name)
	}
	return b.Err()
}

// Network is what the verifier bounds.
func (v *Verifier) Network() *Network { return v.net }

// Settings are those in use, defaults filled in.
func (v *Verifier) Settings() Settings { return v.set }
