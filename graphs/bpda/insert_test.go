package bpda

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// A layer is put after each operation of the kind between x and y, and nowhere
// else; the network itself stays as it is.
func TestInsertAfter(t *testing.T) {
	network := func(s *graphs.Scope, x tf.Output) tf.Output {
		aside := op.Relu(s.Op("aside"), constant(s, []float32{1, 2})) // no value of x reaches it
		h := op.Relu(s.Op("first"), op.Mul(s.Op("twice"), x, constant(s, float32(2))))
		return op.AddV2(s.Op("sum"), op.Square(s.Op("square"), op.Relu(s.Op("second"), op.Sub(s.Op("minus"), h, constant(s, float32(1))))), aside)
	}
	for _, c := range []struct {
		kinds []string
		want  []float32
		count int
	}{
		// 3, -1: 6 and 0; ten times 60 and 0; minus one 59 and -1; 590 and 0, squared.
		{[]string{"Relu"}, []float32{590*590 + 1, 2}, 2},
		{[]string{"Square"}, []float32{251, 2}, 1},
		{[]string{"Tanh"}, []float32{26, 2}, 0},
	} {
		count := 0
		insert := func(s *graphs.Scope, y, x tf.Output) (tf.Output, []Replacement) {
			out, n := InsertAfter(s, y, x, c.kinds, func(s *graphs.Scope, h tf.Output) tf.Output {
				return op.Mul(s.Op("ten"), h, constant(s, float32(10)))
			})
			count = n
			return out, nil
		}
		m := measure(t, network, insert, []float32{3, -1})[0]
		if !slices.Equal(m.before, []float32{26, 2}) || !slices.Equal(m.after, c.want) || count != c.count {
			t.Errorf("%v: want %v of the network itself and %v with %d layers, got %v and %v with %d", c.kinds, []float32{26, 2}, c.want, c.count, m.before, m.after, count)
		}
	}
}
