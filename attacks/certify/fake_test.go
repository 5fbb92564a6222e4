package certify_test

import (
	"context"
	"errors"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs"
)

// line is a model of images of one value: class 0 below .5, class 1 above.
func line(images ...[]float32) ([][]float32, error) {
	var out [][]float32
	for _, x := range images {
		out = append(out, []float32{.5 - x[0], x[0] - .5})
	}
	return out, nil
}

func lineImages(values ...float32) attacks.Images {
	s := attacks.Images{Pixels: values, Labels: make([]int32, len(values))}
	for i := range values {
		s.Index = append(s.Index, 10+i)
	}
	return s
}

// fake is a prover of the model of a line that falls short: it proves a size where
// loose times the size does not reach .5. It counts what it is asked.
type fake struct {
	name   string
	loose  float64
	stages []certify.Prover
	asked  [][2]float64 // index of the image, size
	batch  int
	fails  func(call int) error
	breaks bool    // it answers with an example where it can
	lies   bool    // its examples are none
	over   float32 // by which its examples lie outside the ball
}

func (f *fake) Name() string             { return f.name }
func (f *fake) Batch() int               { return max(1, f.batch) }
func (f *fake) Stages() []certify.Prover { return f.stages }
func (f *fake) Slow() bool               { return true }

func (f *fake) Prove(ctx context.Context, images attacks.Images, size float64) ([]certify.Result, error) {
	if f.fails != nil {
		if err := f.fails(len(f.asked)); err != nil {
			return nil, err
		}
	}
	var out []certify.Result
	for i, x := range images.Pixels {
		f.asked = append(f.asked, [2]float64{float64(images.Index[i]), size})
		lower := .5 - float64(x) - f.loose*size
		r := certify.Result{Status: certify.Open, Method: f.name, Lower: &lower}
		switch {
		case lower > 0:
			r.Status = certify.Proven
		case f.lies:
			r.Status, r.Example = certify.Broken, []float32{x}
		case f.breaks && float64(x)+size > .5:
			r.Status, r.Example = certify.Broken, []float32{x + float32(size) + f.over}
		}
		out = append(out, r)
	}
	return out, ctx.Err()
}

func prove(t *testing.T, p certify.Prover, images attacks.Images, change func(o *certify.Options)) *certify.Certificate {
	t.Helper()
	o := certify.Options{Threat: "linf", Sizes: []float32{.3, .1, .2}, Logits: line}
	if change != nil {
		change(&o)
	}
	c, err := certify.Run(t.Context(), p, images, o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var errPlanned = errors.New("planned")

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6 }

// lineVictim is the model of the line in a graph.
func lineVictim() attacks.Victim {
	return attacks.Victim{H: 1, W: 1, C: 1, Classes: 2, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		z := op.Sub(s.Op("shifted"), s.Flatten(x), op.Const(s.Op("edge"), float32(.5)))
		return op.ConcatV2(s.Op("both"), []tf.Output{op.Neg(s.Op("minus"), z), z}, op.Const(s.Op("axis"), int32(1)))
	}}
}
