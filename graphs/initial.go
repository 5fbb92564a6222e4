package graphs

import (
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
)

// initialKernels replaces initial values of kernels.
type initialKernels struct {
	init  Initializer
	below []string
}

// InitialKernels makes the pass that declares the model's variables give the
// kernels, variables of two or more axes, of the layers named below another
// initial value than their layers say.
func InitialKernels(init Initializer, below ...string) PassOption {
	return func(p *pass) { p.initial = append(p.initial, initialKernels{init, below}) }
}

// initialOf is the initial value of a variable.
func (p *pass) initialOf(path string, kind Kind, own Initializer, shape []int64) Initializer {
	top, _, _ := strings.Cut(path, "/")
	for _, k := range p.initial {
		if kind == Trainable && len(shape) > 1 && slices.Contains(k.below, top) {
			own = k.init
		}
	}
	return own
}

// ValuesOf are the values that the pass reads of variables.
func (s *Scope) ValuesOf(vars []*Variable) []tf.Output {
	reads := make([]tf.Output, len(vars))
	for i, v := range vars {
		if reads[i] = v.Read; s.pass.shifted[v.Path].Op != nil {
			reads[i] = s.pass.shifted[v.Path]
		}
	}
	return reads
}

// Shifted makes the pass read other values in place of some trainable variables,
// by their paths: a point near the present weights.
func Shifted(values map[string]tf.Output) PassOption {
	return func(p *pass) { p.shifted = values }
}
