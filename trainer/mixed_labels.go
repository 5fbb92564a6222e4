package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// mixedLabels are what mixup adds to the labels of a batch; zero without it.
type mixedLabels struct {
	partners tf.Output // int32 [B], labels of the images that were mixed in
	shares   tf.Output // float32 [B], of the image itself
}

// join is share·own + (1-share)·other for each image [B]. Of the cross-entropy that is
// the one with the mixed labels (Zhang et al. 2018), since it is linear in its target.
// of is what own is, with other labels.
func (m mixedLabels) join(s *graphs.Scope, own tf.Output, of func(s *graphs.Scope, partners tf.Output) tf.Output) tf.Output {
	if m.shares.Op == nil || !s.OK() {
		return own
	}
	other := of(s.In("partner"), m.partners)
	if !s.OK() {
		return own
	}
	rest := op.Sub(s.Op("rest"), op.Const(s.Op("one"), float32(1)), m.shares)
	return op.AddV2(s.Op("mixed"), op.Mul(s.Op("own"), m.shares, own), op.Mul(s.Op("other"), rest, other))
}
