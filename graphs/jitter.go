package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Jitter changes brightness and contrast of normalised images [B,H,W,C] at
// random in training passes, each image by its own numbers, which depend on
// seed, path and step alone. A normalisation by the image itself would remove
// what a jitter of the images before it does; the target of the reconstruction
// stays without it.
type Jitter struct {
	Brightness float32 `key:"brightness" default:"63/255" in:"[0,10]" help:"largest change of all values, in the units of normalised images"`
	Low        float32 `key:"low" default:".2" in:"[0,10]" help:"smallest factor of the contrast"`
	High       float32 `key:"high" default:"1.8" in:"[0,10]" help:"largest factor of the contrast"`
}

// Validate refuses an empty range.
func (j Jitter) Validate() error {
	if j.Low > j.High {
		return fmt.Errorf("want low of at most high, got low=%g and high=%g", j.Low, j.High)
	}
	return nil
}

// Apply returns mean + f·(x - mean) + d, the mean being that of each channel of
// each image, f uniform in [Low,High] and d in [-Brightness,Brightness]. The
// zero value and passes that do not train change nothing.
func (j Jitter) Apply(s *Scope, x tf.Output) tf.Output {
	if j == (Jitter{}) || !s.Training() || !s.hasValue(x) {
		return x
	}
	one := func(name string, low, high float32) tf.Output {
		s := s.In(name)
		rows := op.Slice(s.Op("rows"), op.Shape(s.Op("shape"), x), op.Const(s.Op("from"), []int32{0}), op.Const(s.Op("one"), []int32{1}))
		shape := op.ConcatV2(s.Op("numbers"), []tf.Output{rows, op.Const(s.Op("each"), []int32{1, 1, 1})}, op.Const(s.Op("axis"), int32(0)))
		u := s.uniform(shape)
		return op.AddV2(s.Op("drawn"), op.Mul(s.Op("width"), u, op.Const(s.Op("range"), high-low)), op.Const(s.Op("low"), low))
	}
	mean := op.Mean(s.Op("mean"), x, op.Const(s.Op("pixels"), []int32{1, 2}), op.MeanKeepDims(true))
	contrast := op.Mul(s.Op("contrast"), op.Sub(s.Op("centred"), x, mean), one("factor", j.Low, j.High))
	return op.AddV2(s.Op("jittered"), op.AddV2(s.Op("back"), contrast, mean), one("change", -j.Brightness, j.Brightness))
}
