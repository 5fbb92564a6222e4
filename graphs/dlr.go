package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// ratioFloor keeps the ratios of DLR finite where the largest logits are equal: a
// share of the spread of the logits.
const ratioFloor = 1e-12

// DLR is the difference of logits ratio of each example (Croce and Hein 2020,
// eq. 6): logits z [B,K], labels y int32 [B] ->
//
//	-(z_y - max_{i≠y} z_i) / (z_(1) - z_(3))
//
// where z_(i) is the i-th largest; [B]. It needs at least 3 classes.
func DLR(s *Scope, logits, labels tf.Output) tf.Output {
	d, ok := s.Dims(logits, 2, "logits [batch, classes]")
	if !ok {
		return tf.Output{}
	}
	if d[1] < 3 {
		s.Errorf("want logits of at least 3 classes for DLR, got %d: use the margin loss", d[1])
		return tf.Output{}
	}
	z := largestLogits(s, logits, 3)
	return divideFloored(s, logits, Margin(s.In("margin"), logits, labels), op.Sub(s.Op("range"), z[0], z[2]))
}

// TargetedDLR is the DLR towards a target class t (Croce and Hein 2020, eq. 7):
//
//	-(z_y - z_t) / (z_(1) - (z_(3) + z_(4))/2)
//
// for labels y and targets t int32 [B]; [B]. It needs at least 4 classes.
func TargetedDLR(s *Scope, logits, labels, targets tf.Output) tf.Output {
	y, ok := oneHot(s, logits, labels)
	if !ok {
		return tf.Output{}
	}
	if k := logits.Shape().Size(1); k < 4 {
		s.Errorf("want logits of at least 4 classes for targeted DLR, got %d: use the margin loss", k)
		return tf.Output{}
	}
	t, ok := oneHot(s, logits, targets)
	if !ok {
		return tf.Output{}
	}
	axis := op.Const(s.Op("axis"), int32(1))
	towards := op.Sum(s.Op("towards"), op.Mul(s.Op("gap"), logits, op.Sub(s.Op("direction"), t, y)), axis)
	z := largestLogits(s, logits, 4)
	middle := Weighted(s, .5, op.AddV2(s.Op("third_and_fourth"), z[2], z[3]))
	return divideFloored(s, logits, towards, op.Sub(s.Op("range"), z[0], middle))
}

// divideFloored is a/b for differences of logits a and b. The floor is no summand
// of b: TensorFlow's optimizer adds it to one of the logits of which b is the
// difference, and there it is rounded away. Equal logits have a floor too.
func divideFloored(s *Scope, logits, a, b tf.Output) tf.Output {
	axis := op.Const(s.Op("axis"), int32(1))
	spread := op.Sub(s.Op("spread"), op.Max(s.Op("top"), logits, axis), op.Min(s.Op("bottom"), logits, axis))
	share := op.Mul(s.Op("share"), spread, op.Const(s.Op("ratio_floor"), float32(ratioFloor)))
	floor := op.Maximum(s.Op("floor"), op.StopGradient(s.Op("constant"), share), op.Const(s.Op("tiny"), float32(1e-37)))
	return op.Div(s.Op("ratio"), a, op.Maximum(s.Op("positive"), b, floor))
}

// largestLogits are the n largest logits of each example, largest first, each [B].
// TensorFlow has no C++ gradient of TopK; that of Max splits between equals.
func largestLogits(s *Scope, logits tf.Output, n int) []tf.Output {
	axis := op.Const(s.Op("axis"), int32(1))
	classes := int32(logits.Shape().Size(1))
	on, off := op.Const(s.Op("taken"), float32(belowAny)), op.Const(s.Op("free"), float32(0))
	rest := logits
	out := make([]tf.Output, n)
	for i := range out {
		out[i] = op.Max(s.Op("largest"), rest, axis)
		if i < n-1 {
			top := op.ArgMax(s.Op("place"), rest, axis, op.ArgMaxOutputType(tf.Int32))
			taken := op.OneHot(s.Op("mask"), top, op.Const(s.Op("classes"), classes), on, off)
			rest = op.Sub(s.Op("rest"), rest, taken)
		}
	}
	return out
}
