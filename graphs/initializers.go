package graphs

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Initializer gives a variable its first value. Random ones draw from
// stateless ops keyed by (seed, path): the value depends on nothing else.
type Initializer struct {
	name string
	make func(s *op.Scope, shape []int64, seed tf.Output) tf.Output
}

func (i Initializer) String() string { return i.name }

func (i Initializer) initialValue(s *op.Scope, shape []int64, seed, key int64) tf.Output {
	return i.make(s, shape, op.Const(s.SubScope("seed"), []int64{seed, key}))
}

// Zeros and Ones are constant initial values.
var (
	Zeros = Constant(0)
	Ones  = Constant(1)
)

// Constant fills the variable with v.
func Constant(v float32) Initializer {
	return Initializer{fmt.Sprintf("constant(%g)", v), func(s *op.Scope, shape []int64, _ tf.Output) tf.Output {
		return op.Fill(s, constShape(s, shape), op.Const(s.SubScope("value"), v))
	}}
}

// GlorotUniform draws from U(-a, a), a = sqrt(6/(fan_in+fan_out)): Glorot and
// Bengio 2010; Keras's default.
var GlorotUniform = Initializer{"glorot_uniform", func(s *op.Scope, shape []int64, seed tf.Output) tf.Output {
	in, out := fanInOut(shape)
	a := float32(math.Sqrt(6 / (in + out)))
	u := op.StatelessRandomUniform(s, constShape(s, shape), seed)
	return op.Mul(s.SubScope("scale"), op.Sub(s.SubScope("centre"), u, op.Const(s.SubScope("half"), float32(.5))), op.Const(s.SubScope("width"), 2*a))
}}

// HeNormal draws from a normal of deviation sqrt(2/fan_in), cut at two
// deviations and rescaled as Keras does: He et al. 2015, for ReLU layers.
var HeNormal = Initializer{"he_normal", func(s *op.Scope, shape []int64, seed tf.Output) tf.Output {
	in, _ := fanInOut(shape)
	return drawTruncatedNormal(s, shape, seed, math.Sqrt(2/in)/cutDeviation)
}}

// TruncatedNormal draws from a normal of deviation std before cutting at two
// deviations.
func TruncatedNormal(std float64) Initializer {
	return Initializer{fmt.Sprintf("truncated_normal(%g)", std), func(s *op.Scope, shape []int64, seed tf.Output) tf.Output {
		return drawTruncatedNormal(s, shape, seed, std)
	}}
}

// IBPNormal draws from a normal of deviation sqrt(2π)/fan_in: intervals then
// keep their width through a layer and a ReLU (Shi, Wang, Zhang, Yi and Hsieh
// 2021, "Fast certified robust training with short warmup", section 4.1).
var IBPNormal = Initializer{"ibp_normal", func(s *op.Scope, shape []int64, seed tf.Output) tf.Output {
	in, _ := fanInOut(shape)
	n := op.StatelessRandomNormal(s, constShape(s, shape), seed)
	return op.Mul(s.SubScope("scale"), n, op.Const(s.SubScope("std"), float32(math.Sqrt(2*math.Pi)/in)))
}}

// cutDeviation is the standard deviation of a unit normal cut at ±2:
// sqrt(1 - 2·2·φ(2)/(2Φ(2)-1)).
const cutDeviation = .87962566103423978

func drawTruncatedNormal(s *op.Scope, shape []int64, seed tf.Output, std float64) tf.Output {
	n := op.StatelessTruncatedNormal(s, constShape(s, shape), seed)
	return op.Mul(s.SubScope("scale"), n, op.Const(s.SubScope("std"), float32(std)))
}

// fanInOut returns fan_in and fan_out of a dense [in,out] or convolution
// [kh,kw,in,out] kernel.
func fanInOut(shape []int64) (in, out float64) {
	field, n := 1.0, len(shape)
	if n < 2 {
		d := 1.0
		for _, x := range shape {
			d *= float64(x)
		}
		return d, d
	}
	for _, d := range shape[:n-2] {
		field *= float64(d)
	}
	return field * float64(shape[n-2]), field * float64(shape[n-1])
}

func constShape(s *op.Scope, shape []int64) tf.Output {
	if len(shape) == 0 {
		return op.Const(s.SubScope("shape"), [0]int64{})
	}
	return op.Const(s.SubScope("shape"), shape)
}
