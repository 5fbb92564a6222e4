package onnx

import "math"

// operators are all that are known, by name; those of other domains have it in front.
var operators = map[string]operator{}

func init() {
	for name, f := range map[string]func(n *node) []*value{
		"Conv": convolution, "ConvTranspose": transposedConvolution,
		"BatchNormalization": batchNormalization, "InstanceNormalization": instanceNormalization,
		"LayerNormalization": layerNormalization, "GroupNormalization": groupNormalization, "LRN": lrn,
		"MaxPool": maxPool, "AveragePool": averagePool, "GlobalAveragePool": globalPool("Mean"), "GlobalMaxPool": globalPool("Max"),
		"Gemm": gemm, "MatMul": matMul, "Einsum": einsum,

		"Relu": each((*node).relu), "LeakyRelu": each(leakyRelu), "Elu": each(elu), "Selu": each(selu), "Celu": each(celu),
		"ThresholdedRelu": each(thresholdedRelu), "HardSigmoid": each(hardSigmoid), "HardSwish": each(hardSwish), "Mish": each(mish),
		"Swish": each(swish), "Gelu": each(gelu), "PRelu": prelu, "Clip": clip, "Softmax": softmax("Softmax"), "LogSoftmax": softmax("LogSoftmax"),
		"Sigmoid": plainOp("Sigmoid"), "Tanh": plainOp("Tanh"), "Softplus": plainOp("Softplus"), "Softsign": plainOp("Softsign"), "Erf": plainOp("Erf"),
		"Sin": plainOp("Sin"), "Cos": plainOp("Cos"), "Sign": plainOp("Sign"), "Round": plainOp("Round"),

		"DepthToSpace": depthToSpace, "SpaceToDepth": spaceToDepth, "Pad": padNode, "Resize": resize, "Upsample": resize,
		"QuantizeLinear": quantize, "Mean": mean, "Shape": shapeOf, "Size": sizeOf, "If": branch,
		"Xor": combine("NotEqual", nil),
	} {
		operators[name] = operator{write: f}
	}
	for name, r := range reductions {
		operators[name] = operator{r.fold, r.write}
	}
	for name, o := range map[string]operator{
		"Identity": {identityFold, identityOf}, "Dropout": {dropoutFold, dropout},
		"Cast": {castFold, cast}, "Where": {whereFold, where}, "Mod": {moduloFold, modulo},
		"Reshape": {reshapeFold, reshapeNode}, "Flatten": {flattenFold, flatten}, "Squeeze": {squeezeFold, squeeze},
		"Unsqueeze": {unsqueezeFold, unsqueeze}, "Transpose": {transposeFold, transpose}, "Concat": {concatFold, concatNode},
		"Split": {nil, splitNode}, "Slice": {sliceFold, sliceNode}, "Gather": {gatherFold, gather},
		"Expand": {expandFold, expandNode}, "Tile": {tileFold, tile}, "Constant": {constantFold, nil},
		"ConstantOfShape": {constantOfShapeFold, constantOfShape}, "Range": {rangeFold, nil}, "ScatterND": {scatterFold, nil},
		"DequantizeLinear": {dequantizeFold, dequantize}, "Pow": {binaryFold(false, math.Pow), power},
		"Div": {binaryFold(false, func(a, b float64) float64 { return a / b }), divide},
	} {
		operators[name] = o
	}
	arithmeticOperators()
}

// arithmeticOperators adds those that combine or change numbers one by one, in the
// graph and at import.
func arithmeticOperators() {
	for name, o := range map[string]struct {
		kind    string
		boolean bool
		f       func(a, b float64) float64
	}{
		"Add": {"AddV2", false, func(a, b float64) float64 { return a + b }}, "Sum": {"AddV2", false, func(a, b float64) float64 { return a + b }},
		"Sub": {"Sub", false, func(a, b float64) float64 { return a - b }}, "Mul": {"Mul", false, func(a, b float64) float64 { return a * b }},
		"Min": {"Minimum", false, math.Min}, "Max": {"Maximum", false, math.Max},
		"Equal": {"Equal", true, func(a, b float64) float64 { return truth(a == b) }}, "Less": {"Less", true, func(a, b float64) float64 { return truth(a < b) }},
		"LessOrEqual": {"LessEqual", true, func(a, b float64) float64 { return truth(a <= b) }}, "Greater": {"Greater", true, func(a, b float64) float64 { return truth(a > b) }},
		"GreaterOrEqual": {"GreaterEqual", true, func(a, b float64) float64 { return truth(a >= b) }},
		"And":            {"LogicalAnd", true, func(a, b float64) float64 { return a * b }}, "Or": {"LogicalOr", true, math.Max},
	} {
		operators[name] = operator{binaryFold(o.boolean, o.f), combine(o.kind, nil)}
	}
	for name, o := range map[string]struct {
		kind string
		f    func(v float64) float64
	}{
		"Sqrt": {"Sqrt", math.Sqrt}, "Exp": {"Exp", math.Exp}, "Log": {"Log", math.Log}, "Abs": {"Abs", math.Abs},
		"Neg": {"Neg", func(v float64) float64 { return -v }}, "Reciprocal": {"Reciprocal", func(v float64) float64 { return 1 / v }},
		"Floor": {"Floor", math.Floor}, "Ceil": {"Ceil", math.Ceil}, "Not": {"LogicalNot", func(v float64) float64 { return truth(v == 0) }},
	} {
		operators[name] = operator{unaryFold(o.f), plainOp(o.kind)}
	}
}
