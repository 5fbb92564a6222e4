package graphs

import "strings"

// ComputesOnly tells whether ops of this type compute on numbers alone: they touch
// no file, run no code of others and change no variable. A graph that comes from a
// file may consist of these. Random ones are among them, since a defence may be
// random.
func ComputesOnly(opType string) bool { return computing[opType] }

var computing = wordSet(`
	Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh
	Digamma Div DivNoNan Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod Inv Lgamma Log Log1p
	Maximum Minimum Mod Mul MulNoNan Neg Pow RealDiv Reciprocal Rint Round Rsqrt Sigmoid Sign Sin
	Sinh Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv Xlogy

	Elu LeakyRelu LogSoftmax Relu Relu6 Selu Softmax Softplus Softsign

	Equal Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual LogicalAnd LogicalNot LogicalOr
	NotEqual Select SelectV2

	All Any ArgMax ArgMin Cumprod Cumsum EuclideanNorm L2Loss Max Mean Min Prod Sum TopK TopKV2

	BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum MatMul
	AvgPool BiasAdd BiasAddV1 Conv2D Conv2DBackpropInput DepthwiseConv2dNative Dilation2D
	FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN MaxPool MaxPoolV2

	BatchToSpaceND BroadcastArgs BroadcastTo Cast CheckNumerics Concat ConcatV2 Const CropAndResize
	DepthToSpace EnsureShape ExpandDims ExtractImagePatches Fill Gather GatherNd GatherV2 Identity
	IdentityN ImageProjectiveTransformV2 ImageProjectiveTransformV3 InvertPermutation LinSpace
	MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 PlaceholderWithDefault PreventGradient Range Rank
	Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor Reverse ReverseV2 ScatterNd
	Shape ShapeN Size Slice Snapshot SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient
	StridedSlice TensorScatterUpdate Tile Transpose Unpack Where ZerosLike

	FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
	QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4

	RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal StatelessRandomNormal
	StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformInt StatelessRandomUniformV2
	StatelessTruncatedNormal StatelessTruncatedNormalV2 StatelessRandomGetKeyCounter
	StatelessRandomGetAlg

	Conv3D Conv3DBackpropInputV2 AvgPool3D MaxPool3D MaxPoolWithArgmax FractionalAvgPool FractionalMaxPool
	ApproximateEqual BitwiseAnd BitwiseOr BitwiseXor Bucketize Cross Diag DiagPart LeftShift RightShift
	MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3
	MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 NonMaxSuppressionV3 NthElement ParallelConcat
	RGBToHSV HSVToRGB AdjustContrastv2 AdjustHue AdjustSaturation Roll ScatterNdNonAliasingAdd
	SegmentMax SegmentMean SegmentMin SegmentSum UnsortedSegmentMax UnsortedSegmentSum
	SparseToDense SpaceToBatch BatchToSpace TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
	BesselI0e BesselI1e Betainc Igamma Igammac Ndtri Polygamma Xdivy Xlog1py Zeta NextAfter

	ReadVariableOp VarHandleOp
`)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}
