package trainer

import (
	"fmt"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// Two replicas with 2 and 4 of 6 rows, whose means differ, find the means of all.
func TestWholeMeans(t *testing.T) {
	const rows, units, first = 6, 5, 2
	centres, lower, upper := graphtest.Normal(1, 1, rows, units), graphtest.Fill(0, rows, units), graphtest.Fill(0, rows, units)
	for i := range centres.Data {
		if i < first*units {
			centres.Data[i] += 2
		}
		lower.Data[i], upper.Data[i] = centres.Data[i]-.3, centres.Data[i]+.3
	}
	var want [boundMeanCount]float64
	n := float64(len(centres.Data))
	for _, c := range centres.Data {
		want[centre] += float64(c) / n
		want[radius] += .3 / n
	}
	for i, c := range centres.Data {
		square := (float64(c) - want[centre]) * (float64(c) - want[centre]) / n
		if lower.Data[i] > 0 {
			want[activeCentre] += float64(c) / n
			want[activeSpread] += square
		}
		if upper.Data[i] < 0 {
			want[inactiveCentre] += float64(c) / n
			want[inactiveSpread] += square
		}
	}
	for place := range 2 {
		whole := graphtest.Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			var parts [2]boundMeans
			for k, part := range [][2]int32{{0, first}, {first, rows - first}} {
				cut := func(x tf.Output) tf.Output {
					return op.Slice(s.Op("cut"), x, op.Const(s.Op("from"), []int32{part[0], 0}), op.Const(s.Op("size"), []int32{part[1], units}))
				}
				parts[k] = layerMeans(s.In(fmt.Sprint("part", k)), cut(in[0]), cut(in[1]))
				parts[k][pixelRadius] = op.Const(s.Op("pixels"), float32(0))
				for m, x := range parts[k] {
					parts[k][m] = op.Pack(s.Op("layer"), []tf.Output{x})
				}
			}
			r := replicaShare{
				means:   op.Pack(s.Op("means"), []tf.Output{op.Pack(s.Op("one"), parts[0][:]), op.Pack(s.Op("other"), parts[1][:])}),
				weights: op.Const(s.Op("weights"), []float32{float32(first) / rows, float32(rows-first) / rows}),
				place:   op.Const(s.Op("place"), int32(place)),
			}
			all := r.wholeMeans(s.In("whole"), parts[place])
			return all[:]
		}, []graphtest.Array{lower, upper})
		for k := radius; k <= inactiveSpread; k++ {
			graphtest.Near(t, fmt.Sprintf("replica %d: mean %d", place, k), whole[k].Data, []float64{want[k]}, 1e-5)
		}
	}
}
