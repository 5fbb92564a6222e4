// Package savedmodel reads SavedModels that other programs wrote: Keras 2 and 3,
// tf.Module, TensorFlow 1.
//
// What the file would run when it is loaded is never run. The graph is pulled from
// an output of a signature back to the image: calls of functions are written out,
// Identity and its like are passed over, conditions become a choice between both
// branches. Loops are kept, for attacks without gradients. Only ops that compute are let through, see
// [graphs.ComputesOnly]. Variables become weights, whose values come from variables/:
// the object graph says under which key, or the file's own restore ops do, which
// are read and not run.
//
// # Files
//
//	file.go       saved_model.pb; bounded.go what is refused before it is decoded
//	signature.go  which input and output
//	pull.go       from the output to the image; frame.go, call.go, branch.go, merge.go, loop.go, emit.go
//	variables.go  which key each variable has: objects.go, restored.go, index.go
//	logits.go     the scores behind softmax, sigmoid or the number of a class
//	rewrite.go    equal ops whose gradients are right: rewrite_*.go
//	layers.go     places that can be named
//	network.go    writes it into a graph
//	problems.go   what cannot be read, all of it at once
//
// The graph goes through two forms: flat (pulled, in the file's layout, of which
// TensorFlow infers the shapes) and rewritten (what is declared).
package savedmodel
