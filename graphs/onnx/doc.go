// Package onnx writes classifiers as ONNX files, so that other verifiers can read
// them. It takes a network as package bounds walks it: any finished graph whose
// operators have bounds.
//
// The file has one input "image", float32 [1,C,H,W] with values in [0,1], and one
// output "logits", float32 [1,K], of operator set 13 and IR version 7. ONNX
// convolutions want channels first, and so do the verifiers; values keep that
// layout where they can, and weights of fully connected layers are reordered in
// place of the values before them. A batch normalisation, a scale or a bias after a
// convolution or a product becomes part of it, computed in float64: logits differ
// from TensorFlow's by rounding.
//
// Operators used: Add, AveragePool, Concat, Conv, Flatten, Gemm, GlobalAveragePool,
// MaxPool, Mul, Neg, Pad, ReduceMean, Relu, Reshape, Sigmoid, Slice, Sub, Tanh,
// Transpose. The networks of package graphs need Conv, Flatten, Gemm and Relu, and
// some of Add, AveragePool, GlobalAveragePool, MaxPool, Mul, Pad and Slice.
//
// The encoding is that of package format.
package onnx
