package attacktest

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// imageFunctions change images [B,H,W,C] little, and have no gradient or none
// that says anything.
var imageFunctions = []struct {
	name           string
	f              function
	differentiable bool // nearly everywhere
}{
	{name: "floors", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return over(s, op.Floor(s.Op("floor"), op.AddV2(s.Op("half"), times(s, x, 7), scalar(s, .5))), 7)
	}},
	{name: "rounded values", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return over(s, op.Round(s.Op("round"), times(s, x, 7)), 7)
	}},
	{name: "integers", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return over(s, op.Cast(s.Op("back"), op.Cast(s.Op("int"), op.AddV2(s.Op("half"), times(s, x, 7), scalar(s, .5)), tf.Int32), tf.Float), 7)
	}},
	{name: "masked bytes", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		bytes := op.Cast(s.Op("byte"), times(s, x, 255), tf.Uint8)
		high := op.BitwiseAnd(s.Op("mask"), bytes, op.Const(s.Op("bits"), uint8(0xe0)))
		return over(s, op.Cast(s.Op("back"), high, tf.Float), 255)
	}},
	{name: "8 levels", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.QuantizeAndDequantizeV2(s.Op("levels"), x, scalar(s, 0), scalar(s, 1), op.QuantizeAndDequantizeV2NumBits(4), op.QuantizeAndDequantizeV2RangeGiven(true))
	}},
	{name: "fake quantisation", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.FakeQuantWithMinMaxArgs(s.Op("fake"), x, op.FakeQuantWithMinMaxArgsMin(0), op.FakeQuantWithMinMaxArgsMax(1), op.FakeQuantWithMinMaxArgsNumBits(3))
	}},
	{name: "the remainder taken off", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sub(s.Op("rest"), x, op.FloorMod(s.Op("mod"), x, scalar(s, 1./8)))
	}},
	{name: "a table of buckets", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		bucket := op.Bucketize(s.Op("bucket"), x, []float32{1. / 14, 3. / 14, 5. / 14, 7. / 14, 9. / 14, 11. / 14, 13. / 14})
		table := op.Const(s.Op("table"), []float32{0, 1. / 7, 2. / 7, 3. / 7, 4. / 7, 5. / 7, 6. / 7, 1})
		return op.GatherV2(s.Op("lookup"), table, bucket, op.Const(s.Op("axis"), int32(0)))
	}},
	{name: "a thermometer", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		levels := op.Const(s.Op("levels"), []float32{1. / 14, 3. / 14, 5. / 14, 7. / 14, 9. / 14, 11. / 14, 13. / 14})
		above := op.Greater(s.Op("above"), op.ExpandDims(s.Op("column"), x, op.Const(s.Op("axis"), int32(-1))), levels)
		return op.Mean(s.Op("height"), op.Cast(s.Op("bit"), above, tf.Float), op.Const(s.Op("levels_axis"), int32(-1)))
	}},
	{name: "signs", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		sign := op.Sign(s.Op("sign"), op.Sub(s.Op("centred"), x, scalar(s, .5)))
		return op.AddV2(s.Op("grey"), times(s, sign, .3), scalar(s, .5))
	}},
	{name: "a blurred black and white image", f: func(s *graphs.Scope, x tf.Output) tf.Output {
		blurred := op.AvgPool(s.Op("blur"), x, []int64{1, 2, 2, 1}, []int64{1, 1, 1, 1}, "SAME")
		white := op.Select(s.Op("white"), op.Less(s.Op("dark"), blurred, onesLike(s, blurred, .5)), onesLike(s, blurred, .2), onesLike(s, blurred, .8))
		return white
	}},
	{name: "an image without gradient", f: func(s *graphs.Scope, x tf.Output) tf.Output { return op.StopGradient(s.Op("stop"), x) }},
	{name: "the median", f: medianImage, differentiable: true},
	{name: "rounded frequencies", f: func(s *graphs.Scope, x tf.Output) tf.Output { return jpegLike(s, x, .12) }},
}

// medianImage takes the median of 3x3 pixels of images with one channel.
func medianImage(s *graphs.Scope, x tf.Output) tf.Output {
	x = op.Identity(s.Op("image"), x)
	patches := op.ExtractImagePatches(s.Op("patches"), x, []int64{1, 3, 3, 1}, []int64{1, 1, 1, 1}, []int64{1, 1, 1, 1}, "SAME")
	sorted, _ := op.TopKV2(s.Op("sort"), patches, op.Const(s.Op("k"), int32(5)))
	return op.Slice(s.Op("middle"), sorted, op.Const(s.Op("begin"), []int32{0, 0, 0, 4}), op.Const(s.Op("size"), []int32{-1, -1, -1, 1}))
}

func scalar(s *graphs.Scope, v float32) tf.Output { return op.Const(s.Op("scalar"), v) }

func times(s *graphs.Scope, x tf.Output, v float32) tf.Output {
	return op.Mul(s.Op("times"), x, scalar(s, v))
}

func over(s *graphs.Scope, x tf.Output, v float32) tf.Output {
	return op.Div(s.Op("over"), x, scalar(s, v))
}

func onesLike(s *graphs.Scope, x tf.Output, v float32) tf.Output {
	return op.Mul(s.Op("filled"), op.OnesLike(s.Op("ones"), x), scalar(s, v))
}

// jpegLike rounds the 2x2 Haar coefficients of an image with one channel to
// multiples of step.
func jpegLike(s *graphs.Scope, x tf.Output, step float32) tf.Output {
	filters := op.Const(s.Op("filters"), [][][][]float32{{{{.5, .5, .5, .5}}, {{.5, -.5, .5, -.5}}}, {{{.5, .5, -.5, -.5}}, {{.5, -.5, -.5, .5}}}})
	coefficients := op.Conv2D(s.Op("forward"), x, filters, []int64{1, 2, 2, 1}, "VALID")
	rounded := times(s, op.Rint(s.Op("rint"), over(s, coefficients, step)), step)
	return op.Conv2DBackpropInput(s.Op("backward"), op.Shape(s.Op("shape"), x), filters, rounded, []int64{1, 2, 2, 1}, "VALID")
}
