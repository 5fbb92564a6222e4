package bounds

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

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
	probed  *graphs.Net // the session whose products are known to be exact enough
	image   graphs.Input
	labels  graphs.Input
	eps     graphs.Input
	sets    fedSet
	known   fedIntervals
	fresh   Intervals    // where nothing is known: less to feed
	cut     Intervals    // cut by known ones
	margins [2]tf.Output // by IBP [B,classes], and by CROWN over known intervals, [B,K] of targets
	targets graphs.Input // [B,K], the classes that CROWN's margins are over
	atOnce  int          // domains
	tighten []tighten
	domain  domainOps
	buffers graphs.FedBuffers
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
	v := &Verifier{set: set, shape: shape}
	v.image = b.Input(name+"_image", tf.Float, append([]int64{-1}, shape...)...)
	v.labels = b.Input(name+"_labels", tf.Int32, -1)
	v.eps = b.Input(name+"_eps", tf.Float, -1)
	s := b.Pass(name, graphs.Inference, opts...)
	out := logits(s, v.image.Value)
	if err := b.Err(); err != nil {
		return nil, err
	}
	s = s.In(graphs.FittedLayer)
	if v.net, err = Walk(s, v.image.Value, out); err != nil {
		return nil, err
	}
	if v.set, v.atOnce, err = v.set.fit(v.net); err != nil {
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
	bs, err := New(s, v.net, v.region(b, name), v.set.Rounding)
	if err != nil {
		return err
	}
	bs.Slopes = v.set.Slopes
	known := v.known.values()
	v.probe = newProbe(b, bs.w, name)
	v.fresh = bs.IBP(nil)
	v.margins[0] = bs.IBPMargins(v.labels.Value, v.fresh)
	v.cut = bs.IBP(&known)
	if v.set.Method.atLeast(CROWNIBP) {
		v.writeMargins(b, bs, known, name)
	}
	if v.set.Method.atLeast(CROWN) {
		v.writeTighten(b, bs, known, name)
	}
	if v.set.Method.atLeast(AlphaCROWN) {
		v.writeDomain(b, bs, known, name)
	}
	return b.Err()
}

// all are the lower bounds, then the upper ones.
func (i Intervals) all() []tf.Output { return append(slices.Clone(i.Lower), i.Upper...) }

// Network is what the verifier bounds.
func (v *Verifier) Network() *Network { return v.net }

// Settings are those in use, defaults filled in.
func (v *Verifier) Settings() Settings { return v.set }

// writeMargins adds CROWN's margins over some classes at once: of many classes
// all would take too much memory.
func (v *Verifier) writeMargins(b *graphs.Builder, bs *Bounds, known Intervals, name string) {
	w, k := bs.w, int64(max(1, min(v.net.Classes-1, v.set.Rows)))
	v.targets = b.Input(name+"_margins", tf.Int32, -1, k)
	s := &backward{Bounds: bs, known: known, policy: bs.Slopes}
	s.run(v.net.logits, w.sub(w.expand(v.oneHot(w, v.labels.Value)), v.oneHot(w, v.targets.Value)))
	v.margins[1] = s.lower()
}

// oneHot are the rows e_class, a last axis of all classes.
func (v *Verifier) oneHot(w *writer, class tf.Output) tf.Output {
	return op.OneHot(w.s.Op("class"), class, w.constant(int32(v.net.Classes)), w.scalar(1), w.scalar(0))
}
