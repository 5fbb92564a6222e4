// Package vnnlib hands open cases to other verifiers, as the competition VNN-COMP
// exchanges them: a folder with
//
//	onnx/classifier.onnx   the classifier (package graphs/onnx)
//	vnnlib/NAME.vnnlib     a case, in VNN-LIB 1.0
//	instances.csv          a line for each case: network, case, timeout in seconds
//
// A case is unsat where the image is proven, and sat where there is an example:
//
//	(declare-const X_0 Real)                     a pixel, in the order of the file's input [1,C,H,W]
//	(declare-const Y_0 Real)                     a logit
//	(assert (>= X_0 0.1)) (assert (<= X_0 0.3))  the box: what the threat allows, cut by [0,1]
//	(assert (or (and (>= Y_1 Y_0)) …))           another logit is as large as that of the label
//
// A tie is an error, as everywhere here. VNN-LIB 1.0 has linear constraints: boxes,
// such as L∞ balls, and no L2 or L1 balls.
package vnnlib
