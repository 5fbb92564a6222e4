package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Thermometer is thermometer encoding (Buckman, Roy, Raffel and Goodfellow
// 2018, section 4): channel l of a value x, l = 1 to Levels, is 1 where
// x <= l/Levels, else 0. The channels of one value lie side by side:
// [B,H,W,C] -> [B,H,W,C·Levels].
type Thermometer struct {
	Levels int `key:"levels" default:"16" in:"[2,256]" help:"levels of a value"`
}

// Apply encodes images.
func (t Thermometer) Apply(s *Scope, images tf.Output) tf.Output {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return tf.Output{}
	}
	ends := make([]float32, t.Levels)
	for l := range ends {
		ends[l] = float32(l+1) / float32(t.Levels)
	}
	each := op.ExpandDims(s.Op("values"), images, op.Const(s.Op("last"), int32(-1)))
	below := op.LessEqual(s.Op("below"), each, op.Const(s.Op("levels"), ends))
	shape := op.Const(s.Op("shape"), []int32{-1, int32(d[1]), int32(d[2]), int32(d[3]) * int32(t.Levels)})
	return op.Reshape(s.Op("thermometer"), op.Cast(s.Op("numbers"), below, tf.Float), shape)
}
