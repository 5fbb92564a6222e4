// Package onnx reads classifiers from ONNX files and writes them into a graph; it
// is a reader of package imported. Files of operator sets 9 to 21 are read, newer
// ones with a remark. OPS.md lists the operators and what the ONNX project's own
// node tests say of each.
//
// # How a file becomes a graph
//
// The file is parsed (package format), and what the scores need is put in order.
// Each node is then computed at import, where all its inputs are known, or written
// with ops of TensorFlow. So shape arithmetic is gone when the graph is built. The
// number of images may be free in the file: arithmetic on it is done for two trial
// numbers, and what differs between them has to be a multiple of it.
//
// Where the file fixes the number of images, shapes in it are plain numbers. The
// network is written for any number all the same: of a new shape that size grows in
// which the number of the image changes as slowly as before.
//
// Images are stored channels last, and so are all values that come from them: a
// value has the axes of the file and an order in which they are stored. Convolutions
// and pools want one order, functions of single numbers take any, Transpose changes
// none, and a reshape follows where the axes that it joins lie together. What is
// left becomes a Transpose.
//
// # Files
//
//	open.go       from a file to a Network: limits, order, what is missing
//	external.go   values in files beside it
//	signature.go  input, output, the softmax or class number at the end
//	network.go    the interface of package imported
//	plan.go       the first walk, which finds weights and layers
//	walker.go     nodes one after another
//	value.go      values and how they are stored; tensor.go, decode.go: known ones
//	read.go       a value in a wanted order; variables and constants
//	together.go   values that are combined; reshape.go: reshapes
//	table.go      the operators
//
// The other files hold the operators.
package onnx
