package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// generator is the network of both decoders, after Xing et al. 2018
// ("Deformable generator network"), the one that Duan et al. cite: a fully
// connected layer to a small grid, then transposed 5x5 convolutions of stride
// 2 up to the image's size, ReLU in between. The last layer is linear.
type generator struct {
	rows, cols int
	out        int
	width      int         // channels of the layer before the last; doubled at each layer towards the code
	last       Initializer // of the last layer
	pooled     bool        // the result is the mean of each 4x4 block, see [ConvTranspose.applyPooled]
}

// maxSeed is the largest side of the grid that a generator starts from: 7x7
// for 28 pixels, 4x4 for 32.
const maxSeed = 7

// halvedSizes lists the sides from the seed grid to n, each half the next, rounded
// up.
func halvedSizes(n, steps int) []int {
	out := make([]int, steps+1)
	for i := steps; i >= 0; i-- {
		out[i] = n
		n = (n + 1) / 2
	}
	return out
}

// steps is the number of transposed convolutions.
func (g generator) steps() (steps int) {
	for n := max(g.rows, g.cols); n > maxSeed; n = (n + 1) / 2 {
		steps++
	}
	return steps
}

func (g generator) apply(s *Scope, code tf.Output) tf.Output {
	steps := g.steps()
	rows, cols := halvedSizes(g.rows, steps), halvedSizes(g.cols, steps)
	channels := g.width << max(steps-1, 0)
	x := Dense{Out: rows[0] * cols[0] * channels}.Apply(s.In("fc"), code)
	x = s.Reshape(op.Relu(s.Op("fc_relu"), x), int64(rows[0]), int64(cols[0]), int64(channels))
	for i := 1; i <= steps; i++ {
		l := ConvTranspose{Out: g.width << max(steps-1-i, 0), Kernel: 5, Stride: 2, Rows: rows[i], Cols: cols[i]}
		name := fmt.Sprint("up", i)
		if i == steps {
			l.Out, l.Init, l.pooled = g.out, g.last, g.pooled
		}
		x = l.Apply(s.In(name), x)
		if i < steps {
			x = op.Relu(s.Op(name+"_relu"), x)
		}
	}
	if steps == 0 { // an image no larger than the seed grid
		x = Conv{Out: g.out, Kernel: 5, Init: g.last}.Apply(s.In("out"), x)
	}
	return x
}
