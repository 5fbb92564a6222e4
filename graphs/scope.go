package graphs

import (
	"fmt"
	"hash/fnv"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Scope is a place in one pass over the model: it names ops, finds variables
// by path and collects errors and updates.
type Scope struct {
	b    *Builder
	op   *op.Scope
	path string // variable path, without the pass
	pass *pass
	// frozen tells which variables are not trainable, by path; nil for none.
	frozen func(path string) bool
}

// In enters a layer. Within one pass a name is used once; a second pass over
// the model finds the variables that the first declared.
func (s *Scope) In(name string) *Scope {
	p := joinPath(s.path, name)
	if s.pass.entered[p] {
		s.b.recordError(p, fmt.Errorf("layer name used twice in pass %q", s.pass.name))
	}
	s.pass.entered[p] = true
	return &Scope{b: s.b, op: s.op.SubScope(name), path: p, pass: s.pass, frozen: s.frozen}
}

// Op returns a fresh sub-scope for one op, or for one call of graft that adds
// several with different types.
func (s *Scope) Op(name string) *op.Scope {
	if s.b.root.Err() == nil {
		s.b.where = joinPath(s.path, name)
	}
	return s.op.SubScope(name)
}

// Training reports whether the pass is a training pass.
func (s *Scope) Training() bool { return s.pass.mode == Training }

// TwiceDifferentiable reports whether the pass was opened with
// [TwiceDifferentiable].
func (s *Scope) TwiceDifferentiable() bool { return s.pass.twiceDifferentiable }

// trainsOnly reports whether layers may take forms whose values and first-order
// gradients are the same up to rounding and cost less time: in a training pass, which
// is never exported, unless its gradients are themselves to be differentiated or other
// code reads its ops.
func (s *Scope) trainsOnly() bool {
	return s.Training() && !s.TwiceDifferentiable() && !s.pass.plainForms
}

// Path is the variable path of the scope, "" at the root of a pass.
func (s *Scope) Path() string { return s.path }

// Builder returns the builder that the scope writes to.
func (s *Scope) Builder() *Builder { return s.b }

// OK is false once the build has failed; a layer that reads static shapes
// returns early then, because a zero Output has none.
func (s *Scope) OK() bool { return s.b.root.Err() == nil }

// Errorf records that the layer at this path cannot be built. The text says
// what was wanted, what came and what to do.
func (s *Scope) Errorf(format string, args ...any) {
	s.b.recordError(s.path, fmt.Errorf(format, args...))
}

// Update registers an op that must run together with the optimiser's step.
func (s *Scope) Update(o *tf.Operation) {
	if o != nil {
		s.pass.updates = append(s.pass.updates, o)
	}
}

// Updates are the ops registered by the pass so far.
func (s *Scope) Updates() []*tf.Operation { return s.pass.updates }

// StepSeed is the int64 [2] seed of this layer's random numbers at this step:
// (seed xor hash(path), step). A resumed run repeats the same masks.
func (s *Scope) StepSeed() tf.Output {
	key := op.Const(s.Op("key"), []int64{int64(s.b.seed ^ hashPath(s.path))})
	step := op.Reshape(s.Op("step"), s.b.Step().Value, op.Const(s.Op("one"), []int32{1}))
	return op.ConcatV2(s.Op("noise"), []tf.Output{key, step}, op.Const(s.Op("axis"), int32(0)))
}

// Dims returns the static shape of x, -1 for unknown sizes, and false when the
// build has failed or the rank is not the wanted one (an error is recorded).
func (s *Scope) Dims(x tf.Output, rank int, want string) ([]int64, bool) {
	if !s.OK() {
		return nil, false
	}
	if x.Op == nil {
		s.Errorf("want %s, got no value", want)
		return nil, false
	}
	sh := x.Shape()
	if sh.NumDimensions() != rank {
		s.Errorf("want %s, got shape %v", want, sh)
		return nil, false
	}
	d, err := sh.ToSlice()
	if err != nil {
		s.Errorf("want %s, got shape %v: %v", want, sh, err)
		return nil, false
	}
	return d, true
}

// hasValue is false when the build has failed or x is no value (an error is
// recorded): graft crashes on an Output without an op.
func (s *Scope) hasValue(x tf.Output) bool {
	if s.OK() && x.Op == nil {
		s.Errorf("want a built value, got none")
	}
	return s.OK()
}

// hashPath is FNV-1a, stable across versions: it keys every random number.
func hashPath(path string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(path))
	return h.Sum64()
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
