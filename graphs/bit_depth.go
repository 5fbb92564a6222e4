package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// BitDepth rounds values in [0,1] to the nearest of 2^Depth (Xu, Evans and Qi
// 2018; Guo, Rana, Cissé and van der Maaten 2018 take 3 bits). Halves go to the
// even multiple.
type BitDepth struct {
	Depth int `key:"depth" default:"3" in:"[1,16]" help:"bits of a value"`
}

// Apply rounds images.
func (t BitDepth) Apply(s *Scope, images tf.Output) tf.Output {
	if !s.hasValue(images) {
		return tf.Output{}
	}
	steps := op.Const(s.Op("steps"), float32(int(1)<<t.Depth-1))
	return op.Div(s.Op("values"), op.Round(s.Op("round"), op.Mul(s.Op("stretch"), images, steps)), steps)
}
