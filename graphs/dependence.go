package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Kernel says how codes of two images are compared by [Dependence].
type Kernel string

// Kernels. Correlation is the linear one of units that are shifted and scaled to
// mean 0 and variance 1 over the batch: units of small variance count as much as
// others. RBF is exp(-d²/m), m being the mean of d² over the batch; it sees more
// than linear dependence.
const (
	LinearKernel Kernel = "linear"
	Correlation  Kernel = "correlation"
	RBFKernel    Kernel = "rbf"
)

// Dependence tells how far two codes of the same images, [B,D] and [B,E], depend
// on each other: the Hilbert-Schmidt independence criterion of Gretton et al. 2005
// in its unbiased estimate (Song et al. 2012, eq. 5), divided by the root of both
// codes' own, a scalar. It is 1 of equal codes and near 0 of independent ones,
// negative by chance. B must be at least 4.
func Dependence(s *Scope, a, b tf.Output, k Kernel) tf.Output {
	_, okA := s.Dims(a, 2, "codes [B,D]")
	_, okB := s.Dims(b, 2, "codes [B,E]")
	if !okA || !okB {
		return tf.Output{}
	}
	first, second := k.gram(s.In("first"), a), k.gram(s.In("second"), b)
	own := op.Mul(s.Op("own"), hsic(s.In("own_first"), first, first), hsic(s.In("own_second"), second, second))
	scale := op.Sqrt(s.Op("scale"), op.AddV2(s.Op("floored"), op.Relu(s.Op("positive"), own), op.Const(s.Op("floor"), float32(rootFloor))))
	return op.Div(s.Op("dependence"), hsic(s.In("both"), first, second), scale)
}

// gram is the matrix of the kernel of all pairs of rows of x [B,D], [B,B], with
// zeros on its diagonal.
func (k Kernel) gram(s *Scope, x tf.Output) tf.Output {
	rows := op.Const(s.Op("rows"), int32(0))
	x = op.Sub(s.Op("centred"), x, op.Mean(s.Op("mean"), x, rows, op.MeanKeepDims(true)))
	if k == Correlation {
		variance := op.Mean(s.Op("variance"), op.Square(s.Op("square"), x), rows, op.MeanKeepDims(true))
		x = op.Div(s.Op("scaled"), x, op.Sqrt(s.Op("deviation"), op.AddV2(s.Op("floored"), variance, op.Const(s.Op("floor"), float32(leastSpread)))))
	}
	g := op.MatMul(s.Op("products"), x, x, op.MatMulTransposeB(true))
	if k == RBFKernel {
		g = gaussianOf(s, g, x)
	}
	whole := op.OnesLike(s.Op("whole"), g)
	none := op.Const(s.Op("none"), int64(0))
	mask := op.Sub(s.Op("mask"), whole, op.MatrixBandPart(s.Op("diagonal"), whole, none, none))
	return op.Mul(s.Op("off_diagonal"), g, op.StopGradient(s.Op("fixed"), mask))
}

// leastSpread is the least variance of a unit by which it is divided.
const leastSpread = 1e-6

// gaussianOf is exp(-d²/m) of the squared distances d² of all pairs of rows of x,
// of which g has the products.
func gaussianOf(s *Scope, g, x tf.Output) tf.Output {
	squares := op.Sum(s.Op("squares"), op.Square(s.Op("elements"), x), op.Const(s.Op("columns"), int32(1)), op.SumKeepDims(true))
	both := op.AddV2(s.Op("both"), squares, op.Transpose(s.Op("across"), squares, op.Const(s.Op("axes"), []int32{1, 0})))
	d := op.Sub(s.Op("distances"), both, op.AddV2(s.Op("twice"), g, g))
	mean := op.StopGradient(s.Op("width"), op.Mean(s.Op("mean_distance"), d, op.Const(s.Op("all"), []int32{0, 1})))
	return op.Exp(s.Op("gaussian"), op.Neg(s.Op("negative"), op.Div(s.Op("relative"), d, op.AddV2(s.Op("some"), mean, op.Const(s.Op("tiny"), float32(rootFloor))))))
}

// hsic is the unbiased estimate of the criterion for two kernel matrices [B,B]
// whose diagonals are zero, a scalar.
func hsic(s *Scope, k, l tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	both, last := op.Const(s.Op("both"), []int32{0, 1}), op.Const(s.Op("last"), int32(1))
	n := op.Cast(s.Op("count"), op.Squeeze(s.Op("scalar"), op.Slice(s.Op("rows"), op.Shape(s.Op("shape"), k), op.Const(s.Op("from"), []int32{0}), op.Const(s.Op("one"), []int32{1}))), tf.Float)
	less := func(by float32) tf.Output { return op.Sub(s.Op("less"), n, op.Const(s.Op("by"), by)) }
	trace := op.Sum(s.Op("trace"), op.Mul(s.Op("products"), k, l), both)
	sums := op.Mul(s.Op("sums"), op.Sum(s.Op("sum_first"), k, both), op.Sum(s.Op("sum_second"), l, both))
	rows := op.Mul(s.Op("row_sums"), op.Sum(s.Op("rows_first"), k, last), op.Sum(s.Op("rows_second"), l, last))
	cross := op.Sum(s.Op("cross"), rows, op.Const(s.Op("axis"), int32(0)))
	second := op.Div(s.Op("second"), sums, op.Mul(s.Op("pairs"), less(1), less(2)))
	two := op.Const(s.Op("two"), float32(2))
	third := op.Div(s.Op("third"), op.Mul(s.Op("twice"), two, cross), less(2))
	sum := op.Sub(s.Op("estimate"), op.AddV2(s.Op("first_two"), trace, second), third)
	return op.Div(s.Op("hsic"), sum, op.Mul(s.Op("ordered"), n, less(3)))
}
