package bounds

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// UnsupportedError names what has no bounds in a graph.
type UnsupportedError struct {
	// Ops are the ops, in the order of the walk.
	Ops []UnsupportedOp
	// ByImage tells that images are normalised by their own mean and deviation,
	// which is what most of Ops belong to.
	ByImage bool
}

// UnsupportedOp is an op without bounds.
type UnsupportedOp struct {
	Name, Type string
	Reason     string // "" where the type has no rule
}

func (e *UnsupportedError) Error() string {
	if e.ByImage {
		return "bounds: normalisation by the image's own mean and deviation has no bounds: train with model.normalise none or set, or attack only"
	}
	var known []string
	for _, o := range e.Ops {
		text := o.Type
		if o.Reason != "" {
			text += " (" + o.Reason + ")"
		}
		if !slices.Contains(known, text) {
			known = append(known, text)
		}
	}
	list := strings.Join(known, ", ")
	if most := 170; len(list) > most {
		list = list[:most] + fmt.Sprintf("… (%d kinds)", len(known))
	}
	return fmt.Sprintf("bounds: no bounds for %s, first at %q: attacks and smoothing remain", list, e.Ops[0].Name)
}

func (e *UnsupportedError) count() int { return len(e.Ops) }

func (e *UnsupportedError) add(o *tf.Operation, err error) {
	if errors.Is(err, errMissing) {
		return
	}
	u := UnsupportedOp{Name: o.Name(), Type: o.Type()}
	if !errors.Is(err, errUnknown) {
		u.Reason = err.Error()
	}
	e.Ops = append(e.Ops, u)
	// x·(variance)^-½ or x/√variance
	e.ByImage = e.ByImage || slices.Contains([]string{"Pow", "Rsqrt", "Sqrt"}, o.Type()) && e.has("Square", "SquaredDifference")
}

func (e *UnsupportedError) has(types ...string) bool {
	return slices.ContainsFunc(e.Ops, func(o UnsupportedOp) bool { return slices.Contains(types, o.Type) })
}

func (e *UnsupportedError) orNil() error {
	if len(e.Ops) == 0 {
		return nil
	}
	return e
}

var (
	errUnknown = errors.New("no rule")
	errMissing = errors.New("an input is missing")
	errProduct = refuse("a product of two values of the image")
)

func isUnknown(err error) bool { return errors.Is(err, errUnknown) || errors.Is(err, errProduct) }

func refuse(reason string) error { return errors.New(reason) }
