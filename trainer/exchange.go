package trainer

import (
	"errors"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Swap is train.objective.swap: "" for none, or
//
//	swap(class=1,geometry=1,appearance=1)
//
// Each image of a batch is drawn once more with the geometric code of the next one,
// and what was drawn is encoded again. The options are the weights of what is then
// asked of it.
type Swap struct{ SwapWeights }

// SwapWeights are the weights of the terms of [Swap].
type SwapWeights struct {
	Class      float32 `key:"class" default:"1" in:"[0,1e6]" help:"weight of the cross-entropy of exchanged images with the class of the donor of appearance"`
	Geometry   float32 `key:"geometry" default:"1" in:"[0,1e6]" help:"weight of the relative change of the geometric code, encoded again, from its donor's"`
	Appearance float32 `key:"appearance" default:"1" in:"[0,1e6]" help:"weight of the relative change of the appearance code, encoded again, from its donor's"`
}

const swapName = "swap"

// Off reports whether there is none.
func (w Swap) Off() bool { return w == Swap{} }

// String writes what UnmarshalText reads, defaults included.
func (w Swap) String() string { return namedText(swapName, w.SwapWeights) }

// MarshalText is String, for configuration files.
func (w Swap) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads the text, for configuration files.
func (w *Swap) UnmarshalText(text []byte) error { return parseNamed(text, swapName, &w.SwapWeights) }

// Validate refuses weights that are all zero.
func (w *SwapWeights) Validate() error {
	if (*w == SwapWeights{}) {
		return errors.New("want a weight above 0, got three zeros: leave swap out")
	}
	return nil
}

// join adds the terms of exchanged images to those of f, whose labels are those of
// in. s is the scope of the pass.
func (w Swap) join(s *graphs.Scope, m graphs.Disentangled, o Objective, f graphs.Forward, in targets, t Terms) Terms {
	if w.Off() || !s.OK() {
		return t
	}
	x := s.In("exchange")
	drawn := graphs.Warp(x.In("warp"), f.Canonical, rollRows(x.In("field"), f.Field), m.Border)
	again := m.Classify(s.Again("exchanged"), drawn)
	if !s.OK() {
		return t
	}
	change := func(name string, code, donor tf.Output) tf.Output {
		donor = op.StopGradient(x.Op(name+"_donor"), donor)
		return graphs.Mean(x.In(name+"_mean"), RelativeChange.change(x.In(name), code, donor))
	}
	add := func(name string, weight float32, term tf.Output) tf.Output {
		if x.OK() {
			t.Total = op.AddV2(x.Op(name), t.Total, graphs.Weighted(x, weight, term))
		}
		return term
	}
	if w.Class > 0 {
		t.SwapClass = add("with_class", w.Class, graphs.Mean(x.In("class_mean"), o.classification(x.In("class"), again.Logits, in)))
	}
	if w.Geometry > 0 {
		t.SwapGeometry = add("with_geometry", w.Geometry, change("geometry", again.Geometry, rollRows(x.In("donors"), f.Geometry)))
	}
	if w.Appearance > 0 {
		t.SwapAppearance = add("with_appearance", w.Appearance, change("appearance", again.Appearance, f.Appearance))
	}
	return t
}

// rollRows moves the rows of x up by one, the first to the end.
func rollRows(s *graphs.Scope, x tf.Output) tf.Output {
	if !s.OK() {
		return tf.Output{}
	}
	rank := x.Shape().NumDimensions()
	slice := func(name string, from, n int32) tf.Output {
		at, size := make([]int32, rank), make([]int32, rank)
		at[0] = from
		for i := range size {
			size[i] = -1
		}
		size[0] = n
		return op.Slice(s.Op(name), x, op.Const(s.Op("from"), at), op.Const(s.Op("size"), size))
	}
	return op.ConcatV2(s.Op("rolled"), []tf.Output{slice("rest", 1, -1), slice("first", 0, 1)}, op.Const(s.Op("axis"), int32(0)))
}
