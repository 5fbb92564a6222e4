package bounds_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// smallCNN is DM-small of Gowal et al. 2018 for 28x28x1.
func smallCNN(s *graphs.Scope, x tf.Output) tf.Output {
	x = graphs.Relu{}.Apply(s, graphs.Conv{Out: 16, Kernel: 4, Stride: 2, Valid: true}.Apply(s.In("conv1"), x))
	x = graphs.Relu{}.Apply(s, graphs.Conv{Out: 32, Kernel: 4, Valid: true}.Apply(s.In("conv2"), x))
	x = graphs.Relu{}.Apply(s, graphs.Dense{Out: 100}.Apply(s.In("fc"), s.Flatten(x)))
	return graphs.Dense{Out: 10}.Apply(s.In("head"), x)
}

// mediumCNN is DM-medium.
func mediumCNN(s *graphs.Scope, x tf.Output) tf.Output {
	for i, l := range []graphs.Conv{{Out: 32, Kernel: 3, Stride: 1, Valid: true}, {Out: 32, Kernel: 4, Stride: 2, Valid: true}, {Out: 64, Kernel: 3, Stride: 1, Valid: true}, {Out: 64, Kernel: 4, Stride: 2, Valid: true}} {
		x = graphs.Relu{}.Apply(s, l.Apply(s.In(fmt.Sprint("conv", i)), x))
	}
	x = graphs.Relu{}.Apply(s, graphs.Dense{Out: 512}.Apply(s.In("fc1"), s.Flatten(x)))
	x = graphs.Relu{}.Apply(s, graphs.Dense{Out: 512}.Apply(s.In("fc2"), x))
	return graphs.Dense{Out: 10}.Apply(s.In("head"), x)
}

func hintonCNN(s *graphs.Scope, x tf.Output) tf.Output {
	return graphs.Dense{Out: 10}.Apply(s.In("head"), graphs.Hinton{Embedding: 1024}.Encode(s.In("encoder"), x))
}

// Milliseconds for each image, of images that no method proves.
func BenchmarkMethods(b *testing.B) {
	for name, f := range map[string]layer{"small": smallCNN, "medium": mediumCNN, "hinton": hintonCNN} {
		for _, m := range []bounds.Method{bounds.IBP, bounds.CROWNIBP, bounds.CROWN, bounds.AlphaCROWN} {
			b.Run(fmt.Sprintf("%s/%s", name, m), func(b *testing.B) {
				const n = 4
				c := certify(b, f, []int64{28, 28, 1}, bounds.Settings{Method: m, Images: n, Steps: 10})
				images := Uniform(1, 0, 1, n, 28, 28, 1)
				q := bounds.Query{Images: images.Data, Eps: []float32{.02}, Labels: c.classes(images)}
				c.verify(q) // the first run optimises the graph
				began := processorSeconds()
				for b.Loop() {
					if _, err := c.v.Verify(context.Background(), c.net, q); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(1e3*b.Elapsed().Seconds()/float64(b.N*n), "ms/image")
				b.ReportMetric(1e3*(processorSeconds()-began)/float64(b.N*n), "processor-ms/image")
			})
		}
	}
}

// processorSeconds is the processor time of this process.
func processorSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// classes are those that the network gives images.
func (c certifier) classes(images Array) []int32 {
	c.t.Helper()
	n := c.v.Network()
	out, err := c.net.Run(graphs.Feeds{n.Image: images.Tensor(c.t)}, []tf.Output{n.Logits})
	if err != nil {
		c.t.Fatal(err)
	}
	z := FromTensor(c.t, out[0])
	labels := make([]int32, z.Shape[0])
	for i := range labels {
		for k := range int(z.Shape[1]) {
			if z.At(i, k) > z.At(i, int(labels[i])) {
				labels[i] = int32(k)
			}
		}
	}
	return labels
}
