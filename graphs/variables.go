package graphs

import (
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Kind says what a variable is for.
type Kind int

// Kinds of variables.
const (
	Trainable Kind = iota // changed by the optimiser
	Statistic             // changed by the forward pass (batch norm)
	Slot                  // the optimiser's memory
	Average               // moving average of a trainable variable
)

func (k Kind) String() string {
	return [...]string{"trainable", "statistic", "slot", "average"}[k]
}

// Variable is a resource variable, known by its path, which is also its
// checkpoint key.
type Variable struct {
	Path   string
	Kind   Kind
	Shape  []int64
	Init   Initializer
	Handle tf.Output
	Read   tf.Output     // the only read that gradients are taken with respect to
	init   *tf.Operation // assigns the initial value; nil in a portable graph
}

// Size is the number of elements.
func (v *Variable) Size() int64 {
	n := int64(1)
	for _, d := range v.Shape {
		n *= d
	}
	return n
}

// Variables are the declared variables in order of declaration.
type Variables struct {
	list   []*Variable
	byPath map[string]*Variable
	owner  string // the pass that may declare the model's variables
}

// All returns every variable of the given kinds, in order of declaration; all
// of them without arguments.
func (v *Variables) All(kinds ...Kind) []*Variable {
	var out []*Variable
	for _, x := range v.list {
		if len(kinds) == 0 || slices.Contains(kinds, x.Kind) {
			out = append(out, x)
		}
	}
	return out
}

// Find returns the variable at path, nil if there is none.
func (v *Variables) Find(path string) *Variable { return v.byPath[path] }

// Manifest is one line per variable of the given kinds, of all of them without
// arguments: path, shape, kind, initialiser. A golden copy of it makes a renamed or
// reshaped variable a visible difference, which is what it is: a checkpoint that no
// longer fits.
func (v *Variables) Manifest(kinds ...Kind) string {
	var b strings.Builder
	for _, x := range v.All(kinds...) {
		fmt.Fprintf(&b, "%s %v %s %s\n", x.Path, x.Shape, x.Kind, x.Init)
	}
	return b.String()
}

// Variable returns the value of the model variable name under the scope's
// path. The first pass declares it with init; later passes must find it, with
// the same shape. kind is [Trainable] or [Statistic].
func (s *Scope) Variable(name string, kind Kind, init Initializer, shape ...int64) tf.Output {
	v := s.findOrDeclare(name, kind, init, shape...)
	if v == nil {
		return tf.Output{}
	}
	if x, ok := s.pass.shifted[v.Path]; ok {
		return x
	}
	if s.pass.averaged {
		if a := s.b.vars.AverageOf(v); a != nil {
			return a.Read
		}
	}
	return v.Read
}

func (s *Scope) findOrDeclare(name string, kind Kind, init Initializer, shape ...int64) *Variable {
	if !s.OK() {
		return nil
	}
	vars, path := s.b.vars, joinPath(s.path, name)
	if v := vars.Find(path); v != nil {
		if !slices.Equal(v.Shape, shape) {
			s.b.recordError(path, fmt.Errorf("want shape %v as declared by pass %q, got %v in pass %q", v.Shape, vars.owner, shape, s.pass.name))
		}
		return v
	}
	if kind == Trainable && s.frozen != nil && s.frozen(path) {
		kind = Statistic
	}
	if vars.owner == "" {
		vars.owner = s.pass.name
	}
	if vars.owner != s.pass.name {
		s.b.recordError(path, fmt.Errorf("pass %q uses a variable that the first pass, %q, did not declare", s.pass.name, vars.owner))
		return nil
	}
	return s.b.Declare(path, kind, s.pass.initialOf(path, kind, init, shape), shape...)
}

// Declare adds a variable outside the model: an optimiser's slot, an average.
func (b *Builder) Declare(path string, kind Kind, init Initializer, shape ...int64) *Variable {
	return b.declareVariable(path, path, kind, init, shape)
}

// declareVariable draws random initial values for key, usually the path itself.
func (b *Builder) declareVariable(path, key string, kind Kind, init Initializer, shape []int64) *Variable {
	if b.root.Err() != nil {
		return nil
	}
	b.where = path
	if b.vars.byPath[path] != nil {
		b.recordError(path, fmt.Errorf("variable declared twice"))
		return nil
	}
	s := b.varOps.SubScope(path)
	dims := tf.MakeShape(shape...)
	v := &Variable{Path: path, Kind: kind, Shape: slices.Clone(shape), Init: init}
	v.Handle = b.addHandle(s, path, dims)
	v.Read = op.ReadVariableOp(s, v.Handle, tf.Float)
	if !b.portable {
		value := init.initialValue(s.SubScope("init"), shape, int64(b.seed), int64(hashPath(key)))
		v.init = op.AssignVariableOp(s, v.Handle, value)
	}
	b.vars.list = append(b.vars.list, v)
	b.vars.byPath[path] = v
	return v
}

// addHandle adds the op of a variable. shared_name is the variable's
// identity at run time.
func (b *Builder) addHandle(s *op.Scope, path string, dims tf.Shape) tf.Output {
	if !b.portable {
		return op.VarHandleOp(s, tf.Float, dims, op.VarHandleOpSharedName(path))
	}
	return b.AddNamedOp(path, tf.OpSpec{
		Type:  "VarHandleOp",
		Attrs: map[string]any{"dtype": tf.Float, "shape": dims, "shared_name": path},
	}).Output(0)
}

// DeclareAverages declares the moving average of every trainable variable, starting
// at its initial value. Passes opened with [Averaged] afterwards read it.
func (b *Builder) DeclareAverages() []*Variable {
	var out []*Variable
	for _, v := range b.vars.All(Trainable) {
		if a := b.declareVariable(averagePath(v.Path), v.Path, Average, v.Init, v.Shape); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// AverageOf returns the moving average of v, nil if none is kept.
func (v *Variables) AverageOf(x *Variable) *Variable { return v.Find(averagePath(x.Path)) }

func averagePath(path string) string { return "average/" + path }
