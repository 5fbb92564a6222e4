package onnx

import (
	"errors"
	"fmt"
	"runtime"

	"unwarp/graphs/onnx/format"
)

// failure is what stops the conversion of a node; [catch] makes it an error.
type failure struct{ error }

// fail stops the conversion of the present node.
func fail(text string, args ...any) { panic(failure{fmt.Errorf(text, args...)}) }

// catch runs f and returns what it failed with. A file may contradict itself in
// more ways than are looked for; where that leads to an index out of range it is
// the file's error too.
func catch(f func()) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case failure:
			err = x.error
		case runtime.Error:
			err = fmt.Errorf("its inputs and attributes contradict each other (%v)", x)
		default:
			panic(x)
		}
	}()
	f()
	return nil
}

// describe names a node in an error.
func describe(n *format.Node) string {
	name := n.Name
	if name == "" && len(n.Out) > 0 {
		name = n.Out[0]
	}
	return fmt.Sprintf("node %.80q (%.40s)", name, operatorName(n))
}

// operatorName is that of the operator, with its domain where it is not ONNX's.
func operatorName(n *format.Node) string {
	if n.Domain == "" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}

var errPlanned = errors.New("the plan is made")
