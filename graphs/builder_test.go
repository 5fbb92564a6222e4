package graphs_test

import (
	"errors"
	"fmt"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// TestRefusals has a row for each mistake that a build can hold: the error
// names the path and says what was wanted and what came.
func TestRefusals(t *testing.T) {
	in := func(b *graphs.Builder, shape ...int64) tf.Output { return b.Input("x", tf.Float, shape...).Value }
	layer := func(l graphs.Layer, shape ...int64) func(b *graphs.Builder) {
		return func(b *graphs.Builder) { l.Apply(b.Pass("p", graphs.Training).In("a").In("b"), in(b, shape...)) }
	}
	none := func(f func(s *graphs.Scope, x tf.Output)) func(b *graphs.Builder) {
		return func(b *graphs.Builder) { f(b.Pass("p", graphs.Training).In("a").In("b"), tf.Output{}) }
	}
	scope := func(f func(s *graphs.Scope)) func(b *graphs.Builder) {
		return func(b *graphs.Builder) { f(b.Pass("p", graphs.Training).In("a").In("b")) }
	}
	labels := func(loss func(s *graphs.Scope, logits, labels tf.Output) tf.Output, logits, labels []int64) func(b *graphs.Builder) {
		return func(b *graphs.Builder) {
			loss(b.Pass("p", graphs.Training).In("a").In("b"), in(b, logits...), b.Input("labels", tf.Int32, labels...).Value)
		}
	}
	const at = "graphs: a/b: "
	for name, c := range map[string]struct {
		declare func(b *graphs.Builder)
		says    []string
	}{
		"conv: rank":             {layer(graphs.Conv{Out: 1, Kernel: 3}, -1, 4), []string{at, "want NHWC with known channels, got shape [?, 4]"}},
		"conv: channels":         {layer(graphs.Conv{Out: 1, Kernel: 3}, -1, 4, 4, -1), []string{at, "want known channels"}},
		"conv: no kernel":        {layer(graphs.Conv{Out: 1}, -1, 4, 4, 1), []string{at, "Kernel 0"}},
		"conv: no output":        {layer(graphs.Conv{Kernel: 1}, -1, 4, 4, 1), []string{at, "Out 0"}},
		"conv: valid, too small": {layer(graphs.Conv{Out: 1, Kernel: 5, Valid: true}, -1, 4, 4, 1), []string{"graphs: a/b/conv: ", "Negative dimension"}},
		"transpose: rank":        {layer(graphs.ConvTranspose{Out: 1, Kernel: 3}, -1, 4), []string{at, "NHWC"}},
		"transpose: size":        {layer(graphs.ConvTranspose{Out: 1, Kernel: 3, Stride: 2, Rows: 9, Cols: 8}, -1, 4, 4, 1), []string{at, "got 9x8"}},
		"transpose: too small":   {layer(graphs.ConvTranspose{Out: 1, Kernel: 3, Stride: 2, Rows: 6, Cols: 8}, -1, 4, 4, 1), []string{at, "got 6x8"}},
		"transpose: unknown":     {layer(graphs.ConvTranspose{Out: 1, Kernel: 3, Stride: 2}, -1, -1, 4, 1), []string{at, "rounded up"}},
		"dense: rank":            {layer(graphs.Dense{Out: 1}, -1, 4, 4, 1), []string{at, "want [batch, features] with known features, got shape [?, 4, 4, 1]"}},
		"dense: features":        {layer(graphs.Dense{Out: 1}, -1, -1), []string{at, "known features"}},
		"dense: no output":       {layer(graphs.Dense{}, -1, 4), []string{at, "Out 0"}},
		"batch norm: rank":       {layer(graphs.BatchNorm{}, -1, 4), []string{at, "NHWC"}},
		"batch norm: channels":   {layer(graphs.BatchNorm{}, -1, 4, 4, -1), []string{at, "want known channels"}},
		"dropout: rate 1":        {layer(graphs.Dropout{Rate: 1}, -1, 4), []string{at, "got 1"}},
		"dropout: rate -.5":      {layer(graphs.Dropout{Rate: -.5}, -1, 4), []string{at, "got -0.5"}},
		"max pool: rank":         {layer(graphs.MaxPool{Size: 2}, -1, 4), []string{at, "NHWC"}},
		"max pool: size":         {layer(graphs.MaxPool{}, -1, 4, 4, 1), []string{at, "got 0"}},
		"mean pool: rank":        {layer(graphs.AvgPool{Size: 2}, -1, 4), []string{at, "NHWC"}},
		"mean pool: size":        {layer(graphs.AvgPool{}, -1, 4, 4, 1), []string{at, "got 0"}},
		"flatten: unknown size":  {scope(func(s *graphs.Scope) { s.Flatten(in(s.Builder(), -1, 4, -1)) }), []string{at, "known sizes"}},
		"flatten: two unknown":   {scope(func(s *graphs.Scope) { s.Flatten(in(s.Builder(), -1, -1, -1)) }), []string{at, "known sizes"}},
		"flatten: scalar":        {scope(func(s *graphs.Scope) { s.Flatten(in(s.Builder())) }), []string{at, "known sizes"}},

		"cross-entropy: rank":    {labels(graphs.CrossEntropy, []int64{-1, 2, 2}, []int64{-1}), []string{at, "logits [batch, classes]"}},
		"cross-entropy: classes": {labels(graphs.CrossEntropy, []int64{-1, 1}, []int64{-1}), []string{at, "at least 2 classes"}},
		"cross-entropy: labels":  {labels(graphs.CrossEntropy, []int64{-1, 3}, []int64{-1, 1}), []string{at, "labels [batch], got shape [?, 1]"}},
		"margin: rank":           {labels(graphs.Margin, []int64{-1}, []int64{-1}), []string{at, "logits [batch, classes]"}},
		"margin: labels":         {labels(graphs.Margin, []int64{-1, 3}, []int64{-1, 1}), []string{at, "labels [batch]"}},
		"distance: norm":         {scope(func(s *graphs.Scope) { x := in(s.Builder(), -1, 4); graphs.Distance(s, x, x, "l7") }), []string{at, `got "l7"`}},
		"distance: sizes": {scope(func(s *graphs.Scope) {
			graphs.Distance(s, in(s.Builder(), -1, 4, 1), in(s.Builder(), -1, 4, 3), graphs.L1)
		}), []string{at, "one shape"}},
		"distance: ranks": {scope(func(s *graphs.Scope) { graphs.Distance(s, in(s.Builder(), -1, 4), in(s.Builder(), 4), graphs.L1) }), []string{at, "one shape"}},
		"mean: rank":      {scope(func(s *graphs.Scope) { graphs.Mean(s, in(s.Builder(), -1, 4)) }), []string{at, "a vector"}},
		"field": {scope(func(s *graphs.Scope) {
			graphs.GeometricDecoder{Rows: 8, Cols: 8, Width: 2, Field: "wavy"}.Apply(s, in(s.Builder(), -1, 4))
		}), []string{at, `got "wavy"`}},
		"decoder: rank": {scope(func(s *graphs.Scope) {
			graphs.AppearanceDecoder{Rows: 8, Cols: 8, Channels: 1, Width: 2}.Apply(s, in(s.Builder(), -1, 4, 4))
		}), []string{"graphs: a/b/fc: ", "[batch, features]"}},
		"encoder: rank":          {scope(func(s *graphs.Scope) { graphs.Hinton{}.Encode(s, in(s.Builder(), -1, 4)) }), []string{"graphs: a/b/conv1: ", "NHWC"}},
		"encoder: unknown sizes": {scope(func(s *graphs.Scope) { graphs.Hinton{}.Encode(s, in(s.Builder(), -1, -1, -1, 1)) }), []string{at, "known sizes"}},
		"disentangled: code size": {func(b *graphs.Builder) {
			m := small("disentangled", graphs.Clamp, graphs.Smooth)
			m.Geometry = 3
			m.Apply(b.Pass("p", graphs.Training), in(b, -1, 5, 8, 1))
		}, []string{"add up to the embedding's 6, got appearance 4 + geometry 3"}},
		"disentangled: sizes": {func(b *graphs.Builder) {
			f := graphs.Forward{Images: in(b, -1, 4)}
			small("disentangled", graphs.Clamp, graphs.Smooth).Reconstruct(b.Pass("p", graphs.Training), &f)
		}, []string{"images [B,H,W,C]"}},

		"nothing into a conv":     {none(func(s *graphs.Scope, x tf.Output) { graphs.Conv{Out: 1, Kernel: 1}.Apply(s, x) }), []string{at, "got no value"}},
		"nothing into a pool":     {none(func(s *graphs.Scope, x tf.Output) { graphs.MaxPool{Size: 2}.Apply(s, x) }), []string{at, "got no value"}},
		"nothing into dropout":    {none(func(s *graphs.Scope, x tf.Output) { graphs.Dropout{Rate: .5}.Apply(s, x) }), []string{at, "got none"}},
		"nothing into flatten":    {none(func(s *graphs.Scope, x tf.Output) { s.Flatten(x) }), []string{at, "got none"}},
		"nothing into reshape":    {none(func(s *graphs.Scope, x tf.Output) { s.Reshape(x, 1) }), []string{at, "got none"}},
		"nothing into a distance": {none(func(s *graphs.Scope, x tf.Output) { graphs.Distance(s, x, x, graphs.L1) }), []string{at, "got none"}},
		"nothing into a mean":     {none(func(s *graphs.Scope, x tf.Output) { graphs.Mean(s, x) }), []string{at, "got no value"}},
		"nothing weighted":        {none(func(s *graphs.Scope, x tf.Output) { graphs.Weighted(s, 1, x) }), []string{at, "got none"}},
		"nothing into a loss":     {none(func(s *graphs.Scope, x tf.Output) { graphs.CrossEntropy(s, x, x) }), []string{at, "got no value"}},
		"nothing into a warp":     {none(func(s *graphs.Scope, x tf.Output) { graphs.Warp(s, x, x, graphs.Clamp) }), []string{at, "got no value"}},

		"layer name twice": {scope(func(s *graphs.Scope) { s.In("c"); s.In("c") }), []string{"graphs: a/b/c: ", "used twice", `"p"`}},
		"pass twice":       {func(b *graphs.Builder) { b.Pass("p", graphs.Training); b.Pass("p", graphs.Training) }, []string{"graphs: p: ", "opened twice"}},
		"variable twice": {func(b *graphs.Builder) {
			b.Declare("v", graphs.Slot, graphs.Zeros, 1)
			b.Declare("v", graphs.Slot, graphs.Zeros, 1)
		}, []string{"graphs: v: ", "declared twice"}},
		"averages twice": {func(b *graphs.Builder) {
			b.Declare("v", graphs.Trainable, graphs.Zeros, 1)
			b.DeclareAverages()
			b.DeclareAverages()
		}, []string{"graphs: average/v: ", "declared twice"}},
		"second pass declares": {func(b *graphs.Builder) {
			b.Pass("train", graphs.Training).In("a").Variable("v", graphs.Trainable, graphs.Zeros, 1)
			b.Pass("eval", graphs.Inference).In("a").Variable("w", graphs.Trainable, graphs.Zeros, 1)
		}, []string{"graphs: a/w: ", `"eval"`, `"train", did not declare`}},
		"another shape": {func(b *graphs.Builder) {
			b.Pass("train", graphs.Training).In("a").Variable("v", graphs.Trainable, graphs.Zeros, 1, 2)
			b.Pass("eval", graphs.Inference).In("a").Variable("v", graphs.Trainable, graphs.Zeros, 2, 1)
		}, []string{"graphs: a/v: ", "[1 2]", `"train"`, "[2 1]", `"eval"`}},
		"an op of graft's": {scope(func(s *graphs.Scope) { op.MatMul(s.Op("product"), in(s.Builder(), 2, 3), in(s.Builder(), 2, 3)) }), []string{"graphs: a/b/product: ", "MatMul", "must be equal"}},
		"the first cause":  {scope(func(s *graphs.Scope) { s.Errorf("first"); s.In("c").Errorf("second"); s.In("c") }), []string{"graphs: a/b: first"}},
	} {
		t.Run(name, func(t *testing.T) { Refused(t, c.declare, c.says...) })
	}
}

// After the first error nothing is built and nothing crashes: every layer on
// the output of a layer that failed.
func TestNothingFollowsAnError(t *testing.T) {
	Refused(t, func(b *graphs.Builder) {
		s := b.Pass("p", graphs.Training)
		x := graphs.Dense{}.Apply(s.In("bad"), b.Input("x", tf.Float, -1, 3).Value)
		layers := []graphs.Layer{
			graphs.Conv{Out: 1, Kernel: 3}, graphs.ConvTranspose{Out: 1, Kernel: 3}, graphs.Dense{Out: 1}, graphs.BatchNorm{},
			graphs.Dropout{Rate: .5}, graphs.MaxPool{Size: 2}, graphs.AvgPool{Size: 2},
			graphs.AppearanceDecoder{Rows: 8, Cols: 8, Channels: 1, Width: 2}, graphs.GeometricDecoder{Rows: 8, Cols: 8, Width: 2},
		}
		for i, l := range layers {
			if out := l.Apply(s.In(fmt.Sprint("after", i)), x); out.Op != nil {
				t.Errorf("%T builds on nothing", l)
			}
		}
		f := small("disentangled", graphs.Clamp, graphs.Smooth).Apply(s, x)
		graphs.CrossEntropy(s, f.Logits, x)
		graphs.Margin(s, f.Logits, x)
		graphs.Mean(s, graphs.Distance(s, f.Reconstruction, x, graphs.L1))
		graphs.Warp(s, x, x, graphs.Zero)
		graphs.Hinton{}.Encode(s.In("hinton"), x)
		for _, g := range graphs.Gradients(s, x, x) {
			if g.Op != nil {
				t.Error("a gradient of nothing")
			}
		}
		b.Declare("v", graphs.Slot, graphs.Zeros, 1)
		b.DeclareAverages()
		b.Input("y", tf.Float, 1)
		b.AddNamedOp("z", tf.OpSpec{Type: "NoOp"})
		s.Update(nil)
		if n := len(s.Updates()); n != 0 {
			t.Errorf("%d updates of nothing", n)
		}
	}, "graphs: bad: ", "Out 0")
}

func TestBuildReturnsTheErrorOfDeclare(t *testing.T) {
	mine := errors.New("mine")
	if _, err := graphs.Build(graphs.Options{}, func(*graphs.Builder) error { return mine }); err != mine {
		t.Errorf("want the error of declare, got %v", err)
	}
	// A declare that forgets to ask for the builder's error.
	_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
		b.Pass("p", graphs.Training).In("a").Errorf("lost")
		return nil
	})
	Says(t, err, "graphs: a: lost")
}

// TestPassesShareVariables: two passes compute with the same weights, whatever
// comes between.
func TestPassesShareVariables(t *testing.T) {
	x := Normal(1, 1, 2, 3)
	c := Build(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
		dense := func(s *graphs.Scope) tf.Output { return graphs.Dense{Out: 2}.Apply(s.In("dense"), in[0]) }
		first := dense(s)
		s.Builder().Declare("slot", graphs.Slot, graphs.Zeros, 1) // a pass of its own may add slots
		return []tf.Output{first, dense(s.Builder().Pass("eval", graphs.Inference)), dense(s.Builder().Pass("attack/fgsm", graphs.Inference))}
	}, []Array{x})
	out := c.Run(t, x)
	Equal(t, "eval", out[1].Data, out[0].Data)
	Equal(t, "attack", out[2].Data, out[0].Data)

	vars := c.Net.Vars
	if got, want := vars.Manifest(), "dense/kernel [3 2] trainable he_normal\ndense/bias [2] trainable constant(0)\nslot [1] slot constant(0)\n"; got != want {
		t.Errorf("want the manifest\n%sgot\n%s", want, got)
	}
	if n := len(vars.All()); n != 3 {
		t.Errorf("want 3 variables, got %d", n)
	}
	if n := len(vars.All(graphs.Trainable)); n != 2 {
		t.Errorf("want 2 trainable variables, got %d", n)
	}
	if v := vars.Find("dense/kernel"); v == nil || v.Size() != 6 {
		t.Errorf("want a kernel of 6 elements, got %v", v)
	}
	if vars.Find("dense") != nil {
		t.Error("found a variable that is none")
	}
}
