package graphs_test

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

var someTargets = []int32{0, 3, 1, 2}

// referenceRatio is DLR, or with targets targeted DLR, by sorting in float64.
func referenceRatio(logits Array, labels, targets []int32) []float64 {
	k := int(logits.Shape[1])
	var out []float64
	for i, y := range labels {
		z := make([]float64, k)
		for j := range z {
			z[j] = float64(logits.Data[i*k+j])
		}
		sorted := slices.Clone(z)
		slices.Sort(sorted)
		slices.Reverse(sorted)
		if targets != nil {
			out = append(out, -(z[y]-z[targets[i]])/(sorted[0]-.5*(sorted[2]+sorted[3])))
			continue
		}
		rival := sorted[0]
		if z[y] == sorted[0] {
			rival = sorted[1]
		}
		out = append(out, -(z[y]-rival)/(sorted[0]-sorted[2]))
	}
	return out
}

func targeted(s *graphs.Scope, logits, labels tf.Output) tf.Output {
	return graphs.TargetedDLR(s, logits, labels, op.Const(s.Op("targets"), someTargets))
}

func TestDLR(t *testing.T) {
	for _, logits := range []Array{Spread(1, .1, 4, 4), Spread(2, .1, 4, 7), Spread(3, .3, 4, 10)} {
		Near(t, "DLR", Run(t, classified(graphs.DLR), []Array{logits}, AnyBatch())[0].Data, referenceRatio(logits, someLabels, nil), 1e-5)
		Gradient(t, classified(graphs.DLR), []Array{logits}, AnyBatch(), Within(5e-3))
		Near(t, "targeted DLR", Run(t, classified(targeted), []Array{logits}, AnyBatch())[0].Data, referenceRatio(logits, someLabels, someTargets), 1e-5)
		Gradient(t, classified(targeted), []Array{logits}, AnyBatch(), Within(5e-3))
	}
}

// Shifting or scaling logits changes neither; a label beyond the third place
// does not make DLR more than 1 but by the gap above.
func TestDLRDoesNotChange(t *testing.T) {
	z := []float32{1, 2, 5, 3, -1, 4, 0, 2, -1, -2, -3, -1.5, 7, 5, 4, 1}
	for _, f := range []func(v float32) float32{
		func(v float32) float32 { return v },
		func(v float32) float32 { return v + 1000 },
		func(v float32) float32 { return v * 1000 },
		func(v float32) float32 { return v / 1000 },
	} {
		moved := make([]float32, len(z))
		for i, v := range z {
			moved[i] = f(v)
		}
		logits := Of(moved, 4, 4)
		Near(t, "DLR", Run(t, classified(graphs.DLR), []Array{logits})[0].Data, []float64{-2. / 3, 5. / 4, .5, 2}, 1e-4)
		Near(t, "targeted DLR", Run(t, classified(targeted), []Array{logits})[0].Data, []float64{-4. / 3.5, 3. / 4.5, -.5 / 1.5, 3. / 4.5}, 1e-4)
	}
}

// Equal logits have a finite loss and gradient.
func TestDLROfEqualLogits(t *testing.T) {
	logits := Fill(3, 4, 4)
	for _, loss := range []func(s *graphs.Scope, logits, labels tf.Output) tf.Output{graphs.DLR, targeted} {
		got := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			l := loss(s.In("loss"), in[0], op.Const(s.Op("labels"), someLabels))
			return append([]tf.Output{l}, graphs.Gradients(s, l, in[0])...)
		}, []Array{logits})
		Near(t, "loss", got[0].Data, make([]float64, 4), 0)
		for _, v := range got[1].Data {
			if v-v != 0 {
				t.Errorf("want finite gradients, got %v", got[1].Data)
				break
			}
		}
	}
}

func TestDLRRefused(t *testing.T) {
	Refused(t, func(b *graphs.Builder) {
		s := b.Pass("p", graphs.Inference)
		graphs.DLR(s, b.Input("z", tf.Float, -1, 2).Value, b.Input("y", tf.Int32, -1).Value)
	}, "want logits of at least 3 classes for DLR, got 2", "margin")
	Refused(t, func(b *graphs.Builder) {
		s := b.Pass("p", graphs.Inference)
		y := b.Input("y", tf.Int32, -1).Value
		graphs.TargetedDLR(s, b.Input("z", tf.Float, -1, 3).Value, y, y)
	}, "want logits of at least 4 classes for targeted DLR, got 3", "margin")
	Refused(t, func(b *graphs.Builder) {
		s := b.Pass("p", graphs.Inference)
		graphs.DLR(s, b.Input("z", tf.Float, -1, 4, 4).Value, b.Input("y", tf.Int32, -1).Value)
	}, "logits [batch, classes]")
}
